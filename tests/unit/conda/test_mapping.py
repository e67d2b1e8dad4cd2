from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.conda.files import CondaFile, read_conda_file
from amlplan.conda.mapping import mapped, name_table
from amlplan.errors import NotFoundError, ProviderError

if TYPE_CHECKING:
    from pathlib import Path


def told(
    path: Path, *dependencies: str, pip: tuple[str, ...] = (), relax: bool = False
) -> tuple[list[str], list[str], dict[str, str]]:
    found = mapped(CondaFile((), dependencies, pip), path, None, relax=relax)
    return found.requirements, found.pip, found.told


def test_names_are_mapped_dropped_and_told(tmp_path: Path) -> None:
    requirements, pip, substitutions = told(
        tmp_path,
        "numpy",
        "conda-forge::pytorch=1.2",
        "opencv",
        "py-xgboost==0.90",
        "tensorflow-gpu",
        "cudatoolkit=10.0",
        "cuda-nvcc=11",
        "pip=20.1",
        "azureml-defaults",
        pip=("azureml-sdk[notebooks]==1.0", "azureml", "azuremlx", "six"),
    )
    assert requirements == [
        "numpy",
        "torch==1.2.*",
        "opencv-python",
        "xgboost==0.90",
        "tensorflow",
    ]
    assert pip == ["azuremlx", "six"]
    assert {line: text.partition(":")[0] for line, text in substitutions.items()} == {
        "conda-forge::pytorch=1.2": "torch==1.2.*",
        "opencv": "opencv-python",
        "py-xgboost==0.90": "xgboost==0.90",
        "tensorflow-gpu": "tensorflow",
        "cudatoolkit=10.0": "left out",
        "cuda-nvcc=11": "left out",
        "pip=20.1": "left out",
        "azureml-defaults": "left out",
        "azureml-sdk[notebooks]==1.0": "left out",
        "azureml": "left out",
    }


def test_a_version_that_cannot_be_told_is_left_open_where_that_may_be(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="relax = true"):
        told(tmp_path, "numpy=1.2|1.3")
    assert told(tmp_path, "numpy=1.2|1.3", relax=True) == (
        ["numpy"],
        [],
        {"numpy=1.2|1.3": "numpy"},
    )


def test_the_table_is_in_order_and_contradicts_nothing() -> None:
    table = name_table()
    assert list(table.names) == sorted(table.names)
    assert not {name for name in table.names if table.reason_to_drop(name)}
    assert all(name == name.lower() for name in (*table.names, *table.dropped))
    assert not [name for name, other in table.names.items() if name == other]


FILE = """\
name: sk
prefix: /opt/somewhere
channels: [conda-forge, defaults]
dependencies:
  - python=3.11
  - numpy
  - pip:
      - six==1.16
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "conda.yml"
    path.write_text(FILE)
    expected = CondaFile(("conda-forge", "defaults"), ("python=3.11", "numpy"), ("six==1.16",))
    assert read_conda_file(path) == expected
    path.write_text("dependencies: [numpy, pip, {pip: }]")
    assert read_conda_file(path) == CondaFile((), ("numpy", "pip"), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no list called dependencies"),
        ("- numpy", "no list called dependencies"),
        ("dependencies: numpy", "no list called dependencies"),
        ("dependencies: [1.5]", "1.5 is neither"),
        ("dependencies: [{npm: [x]}]", "is neither"),
        ("dependencies: [{pip: [1]}]", "pip has to be a list of texts"),
        ("dependencies: []\nchannels: x", "no list called channels"),
        ("dependencies: []\nvariables: {A: b}", "variables of the block"),
        ("dependencies: []\nfoo: 1\n2: 3", "2, foo is nothing"),
        ("a: [", "no YAML"),
        ("a: !!python/object:os.system {}", "no YAML"),
        ("dependencies: [" * 2000, "no YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "conda.yml"
    path.write_text(text)
    with pytest.raises(ProviderError, match=said) as caught:
        read_conda_file(path)
    assert str(path) in caught.value.detail


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_conda_file(tmp_path / "none.yml")
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProviderError, match="UTF-8"):
        read_conda_file(tmp_path / "bytes.yml")
