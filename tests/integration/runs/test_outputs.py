from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jobs_support import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)
ASK = (
    "import json, os\n"
    "def ask(**event):\n"
    "    with open(os.environ['AMLPLAN_RUN_EVENTS'] + '/me.jsonl', 'a') as file:\n"
    "        file.write(json.dumps(event) + '\\n')\n"
)


def test_only_what_is_included_or_asked_for_is_kept(runs: Runs) -> None:
    code = ASK + (
        "os.makedirs('models/deep')\n"
        "for name in ('models/deep/a', 'models/b', 'plot.png', 'other'): open(name, 'w').close()\n"
        "ask(type='artifact', path='models')\n"
        "ask(type='image', path=os.path.abspath('plot.png'))\n"
        "ask(type='artifact', path='missing')\n"
        "ask(type='artifact', path='../../secrets')\n"
        "ask(type='artifact', path=7)\n"
        "open(os.environ['AMLPLAN_RUN_EVENTS'] + '/me.jsonl', 'a').write('torn {\"artifact\"')\n"
    )
    runs.run(code, {"train.py": b"", "outputs/x/y": b"1"}, include=("outputs/**",))
    assert set(runs.outputs()["files"]) == {"models/deep/a", "models/b", "plot.png", "outputs/x/y"}
    assert set(runs.outputs()["left_out"]) == {"missing", "../../secrets"}
    assert "outside" in runs.outputs()["left_out"]["../../secrets"]


def test_links_are_never_followed_out_of_the_folder(runs: Runs) -> None:
    outside = runs.base / "outside"
    outside.mkdir(mode=0o500)
    (outside / "file").write_bytes(b"not ours")
    (outside / "file").chmod(0o400)
    code = (
        "import os\n"
        f"os.symlink({str(outside / 'file')!r}, 'outputs/file')\n"
        f"os.symlink({str(outside)!r}, 'outputs/folder')\n"
        f"os.symlink({str(outside)!r}, 'folder')\n"
        "os.symlink('../real', 'outputs/inside')\n"
        "os.symlink('.', 'outputs/again')\n"
        "os.symlink('nowhere', 'outputs/nowhere')\n"
        "os.symlink('round', 'outputs/round')\n"
        "open('real', 'w').write('1')\n"
    )
    folder = runs.run(code)
    assert runs.stored("outputs/inside") == b"1"
    assert set(runs.outputs()["files"]) == {"outputs/inside"}
    assert set(runs.outputs()["left_out"]) == {
        f"outputs/{name}" for name in ("file", "folder", "again", "nowhere", "round")
    }
    assert not (folder / "work").exists()
    assert (outside / "file").read_bytes() == b"not ours"
    assert outside.stat().st_mode & 0o777 == 0o500
    outside.chmod(0o700)


def test_a_folder_that_a_script_locked_is_removed(runs: Runs) -> None:
    code = "import os; os.makedirs('a/b'); open('a/b/c', 'w'); os.chmod('a/b', 0o500)"
    assert not (runs.run(code) / "work").exists()


def test_what_has_no_content_is_left_out(runs: Runs) -> None:
    folder = runs.prepare()
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(folder / "work/outputs")
        server.bind("socket")
        os.chdir(before)
    os.mkfifo(folder / "work/outputs/pipe")
    (folder / "work/outputs" / os.fsdecode(b"odd\xff")).touch()
    runs.jobs.submit(runs.job("true"))
    runs.await_end()
    left_out = runs.outputs()["left_out"]
    assert runs.outputs()["files"] == {}
    assert set(left_out) == {"outputs/pipe", "outputs/socket", "outputs/odd\\xff"}


def test_what_is_too_large_in_all_is_left_out(runs: Runs) -> None:
    files = {"outputs/a": b"1" * 60, "outputs/b": b"2" * 50, "outputs/c": b"3" * 40}
    runs.run("pass", files, max_size=100)
    assert set(runs.outputs()["files"]) == {"outputs/a", "outputs/c"}
    assert "50 bytes, with 40 left" in runs.outputs()["left_out"]["outputs/b"]


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
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_store_without_room_fails_the_run_and_loses_nothing(runs: Runs, small_disk: Path) -> None:
    runs.store = small_disk / "store"
    folder = runs.run("open('outputs/large', 'wb').write(b'1' * 2_000_000)")
    assert runs.last()["status"] == "Failed"
    assert runs.last()["reason"].startswith("outputs could not be kept: ")
    assert "No space left" in runs.last()["reason"]
    assert runs.events("supervisor", "outputs") == []
    assert (folder / "work/outputs/large").stat().st_size == 2_000_000
    assert list((runs.store / "parts").iterdir()) == []


def test_the_end_is_told_on_a_disk_that_the_script_filled(small_disk: Path) -> None:
    runs = Runs(small_disk)
    code = (
        "import os\n"
        "with open('filler', 'wb', buffering=0) as file:\n"
        "    try:\n"
        "        while file.write(b'x' * 4096): pass\n"
        "    except OSError: pass\n"
        "print('x' * 100_000)\n"
    )
    folder = runs.prepare({"outputs/a": b"1" * 200_000})
    # So that the status after the first needs a page of the disk that is not there.
    padding = json.dumps({"type": "padding", "text": "x" * 3900}) + "\n"
    (folder / "events/supervisor.jsonl").write_text(padding)
    runs.jobs.submit(runs.job(sys.executable, "-c", code))
    runs.await_end()
    assert runs.statuses() == ["Running", "Finalizing", "Failed"]
    assert "No space left" in runs.last()["reason"]
    assert (folder / "work/outputs/a").stat().st_size == 200_000


def test_a_store_that_is_no_folder_fails_the_run(runs: Runs) -> None:
    runs.store.write_text("in the way")
    folder = runs.run("open('outputs/a', 'w').write('1')")
    assert runs.last()["status"] == "Failed"
    assert "outputs could not be kept" in runs.last()["reason"]
    assert (folder / "work/outputs/a").read_text() == "1"


def test_equal_files_are_stored_once(runs: Runs) -> None:
    runs.run("pass", {"outputs/a": b"same", "outputs/b": b"same"})
    blobs = [path for path in runs.store.joinpath("blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 1
    assert json.dumps(runs.outputs()["files"]).count(blobs[0].name) == 2
