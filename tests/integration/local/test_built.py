"""Environments built by the real uv, from an index on this host."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import (
    AuthError,
    CanceledError,
    NotFoundError,
    ProviderError,
    QuotaError,
    UnreachableError,
)
from amlplan.testing import CANARY
from amlplan_local import built, installation
from amlplan_local.built import Building, build
from amlplan_local.specification import EnvironmentSpec, digest_of_settings
from amlplan_local.store import ContentStore
from local_workbench import is_running, wait_until
from package_index import served, wheel
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from package_index import Server

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BUILT = """
import sys
from pathlib import Path
from amlplan_local.built import Building, build
from amlplan_local.specification import EnvironmentSpec
root = Path(sys.argv[1])
spec = EnvironmentSpec.from_document((root / "spec.json").read_bytes())
building = Building(root, root / "data", root / "cache", {})
print(build(spec, building).interpreter, flush=True)
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))


@pytest.fixture
def building(tmp_path: Path) -> Building:
    root = tmp_path / "root"
    root.mkdir()
    return Building(root, root / "data", root / "cache", {})


@pytest.fixture
def packages(tmp_path: Path) -> list[dict[str, Any]]:
    simple = tmp_path / "index" / "simple"
    digests = {name: wheel(simple / name, name, "1.0") for name in ("alpha", "beta")}
    marker = f"python_full_version == '{PYTHON}.*'"
    return [
        {"name": name, "version": "1.0", "marker": marker, "hashes": [digest]}
        for name, digest in digests.items()
    ]


@pytest.fixture
def index(tmp_path: Path, packages: object) -> Iterator[Server]:
    with served(tmp_path / "index") as server:
        yield server


def spec_of(packages: list[dict[str, Any]], **settings: Any) -> EnvironmentSpec:
    spec = EnvironmentSpec("", python=PYTHON, packages=tuple(packages))
    spec = replace(spec, **settings)
    digest = digest_of_settings(
        python=spec.python,
        user_managed=spec.user_managed,
        interpreter=spec.interpreter,
        platforms=spec.platforms,
        packages=spec.packages,
    )
    return replace(spec, digest=digest)


def wanted(packages: list[dict[str, Any]], index: Server) -> EnvironmentSpec:
    return spec_of(packages, index_url=f"http://{index.address}")


def modules(interpreter: Path, *names: str) -> str:
    """What importing each of the modules in the environment tells."""
    code = (
        "import importlib.util, sys\n"
        "print(*(importlib.util.find_spec(name) is not None for name in sys.argv[1:]))"
    )
    command = [str(interpreter), "-I", "-c", code, *names]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def left(building: Building) -> list[str]:
    return sorted(path.name for path in building.folder.iterdir() if path.suffix != ".lock")


def test_what_was_locked_is_installed_and_nothing_else(
    building: Building, packages: list[dict[str, Any]], index: Server
) -> None:
    other = {**packages[1], "name": "gamma", "marker": "sys_platform == 'never'"}
    found = build(wanted([*packages, other], index), building)
    assert modules(found.interpreter, "alpha", "beta", "gamma") == "True True False"
    assert modules(found.interpreter, "pip", "setuptools") == "False False"
    assert found.python.startswith(f"{PYTHON}.")
    assert left(building) == [found.digest.removeprefix("sha256:")]


def test_a_complete_one_is_used_without_any_process(
    building: Building,
    packages: list[dict[str, Any]],
    index: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = wanted(packages, index)
    first = build(spec, building)
    monkeypatch.setattr(subprocess, "Popen", None)
    monkeypatch.setattr(built, "locked", None)
    assert build(spec, building) == first


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / built.COMPLETE).unlink(),
        lambda folder: (folder / built.COMPLETE).write_text("{"),
        lambda folder: (folder / "bin" / "python").unlink(),
        lambda folder: (
            (folder / "bin" / "python").unlink(),
            (folder / "bin" / "python").symlink_to("/nowhere/python"),
        ),
    ],
    ids=["unfinished", "torn", "no python", "python removed"],
)
def test_what_is_not_whole_is_built_again(
    building: Building,
    packages: list[dict[str, Any]],
    index: Server,
    spoil: Callable[[Path], object],
) -> None:
    spec = wanted(packages, index)
    first = build(spec, building)
    spoil(first.interpreter.parent.parent)
    assert build(spec, building) == first
    assert modules(first.interpreter, "alpha") == "True"
    assert len(left(building)) == 1


def test_a_password_reaches_the_index_and_nothing_else(
    building: Building, packages: list[dict[str, Any]], tmp_path: Path
) -> None:
    with served(tmp_path / "index", login=f"ana:{CANARY}") as index:
        spec = wanted(packages, index)
        login = {"UV_DEFAULT_INDEX": f"http://ana:{CANARY}@{index.address}"}
        told: list[str] = []
        with pytest.raises(AuthError, match="401 Unauthorized"):
            build(spec, building)
        hidden = replace(spec, index_url="(sensitive)")
        with pytest.raises(AuthError, match="cannot be had"):
            build(hidden, building)
        build(hidden, replace(building, credentials=login, progress=told.append))
        wrong = spec_of([{**packages[0], "version": "9"}], index_url=spec.index_url)
        with pytest.raises(ProviderError, match="alpha") as caught:
            build(wrong, replace(building, credentials=login, progress=told.append))
    assert told
    assert CANARY not in f"{told} {caught.value!r}"
    for path in building.data_folder.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()


def test_another_file_than_the_locked_one_is_refused(
    building: Building, packages: list[dict[str, Any]], index: Server
) -> None:
    spec = wanted([{**packages[0], "hashes": ["sha256:" + "0" * 64]}], index)
    with pytest.raises(ProviderError, match="Hash mismatch") as caught:
        build(spec, building)
    assert caught.value.summary == "A package is not what was locked"
    assert left(building) == []


def test_a_missing_python_is_named_with_the_way_to_it(building: Building) -> None:
    with pytest.raises(NotFoundError, match=r"uv python install 3\.99"):
        build(spec_of([], python="3.99"), building)


def test_an_index_that_is_silent(building: Building, packages: list[dict[str, Any]]) -> None:
    with pytest.raises(UnreachableError, match="Connection refused"):
        build(spec_of(packages, index_url="http://127.0.0.1:9/simple"), building)


def test_a_broken_cache_is_told_in_the_words_of_uv(
    building: Building,
    packages: list[dict[str, Any]],
    index: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(ProviderError, match=r"uv says: .*file"):
        build(wanted(packages, index), building)
    assert left(building) == []


def test_a_warm_cache_is_enough_without_a_network(
    building: Building,
    packages: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served(tmp_path / "index") as index:
        spec = wanted(packages, index)
        build(spec, building)
    monkeypatch.setenv("UV_OFFLINE", "1")
    found = build(spec, replace(building, data_folder=tmp_path / "other"))
    assert modules(found.interpreter, "alpha") == "True"
    shutil.rmtree(tmp_path / "uv-cache")
    with pytest.raises(UnreachableError, match=r"UV_OFFLINE is set|network was disabled"):
        build(spec, replace(building, data_folder=tmp_path / "third"))


def start(spec: EnvironmentSpec, building: Building) -> subprocess.Popen[str]:
    (building.root / "spec.json").write_bytes(spec.to_document())
    return subprocess.Popen(
        [sys.executable, "-c", BUILT, str(building.root)], stdout=subprocess.PIPE, text=True
    )


def running_uv(folder: Path) -> list[int]:
    """Every process with this folder in its arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes() and is_running(int(path.parent.name)):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_build_that_is_killed_leaves_nothing_that_counts(
    building: Building, packages: list[dict[str, Any]], index: Server
) -> None:
    spec = wanted(packages, index)
    index.open.clear()
    with start(spec, building) as process:
        assert index.asked.wait(60)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    (unfinished,) = left(building)
    assert unfinished.endswith(".tmp")
    assert wait_until(lambda: not running_uv(building.folder), 30)
    index.open.set()
    found = build(spec, building)
    assert left(building) == [found.digest.removeprefix("sha256:")]
    assert modules(found.interpreter, "alpha", "beta") == "True True"


def test_two_at_once_build_once(
    building: Building,
    packages: list[dict[str, Any]],
    index: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_NO_CACHE", "1")  # so that each build would download
    spec = wanted(packages, index)
    index.open.clear()
    first = start(spec, building)
    assert index.asked.wait(60)
    second = start(spec, building)
    told: list[str] = []

    def release(text: str) -> None:
        told.append(text)
        index.open.set()

    found = build(spec, replace(building, progress=release))
    assert any("waiting" in text for text in told)
    for process in (first, second):
        said, _ = process.communicate(timeout=60)
        assert said.strip() == str(found.interpreter)
    assert sorted(index.downloads) == ["alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"]


def test_a_build_stops_when_it_is_asked_to(
    building: Building, packages: list[dict[str, Any]], index: Server
) -> None:
    index.open.clear()

    def check() -> None:
        if index.asked.is_set():
            raise CanceledError("Canceled", "The test asked for it.")

    with pytest.raises(CanceledError):
        build(wanted(packages, index), replace(building, check=check))
    assert left(building) == []


def test_a_full_disk_is_told_and_leaves_nothing(
    building: Building, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = wheel(tmp_path / "links", "large", "1.0", padding=os.urandom(4 << 20))
    spec = spec_of(
        [{"name": "large", "version": "1.0", "hashes": [digest]}],
        find_links=[str(tmp_path / "links")],
        index_url="http://127.0.0.1:9/simple",
    )
    monkeypatch.setenv("UV_OFFLINE", "1")
    with small_disk(tmp_path / "small", "2m") as small:
        full = replace(building, data_folder=small)
        with pytest.raises(QuotaError, match="No space left"):
            build(spec, full)
        assert left(full) == []
    assert modules(build(spec, building).interpreter, "large") == "True"


def test_a_wheel_of_the_project_comes_from_the_store_once_it_is_there(
    building: Building, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    path = "dist/gamma-0.1-py3-none-any.whl"
    digest = wheel(building.root / "dist", "gamma", "0.1")
    spec = spec_of([{"name": "gamma", "path": path, "hashes": [digest]}])
    assert modules(build(spec, building).interpreter, "gamma") == "True"
    elsewhere = replace(building, data_folder=tmp_path / "other")
    content = ContentStore(tmp_path / "store", tmp_path / "cache")
    content.put({path: (building.root / path, digest)}, lambda: None, lambda _: None)
    (building.root / path).write_bytes(b"another")
    with pytest.raises(ProviderError, match="is not what was locked"):
        build(spec, elsewhere)
    found = build(spec, replace(elsewhere, content=content))
    assert modules(found.interpreter, "gamma") == "True"
    (building.root / path).unlink()
    with pytest.raises(NotFoundError, match="Build it"):
        build(spec, replace(building, data_folder=tmp_path / "third"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_is_installed_without_a_hash(
    building: Building, packages: list[dict[str, Any]], index: Server
) -> None:
    source = building.root / "sources"
    source.mkdir()
    (source / "delta.py").touch()
    backend = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    (source / "pyproject.toml").write_text(f"{backend}[project]\nname='delta'\nversion='1'\n")
    (source / "backend.py").write_text(
        "import zipfile\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'delta-1-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(f'{folder}/{name}', 'w') as made:\n"
        "        made.write('delta.py')\n"
        "        made.writestr('delta-1.dist-info/METADATA',\n"
        "                      'Metadata-Version: 2.1\\nName: delta\\nVersion: 1\\n')\n"
        "        made.writestr('delta-1.dist-info/WHEEL',\n"
        "                      'Wheel-Version: 1.0\\nTag: py3-none-any\\n')\n"
        "        made.writestr('delta-1.dist-info/RECORD', '')\n"
        "    return name\n"
    )
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.net"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *command], cwd=source, check=True)
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], cwd=source, text=True).strip()
    delta = {"name": "delta", "git": source.as_uri(), "commit": commit, "hashes": []}
    found = build(wanted([*packages, delta], index), building)
    assert modules(found.interpreter, "alpha", "delta") == "True True"


def test_an_interpreter_of_the_user_is_checked_and_left_alone(building: Building) -> None:
    mine = spec_of([], user_managed=True, interpreter=sys.executable, python=None)
    found = build(mine, building)
    assert found.interpreter == Path(sys.executable)
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert not building.folder.exists()
    assert build(replace(mine, python=PYTHON), building) == found
    for python in ("3.1", "3.99"):
        with pytest.raises(ProviderError, match=rf"asks for {python}\."):
            build(replace(mine, python=python), building)
    script = building.root / "broken"
    script.write_text("#!/bin/sh\necho no such library >&2\nexit 127\n")
    script.chmod(0o755)
    with pytest.raises(ProviderError, match="ended with 127: no such library"):
        build(replace(mine, interpreter="./broken"), building)
    with pytest.raises(ProviderError, match="is not there"):
        build(replace(mine, interpreter="/nowhere/python"), building)


def test_a_real_package_from_the_index_that_this_host_reaches(
    building: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_HTTP_RETRIES")
    hashes = [
        "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
    ]
    spec = spec_of([{"name": "six", "version": "1.17.0", "hashes": hashes}])
    try:
        found = build(spec, building)
    except UnreachableError as failure:
        pytest.skip(f"the package index cannot be reached: {failure.detail}")
    assert modules(found.interpreter, "six") == "True"
    told = json.loads((found.interpreter.parent.parent / built.COMPLETE).read_text())
    assert told == {"digest": spec.digest, "python": found.python}


def test_packages_are_written_as_uv_takes_them() -> None:
    def line(**package: Any) -> str:
        return installation.requirement({"name": "a", "hashes": [], **package}, {})

    assert line(version="1", hashes=["sha256:00", "sha256:11"], marker="os_name == 'x'") == (
        "a==1 ; os_name == 'x' --hash=sha256:00 --hash=sha256:11"
    )
    assert line(url="https://x/a.zip", hashes=["sha256:00"]) == (
        "a @ https://x/a.zip --hash=sha256:00"
    )
    assert line(git="ssh://git@x/a", commit="c") == "a @ git+ssh://git@x/a@c"
