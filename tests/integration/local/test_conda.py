"""Conda files: from the package index by the real uv, and by a stand-in for conda's programs.

None of micromamba, mamba and conda can be installed here, so the stand-in makes a plain virtual
environment and writes down how it was called.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import Desired, Draft
from amlplan.testing import StandInOperation, record_of
from amlplan_local.environment import LocalEnvironment
from interpreters import interpreter
from local_workbench import WORKSPACE, Workbench
from package_index import failing_sdist, served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.abilities import EnvironmentFacts
    from amlplan_schemas.state import Record

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Bench(Workbench):
    """A conda file, the index of this host, and an environment made of both."""

    def __init__(self, folder: Path, index: str) -> None:
        super().__init__(folder)
        self.index = index
        self.provider = LocalEnvironment(self.context)
        self.texts: list[str] = []

    def conda(self, *dependencies: str, pip: tuple[str, ...] = (), **more: Any) -> None:
        listed: list[Any] = [*dependencies, *([{"pip": list(pip)}] if pip else [])]
        document = json.dumps({"dependencies": listed, **more})
        (self.context.root / "conda.yml").write_text(document)

    def desired_environment(self, **values: Any) -> Desired:
        wanted = {"name": "sk", "workspace": WORKSPACE, "index_url": f"http://{self.index}"}
        if not values.keys() & {"requirements"}:
            wanted["conda_file"] = "conda.yml"
        inputs = self.provider.kind.inputs.model_validate(wanted | values)
        dumped = inputs.model_dump(mode="json")
        draft = Draft("environment.sk", "environment", "sk", dumped, frozenset())
        (request,) = self.provider.lock_requests(draft)
        operation = StandInOperation()
        try:
            entry = self.provider.resolve(request, draft, operation)
        finally:
            self.texts = operation.texts
        lock = {request.key: json.loads(json.dumps(entry))}
        derived = self.provider.derive(replace(draft, lock=lock))
        return Desired(
            "environment.sk",
            "environment",
            "sk",
            "lineage:sk:1",
            inputs,
            derived,
            self.targets,
            lock=lock,
        )

    def applied(self, **values: Any) -> Record:
        desired = self.desired_environment(**values)
        return record_of(desired, self.provider.create(desired, StandInOperation()), self.provider)

    def build(self, record: Record) -> str:
        operation = StandInOperation()
        try:
            return self.provider.build(record, self.targets, {}, operation)
        finally:
            self.texts = operation.texts

    def facts(self, record: Record) -> EnvironmentFacts:
        return self.provider.describe(record, self.targets)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))


@pytest.fixture
def conda_bench(tmp_path: Path) -> Iterator[Bench]:
    simple = tmp_path / "index" / "simple"
    for name in ("torch", "opencv-python", "six"):
        for version in ("1.2.0", "1.3.0"):
            wheel(simple / name, name.replace("-", "_"), version)
    failing_sdist(simple / "stubborn", "stubborn", "1.0")
    with served(tmp_path / "index") as server:
        yield Bench(tmp_path / "bench", server.address)


def imported(python: str, *names: str) -> list[str]:
    code = f"import {', '.join(names)}; print(*[m.version for m in ({', '.join(names)},)])"
    done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_a_conda_file_is_locked_and_built_from_the_package_index(conda_bench: Bench) -> None:
    conda_bench.conda(
        f"python={PYTHON}",
        "pytorch=1.2",
        "cudatoolkit=10.0",
        pip=("azureml-defaults", "six==1.3.0"),
        channels=["pytorch"],
    )
    record = conda_bench.applied()
    assert "pytorch=1.2 is taken as torch==1.2.*" in conda_bench.texts
    told = [text for text in conda_bench.texts if " is left out: " in text]
    assert [text.partition(" ")[0] for text in told] == ["cudatoolkit=10.0", "azureml-defaults"]
    assert record.outputs.values["packages"] == 2
    facts = conda_bench.facts(record)
    assert facts.packages == ("six==1.3.0", "torch==1.2.0")
    assert (facts.python, facts.interpreter, facts.built_by) == (PYTHON, None, None)
    assert facts.from_conda["pytorch=1.2"] == "torch==1.2.*"
    assert imported(conda_bench.build(record), "torch", "six") == ["1.2.0", "1.3.0"]
    assert conda_bench.facts(record).built_by == "uv"
    # What conda would read is part of what it is: another channel is another environment.
    conda_bench.conda(f"python={PYTHON}", "pytorch=1.2", pip=("six==1.3.0",))
    assert conda_bench.applied().derived["digest"] != record.derived["digest"]


def test_a_python_has_to_be_named_once(conda_bench: Bench) -> None:
    conda_bench.conda("pytorch")
    with pytest.raises(ProviderError, match="names no Python"):
        conda_bench.desired_environment()
    assert conda_bench.applied(python=PYTHON).derived["packages"] == 1
    conda_bench.conda("python=3.5", "pytorch")
    with pytest.raises(ProviderError, match=r"asks for Python 3\.5, and the block for"):
        conda_bench.desired_environment(python=PYTHON)
    assert conda_bench.applied(python=PYTHON, relax=True).derived["from_conda"] == {
        "python=3.5": f"Python {PYTHON}",
        "pytorch": "torch",
    }


def test_a_login_is_not_written_down(conda_bench: Bench) -> None:
    conda_bench.conda("python=3.11", channels=["https://ana:secret@packages.example.net/conda"])
    with pytest.raises(ProviderError, match="holds a login") as caught:
        conda_bench.desired_environment()
    assert "secret" not in str(caught.value)


def test_what_cannot_be_had_may_be_another_with_relax(conda_bench: Bench) -> None:
    wanted = ("pytorch==1.0", "opencv=1.2.0")
    conda_bench.conda(f"python={PYTHON}", *wanted, pip=("six==9",))
    with pytest.raises(ProviderError, match=r"(?s)uv says: .*With relax = true"):
        conda_bench.desired_environment()
    conda_bench.conda("python=3.5.1", *wanted, pip=("six==9",))
    record = conda_bench.applied(relax=True)
    python = record.derived["from_conda"].pop("python 3.5.1")
    assert python.startswith("Python 3.")
    assert python.endswith(" (relax = true)")
    assert record.derived["from_conda"] == {
        "pytorch==1.0": "torch>=1.0 (relax = true)",
        "opencv=1.2.0": "opencv-python==1.2.0.*",
        "six==9": "six (relax = true)",
    }
    assert conda_bench.facts(record).packages == (
        "opencv-python==1.2.0",
        "six==1.3.0",
        "torch==1.3.0",
    )


def test_a_python_that_is_missing_is_an_error_that_offers_relax(conda_bench: Bench) -> None:
    conda_bench.conda(f"python={PYTHON}.99", "pytorch")
    record = conda_bench.applied()
    with pytest.raises(NotFoundError, match=r"\.99 was not found.*relax = true"):
        conda_bench.build(record)
    conda_bench.conda("python=3.5.1", "pytorch")
    with pytest.raises(ProviderError, match=r"Python 3\.5\.1, and.* begin at 3\.6.*relax = true"):
        conda_bench.applied()


@pytest.mark.parametrize("version", ["3.9", "3.12"])
def test_an_environment_may_have_another_python_than_amlplan(
    conda_bench: Bench, version: str
) -> None:
    if interpreter(version) is None:
        pytest.skip(f"Python {version} is not on this machine")
    record = conda_bench.applied(python=version, requirements=["six"])
    python = conda_bench.build(record)
    code = "import sys, six; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == version
    assert str(conda_bench.facts(record).python).startswith(f"{version}.")


def test_what_uv_says_of_a_failure_is_shown(conda_bench: Bench) -> None:
    with pytest.raises(ProviderError, match=r"uv says: .*no-such-package.*not found"):
        conda_bench.desired_environment(python=PYTHON, requirements=["no-such-package"])
    record = conda_bench.applied(python=PYTHON, requirements=["stubborn"])
    with pytest.raises(ProviderError) as caught:
        conda_bench.build(record)
    assert caught.value.summary == "The environment cannot be built"
    assert "Failed to build `stubborn==1.0`" in caught.value.detail
    assert "this sdist will not be built: the compiler is missing" in caught.value.detail


BASE = getattr(sys, "_base_executable", sys.executable)
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, subprocess, sys
arguments = sys.argv[1:]
prefix = pathlib.Path(arguments[arguments.index("--prefix") + 1])
file = pathlib.Path(arguments[arguments.index("--file") + 1])
told = {{"argv": arguments, "file": json.loads(file.read_text())}}
told["yes"] = "CONDA_ALWAYS_YES" in os.environ
pathlib.Path(__file__).with_name("called.json").write_text(json.dumps(told))
print("Solving environment", flush=True)
if "impossible" in file.read_text():
    (prefix / "half").mkdir(parents=True)
    sys.exit("PackagesNotFoundError: impossible")
subprocess.run([{BASE!r}, "-m", "venv", "--without-pip", str(prefix)], check=True)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def stand_in(programs: Path, name: str) -> None:
    (programs / name).write_text(STAND_IN)
    (programs / name).chmod(0o755)


@pytest.mark.parametrize("name", ["micromamba", "mamba", "conda"])
def test_where_conda_is_the_file_is_used_as_it_is(
    conda_bench: Bench, programs: Path, name: str
) -> None:
    conda_bench.conda(f"python={PYTHON}", "pytorch=1.2", pip=("azureml-defaults", "six==1.3.0"))
    record = conda_bench.applied()
    stand_in(programs, name)
    python = conda_bench.build(record)
    called = json.loads((programs / "called.json").read_text())
    kind = ["create", "--yes"] if name == "micromamba" else ["env", "create"]
    assert called["argv"][:2] == kind
    assert called["yes"]
    assert called["file"]["dependencies"] == [
        f"python={PYTHON}",
        "pytorch=1.2",
        "pip",
        {"pip": ["azureml-defaults", "six==1.3.0"]},
    ]
    assert called["file"].get("channels") == (["conda-forge"] if name == "micromamba" else None)
    assert "Solving environment" in conda_bench.texts
    facts = conda_bench.facts(record)
    assert (facts.built_by, facts.interpreter) == (name, python)
    assert str(facts.python).startswith(f"{PYTHON}.")
    (programs / "called.json").unlink()
    assert conda_bench.build(record) == python  # once
    assert not (programs / "called.json").exists()


def test_a_failure_of_conda_is_shown_and_leaves_nothing(conda_bench: Bench, programs: Path) -> None:
    conda_bench.conda(f"python={PYTHON}", "impossible")
    stand_in(programs, "micromamba")
    record = conda_bench.applied()
    assert "the package index has not all of it, so only conda can build it" in conda_bench.texts
    with pytest.raises(ProviderError, match=r"(?s)micromamba ended with 1.*PackagesNotFoundError"):
        conda_bench.build(record)
    folder = conda_bench.context.data_folder / "environments"
    assert not [path for path in folder.iterdir() if path.suffix != ".lock"]
    (programs / "micromamba").unlink()
    with pytest.raises(ProviderError, match="Only conda can build") as caught:
        conda_bench.build(record)
    assert "impossible" in caught.value.detail


def test_what_a_killed_conda_left_is_made_anew(conda_bench: Bench, programs: Path) -> None:
    conda_bench.conda(f"python={PYTHON}", "pytorch")
    record = conda_bench.applied()
    stand_in(programs, "conda")
    python = Path(conda_bench.build(record))
    folder = python.parent.parent
    (folder / "amlplan-environment.json").unlink()
    (folder / "torn").touch()
    assert conda_bench.facts(record).built_by is None
    assert Path(conda_bench.build(record)) == python
    assert not (folder / "torn").exists()
    shutil.rmtree(folder)
