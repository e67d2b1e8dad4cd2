"""The same configuration gives the same plan, byte for byte, wherever and whoever makes it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.project import IMPORT_PATHS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.project import Project

QUICKSTART = SOURCES / "examples" / "quickstart"
PLAN = """
import contextlib, io, os, sys
from amlplan.cli.app import run
os.umask(int(sys.argv[1], 8))
user = int(sys.argv[2])
if user:
    with contextlib.redirect_stdout(io.StringIO()):
        run(["plan"])  # imports what another user may not read
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
sys.exit(run(sys.argv[3:]))
"""


def copied(folder: Path, order: Callable[[list[Path]], None] = lambda _files: None) -> Path:
    """The quickstart in a folder of its own, its files made in some order."""
    files = sorted(path for path in QUICKSTART.rglob("*") if path.is_file())
    order(files)
    for path in files:
        target = folder / path.relative_to(QUICKSTART)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def planned(
    root: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    umask: str = "022",
    user: int = 0,
    cwd: Path | None = None,
) -> tuple[bytes, str, str]:
    """The bytes of a saved plan, what the plan shows, and where its file was."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        out = Path(folder) / "it.plan"
        home = Path(folder) / "home"
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATHS)),
            **(environment or {}),
        }
        done = subprocess.run(
            [sys.executable, "-c", PLAN, umask, str(user), *options, "plan", f"-out={out}"],
            cwd=cwd or root,
            env=settings,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        text = done.stdout.decode().replace(str(out), "<plan>")
        assert out.stat().st_mode & 0o777 == 0o600
        return out.read_bytes(), text, str(out)


@pytest.fixture(scope="module")
def expected() -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory() as folder:
        plan, text, _ = planned(copied(Path(folder)))
    return plan, text


def assert_same(root: Path, expected: tuple[bytes, str], **how: object) -> None:
    plan, text, _ = planned(root, **how)  # type: ignore[arg-type]
    assert json.loads(plan) == json.loads(expected[0])
    assert plan == expected[0]
    assert text == expected[1]


ENVIRONMENTS = [
    {
        "PYTHONHASHSEED": "1",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "0",
        "AMLPLAN_PARALLELISM": "1",
    },
    {
        "PYTHONHASHSEED": "4711",
        "TZ": "America/St_Johns",
        "LC_ALL": "tr_TR.UTF-8",
        "CI": "true",
        "GITHUB_RUN_ID": "7",
        "COLUMNS": "20",
        "NO_COLOR": "1",
    },
    {"PYTHONOPTIMIZE": "2", "LC_ALL": "POSIX", "TERM": "dumb"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_another_environment(
    tmp_path: Path, expected: tuple[bytes, str], environment: dict[str, str]
) -> None:
    assert_same(copied(tmp_path), expected, environment=environment)


@pytest.mark.parametrize("umask", ["000", "077"])
def test_another_umask_and_other_times_modes_and_order_of_files(
    tmp_path: Path, expected: tuple[bytes, str], umask: str
) -> None:
    before = os.umask(int(umask, 8))
    try:
        root = copied(tmp_path / "inner", random.Random(umask).shuffle)
    finally:
        os.umask(before)
    for number, path in enumerate(sorted(root.rglob("*"))):
        os.utime(path, (number, number))
        if path.is_file():
            path.chmod(0o600 if number % 2 else 0o644)
    assert_same(root, expected, umask=umask)


def test_another_file_system(expected: tuple[bytes, str]) -> None:
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        pytest.skip("there is no tmpfs at /dev/shm")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        assert_same(copied(Path(folder), list.reverse), expected)


def test_from_another_folder(tmp_path: Path, expected: tuple[bytes, str]) -> None:
    root = copied(tmp_path / "a folder" / "ünïcode")
    plan, text, out = planned(root, f"-chdir={root.parent}/ünïcode", cwd=tmp_path)
    assert (plan, text) == expected
    assert out.encode() not in plan
    assert str(root).encode() not in plan


def test_in_a_git_checkout_behind_a_link(tmp_path: Path, expected: tuple[bytes, str]) -> None:
    root = copied(tmp_path / "real")
    if shutil.which("git") is not None:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (tmp_path / "link").symlink_to("real")
    assert_same(tmp_path / "link", expected)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user(expected: tuple[bytes, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder))
        for path in [Path(folder), *root.rglob("*")]:
            os.chown(path, 4711, 4711)
        assert_same(root, expected, user=4711)


def tree(*folders: Path) -> dict[str, tuple[str, int, int]]:
    """Every file and folder with the digest of its bytes, its mode and the time it was changed."""
    return {
        str(path): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for folder in folders
        for path in [folder, *sorted(folder.rglob("*"))]
        if path.exists()
    }


def test_what_only_reads_writes_nothing(project: Project) -> None:
    copied(project.root)
    data = Path(project.environment["XDG_DATA_HOME"])
    cache = Path(project.environment["XDG_CACHE_HOME"])
    project.run("apply", "-auto-approve")
    everything = tree(project.root, data, cache)
    project.run("drift")
    assert tree(project.root, data, cache) == everything
    before = tree(project.root, data)
    for command in ("plan -detailed-exitcode", "plan -destroy", "show", "output", "validate"):
        project.run(*command.split())
        assert tree(project.root, data) == before, command
