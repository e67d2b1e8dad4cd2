from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.aside import make_file
from amlplan.errors import QuotaError
from amlplan.provider import Missing, Present
from amlplan.testing import StandInOperation, record_of
from amlplan_schemas.state import Tree
from local_workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from local_workbench import KillingOperation, Workbench
bench = Workbench(Path(sys.argv[1]))
bench.models.create(bench.desired(aliases={"prod": "this"}), KillingOperation(sys.argv[2]))
"""
REGISTERED = """
import sys
from pathlib import Path
from local_workbench import Workbench
bench = Workbench(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    source = f"{sys.argv[2]}-{number}"
    bench.write({"w": source.encode()}, source)
    record = bench.create(bench.desired(f"lineage:{source}:1", source=source))
    print(record.outputs.values["version"])
"""


def run_killed(folder: Path, at: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-c", KILLED, str(folder), at]
    finished = subprocess.run(command, env=environment, check=False)
    assert finished.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("storing a", False),
        ("storing c", False),
        ("before blobs", False),
        ("after blobs", False),
        ("before version", False),
        ("after version", False),
        ("registered", True),
    ],
)
def test_a_killed_create_is_continued_and_nothing_is_made_twice(
    bench: Workbench, at: str, found: bool
) -> None:
    bench.write({"a": b"1", "b": b"2", "c": b"3"})
    run_killed(bench.folder, at)
    desired = bench.desired(aliases={"prod": "this"})
    draft = record_of(desired, {}, bench.models)
    answer = bench.models.find(draft, bench.targets)
    assert isinstance(answer, Present) == found
    if isinstance(answer, Missing):
        record = bench.create(desired)
    else:
        assert isinstance(answer, Present)
        record = draft.model_copy(update={"outputs": Tree(values=dict(answer.outputs))})
    assert bench.versions() == ["1.json"]
    observed = bench.models.read(record, bench.targets)
    assert isinstance(observed, Present)
    assert observed.outputs == record.outputs.values
    assert observed.inputs == {"aliases": {"prod": "this"}}


def test_a_kill_at_any_write_leaves_one_version(bench: Workbench) -> None:
    """Kill after a growing number of syncs, whatever they are for."""
    bench.write({"a": b"1", "b": b"2"})
    program = (
        "import os, signal, sys\n"
        "from amlplan import files\n"
        "from amlplan_local import store, versions\n"
        "left = int(sys.argv[2])\n"
        "real = files.sync\n"
        "def sync(descriptor):\n"
        "    global left\n"
        "    left -= 1\n"
        "    real(descriptor)\n"
        "    left or os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.sync = store.sync = sync\n" + KILLED.replace("sys.argv[2]", "'never'")
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    codes = []
    for count in range(1, 40):
        folder = bench.folder / str(count)
        copy = Workbench(folder)
        copy.write({"a": b"1", "b": b"2"})
        command = [sys.executable, "-c", program, str(folder), str(count)]
        codes.append(subprocess.run(command, env=environment, check=False).returncode)
        desired = copy.desired(aliases={"prod": "this"})
        record = copy.create(desired)
        assert copy.versions() == ["1.json"]
        observed = copy.models.read(record, copy.targets)
        assert isinstance(observed, Present)
        assert observed.outputs["corrupted"] == []
        if codes[-1] == 0:
            break
    assert codes[-1] == 0
    assert len(codes) > 8
    print(f"killed at each of {len(codes) - 1} syncs")


def test_processes_that_register_at_once_get_versions_of_their_own(bench: Workbench) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    each = 8
    started = [
        subprocess.Popen(
            [sys.executable, "-c", REGISTERED, str(bench.folder), name, str(each)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two", "three")
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate()[0].split() for process in started]
    numbers = sorted(int(number) for numbers in printed for number in numbers)
    assert numbers == list(range(1, 3 * each + 1))


def test_what_a_killed_process_left_is_dropped_and_what_is_being_written_is_not(
    bench: Workbench,
) -> None:
    bench.write({"w": b"1"})
    parts = bench.store / "parts"
    parts.mkdir()
    (parts / "left").write_bytes(b"part")
    written = make_file(parts / "written")
    os.utime(parts / "written", (1, 1))
    bench.create(bench.desired())
    assert [path.name for path in parts.iterdir()] == ["written"]
    os.close(written)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system to fill")
    folder = tmp_path / f"disk-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_gone_on_from(tmp_path: Path, small_disk: Path) -> None:
    bench = Workbench(tmp_path / "bench")
    outputs = {**bench.workspace.outputs.values, "path": str(small_disk)}
    bench.workspace = bench.workspace.model_copy(update={"outputs": Tree(values=outputs)})
    bench.write({"a": b"1" * 1000, "b": b"2" * 2_000_000})
    desired = bench.desired()
    with pytest.raises(QuotaError, match="Free some space"):
        bench.models.create(desired, StandInOperation())
    assert bench.versions() == []
    assert list((bench.store / "parts").iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    operation = StandInOperation()
    bench.models.create(desired, operation)
    assert [text for text in operation.texts if "storing" in text] == ["storing b (1 of 1)"]
