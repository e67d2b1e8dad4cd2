from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from amlplan_local.conda_resolve import loosened, nearest_python
from amlplan_local.pythons import search_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("3.9.18", "3.9.18"),
        ("3.9", "3.9"),
        ("3.9.2", "3.9"),
        ("3.6.2", "3.9"),
        ("3.10", "3.12"),
        ("3.14", "3.12"),
        ("2.7", "3.12"),
    ],
)
def test_the_nearest_python_is_taken(wanted: str, found: str) -> None:
    assert nearest_python(wanted, [(3, 12, 1), (3, 9, 18), (3, 9, 1)]) == found
    assert nearest_python(wanted, []) == wanted


def test_what_a_complaint_names_is_loosened_first() -> None:
    wanted = ["six==1.2.*", "Py_Yaml[x]==5.1 ; os_name == 'nt'", "toml>=0.9,<1", "mine"]
    said = "Because there is no version of py-yaml==5.1, and you require it."
    once = loosened(wanted, said)
    assert once == ["six==1.2.*", "Py_Yaml[x]>=5.1 ; os_name == 'nt'", *wanted[2:]]
    assert loosened(once, said)[1] == "Py_Yaml[x] ; os_name == 'nt'"
    everything = loosened(wanted, "something went wrong")
    assert everything == ["six>=1.2", "Py_Yaml[x]>=5.1 ; os_name == 'nt'", "toml>=0.9", "mine"]
    last = loosened(everything, "")
    assert last == ["six", "Py_Yaml[x] ; os_name == 'nt'", "toml", "mine"]
    assert loosened(last, "six toml mine") == last
    assert loosened(["a @ https://x/a.whl"], "a") == ["a @ https://x/a.whl"]


def test_versions_of_a_manager_stand_in_place_of_its_shims(tmp_path: Path) -> None:
    for version in ("3.9.18", "3.13.1", "3.12.10", "2.7.18", "pypy3.11-7.3.20"):
        (tmp_path / ".pyenv" / "versions" / version / "bin").mkdir(parents=True)
    shims = tmp_path / ".pyenv" / "shims"
    variables = {"HOME": str(tmp_path), "PATH": f"/first:{shims}/:/last"}
    versions = [f"{tmp_path}/.pyenv/versions/{v}/bin" for v in ("3.13.1", "3.12.10", "3.9.18")]
    assert search_path(variables).split(os.pathsep) == ["/first", *versions, "/last"]
    elsewhere = {"HOME": "/none", "PYENV_ROOT": str(tmp_path / ".pyenv"), "PATH": "/first"}
    assert search_path(elsewhere).split(os.pathsep) == ["/first", *versions]
    assert search_path({"PATH": "/first:/last"}) == "/first:/last"
