from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan.processes import mark_of
from amlplan_local import collecting
from amlplan_local.run_events import EventFile, status
from jobs_support import WAIT, pids_naming
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs_support import Runs

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)


def be_lost(runs: Runs, *events: Mapping[str, object]) -> None:
    """Leave a run as a supervisor that was killed after these events would."""
    runs.prepare({"outputs/a": b"kept"})
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = mark_of(gone.pid)
    gone.communicate()
    assert mark is not None
    fields = f'["{mark.started}", "{mark.boot}"]'.strip("[]")
    (runs.folder() / "supervisor.json").write_text(
        f'{{"mark": [{mark.pid}, {fields}], "guard": null, "script": null, '
        '"wanted": {"include": ["outputs/**"], "max_size": 1000}}'
    )
    file = EventFile(runs.folder() / "events/supervisor.jsonl")
    for event in events:
        file.append(event)
    file.close()


def test_a_killed_supervisor_takes_its_script_with_it(runs: Runs) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n" + WAIT
    )
    folder = runs.start(code)
    runs.await_ready()
    assert len(pids_naming(str(folder))) >= 3
    runs.kill()
    assert runs.state() == "lost"
    runs.finish()
    assert runs.state() == "ended"
    assert runs.last("control")["status"] == "Failed"
    assert runs.last("control")["reason"] == "its supervisor was ended"
    assert "outputs/ready" in runs.outputs("control")["files"]
    assert not (folder / "work").exists()


CHILD = "import subprocess; subprocess.Popen(['sleep', '60'])\n"


def test_a_killed_guard_leaves_nothing_of_the_script(runs: Runs) -> None:
    folder = runs.start(CHILD + WAIT)
    runs.await_ready()
    assert wait_until(lambda: runs.kept()["guard"] is not None)
    os.kill(runs.kept()["guard"][0], signal.SIGKILL)
    runs.await_end()
    assert not pids_naming(str(folder))
    last = runs.last()
    assert (last["status"], last["exit_code"]) == ("Failed", None)
    assert last["reason"] == "the process that guards it was killed"
    assert "outputs/ready" in runs.outputs()["files"]


@pytest.mark.parametrize("too", [["guard"], ["guard", "script"]], ids="+".join)
def test_who_is_killed_with_the_supervisor_leaves_nothing_once_finished(
    runs: Runs, too: list[str]
) -> None:
    folder = runs.start(CHILD + WAIT)
    runs.await_ready()
    assert wait_until(lambda: runs.kept()["script"] is not None)
    os.kill(runs.supervisor(), signal.SIGSTOP)  # lest it answers the end of the guard
    for name in too:
        os.kill(runs.kept()[name][0], signal.SIGKILL)
    os.kill(runs.supervisor(), signal.SIGKILL)
    assert wait_until(lambda: runs.state() == "lost")
    assert pids_naming(str(folder))
    runs.finish()
    assert not pids_naming(str(folder))
    assert runs.last("control")["reason"] == "its supervisor was ended"


def test_a_removed_folder_ends_its_script(runs: Runs) -> None:
    folder = runs.start(CHILD + WAIT)
    runs.await_ready()
    supervisor = runs.supervisor()
    shutil.rmtree(folder)
    assert wait_until(lambda: not is_running(supervisor), 15)
    assert not pids_naming(str(folder))
    assert not folder.exists()


def test_a_run_whose_events_were_removed_is_to_be_removed_whole(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    shutil.rmtree(runs.folder() / "events")
    with pytest.raises(ProviderError, match="remove all of it"):
        runs.finish()


def test_finishing_waits_for_what_ends_slowly(runs: Runs) -> None:
    code = (
        "import signal, sys, time\n"
        "def late(*_):\n"
        "    time.sleep(1); open('outputs/late', 'w').write('1'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, late)\n" + WAIT
    )
    runs.start(code)
    runs.await_ready()
    assert wait_until(lambda: runs.kept()["guard"] is not None)
    os.kill(runs.supervisor(), signal.SIGKILL)
    assert wait_until(lambda: runs.state() == "lost")
    runs.finish()
    assert runs.stored("outputs/late", "control") == b"1"


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.08])
def test_a_kill_at_the_start_leaves_nothing_running(runs: Runs, delay: float) -> None:
    runs.start(WAIT)
    threading.Event().wait(delay)
    runs.kill()
    assert runs.state() == "lost"
    runs.finish()
    assert runs.last("control")["status"] == "Failed"


def test_a_kill_in_the_collection_leaves_nothing_that_looks_complete(runs: Runs) -> None:
    files = {f"outputs/{number}": os.urandom(20_000) for number in range(300)}
    folder = runs.start("pass", files)
    assert wait_until(lambda: "Finalizing" in runs.statuses())
    blobs = runs.store / "blobs/sha256"
    assert wait_until(lambda: blobs.exists() and any(blobs.iterdir()))
    os.kill(runs.supervisor(), signal.SIGKILL)
    assert wait_until(lambda: not is_running(runs.supervisor()))
    assert runs.statuses() == ["Running", "Finalizing"]
    assert runs.events("supervisor", "outputs") == []
    runs.finish()
    for name, data in files.items():
        assert runs.stored(name, "control") == data
    assert runs.last("control")["exit_code"] == 0
    assert not (folder / "work").exists()


def test_a_supervisor_that_was_killed_before_its_first_event_is_finished(runs: Runs) -> None:
    be_lost(runs)
    assert runs.state() == "lost"
    runs.finish()
    assert runs.statuses("control") == ["Failed"]
    assert runs.stored("outputs/a", "control") == b"kept"


def test_outputs_that_are_told_already_are_not_collected_again(runs: Runs) -> None:
    told = {"type": "outputs", "files": {"outputs/a": "sha256:00"}, "sizes": {}, "left_out": {}}
    be_lost(runs, status("Running"), status("Finalizing", None, 3), told)
    runs.finish()
    assert runs.events("control", "outputs") == []
    assert runs.last("control")["exit_code"] == 3


def test_outputs_that_are_told_in_part_are_collected_again(runs: Runs) -> None:
    part = {"type": "outputs", "files": {}, "sizes": {}, "left_out": {}, "more": True}
    be_lost(runs, status("Running"), status("Finalizing"), part)
    runs.finish()
    assert runs.stored("outputs/a", "control") == b"kept"


def test_a_folder_that_was_not_removed_any_more_is_removed(runs: Runs) -> None:
    told = {"type": "outputs", "files": {}, "sizes": {}, "left_out": {}}
    be_lost(runs, status("Running"), status("Finalizing"), told, status("Completed"))
    assert runs.state() == "ended"
    assert not (runs.folder() / "work").exists()


def test_a_folder_whose_outputs_were_not_kept_is_not_removed(runs: Runs) -> None:
    be_lost(runs, status("Running"), status("Finalizing"), status("Failed", "not kept"))
    assert runs.state() == "ended"
    assert (runs.folder() / "work/outputs/a").exists()


def test_finishing_twice_does_it_once(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    runs.finish()
    runs.finish()
    assert runs.statuses("control") == ["Failed"]


def test_two_who_finish_at_once_do_it_once(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    code = (
        "import sys; from pathlib import Path; from amlplan_local.jobs import LocalJobs\n"
        "folder, store, cache = map(Path, sys.argv[1:])\n"
        "print('ready', flush=True); input()\n"
        "LocalJobs(cache).finish_lost(folder.name, folder, store)\n"
    )
    places = [str(runs.folder()), str(runs.store), str(runs.base / "cache")]
    finishers = [
        subprocess.Popen(
            [sys.executable, "-c", code, *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for finisher in finishers:
        assert finisher.stdout is not None
        assert finisher.stdout.readline() == b"ready\n"
    for finisher in finishers:
        assert finisher.stdin is not None
        finisher.stdin.write(b"\n")
        finisher.stdin.flush()
    for finisher in finishers:
        finisher.communicate()
        assert finisher.returncode == 0
    assert runs.statuses("control") == ["Failed"]
    assert runs.stored("outputs/a", "control") == b"kept"


def test_a_run_that_is_well_is_not_finished(runs: Runs) -> None:
    runs.start(WAIT)
    runs.finish()
    assert runs.statuses("control") == []
    assert runs.state() == "running"


def test_the_last_status_follows_a_torn_line(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    control = runs.folder() / "events/control.jsonl"
    control.write_bytes(b'{"n": 0, "type": "run"}\n{"n": 1, "type": "sta')
    runs.finish()
    assert control.read_bytes().splitlines()[1] == b'{"n": 1, "type": "sta'
    assert b'"Failed"' in control.read_bytes().splitlines()[-1]
    assert runs.state() == "ended"


def test_a_line_without_end_is_no_event_and_takes_no_memory(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    with (runs.folder() / "events/script.jsonl").open("wb") as file:
        file.write(b'{"type": "artifact", "path": "outputs/b", "x": "')
        file.truncate(100_000_000)
    tracemalloc.start()
    runs.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    assert set(runs.outputs("control")["files"]) == {"outputs/a"}


def test_many_files_are_told_in_several_events(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "LONGEST_EVENT", 1000)
    be_lost(runs, status("Running"))
    for number in range(30):
        (runs.folder() / f"work/outputs/{number}").touch()
    runs.finish()
    events = runs.events("control", "outputs")
    assert len(events) > 2
    assert [event.get("more", False) for event in events] == [True] * (len(events) - 1) + [False]
    assert len({name for event in events for name in event["files"]}) == 31


def test_no_event_of_outputs_is_longer_than_a_line_may_be() -> None:
    digests = {f"{'ä' * 120}{number}": "sha256:" + "0" * 64 for number in range(3000)}
    sizes = dict.fromkeys(digests, 10**12)
    left_out = {f"x{name}": "it cannot be read" for name in digests}
    lengths = [len(json.dumps(it)) for it in collecting._events_of(digests, sizes, left_out)]
    assert len(lengths) > 2
    assert max(lengths) < 1_000_000


def test_a_status_of_a_child_run_does_not_end_its_parent(runs: Runs) -> None:
    be_lost(runs, status("Running"), {**status("Completed"), "run": "r1.1"})
    assert runs.state() == "lost"


def test_outputs_of_a_lost_run_that_cannot_be_kept_stay_where_they_are(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    runs.store.write_text("in the way")
    runs.finish()
    assert "outputs could not be kept" in runs.last("control")["reason"]
    assert (runs.folder() / "work/outputs/a").read_bytes() == b"kept"


def test_a_folder_that_cannot_be_written_is_explained(runs: Runs) -> None:
    be_lost(runs, status("Running"))
    control = runs.folder() / "events/control.jsonl"
    control.symlink_to(runs.base / "no/such/folder")
    with pytest.raises(ProviderError, match=r"control|cannot be recorded.*No such file"):
        runs.finish()
    assert runs.state() == "lost"
    control.unlink()
    runs.finish()
    assert runs.state() == "ended"


def test_a_file_that_changes_while_it_is_read_is_left_out(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_lost(runs, status("Running"))
    whole = collecting._pieces
    changing = runs.folder() / "work/outputs/a"

    def disturbed(path: Path):  # type: ignore[no-untyped-def]
        for piece in whole(path):
            yield piece
            changing.write_bytes(b"changed")

    monkeypatch.setattr(collecting, "_pieces", disturbed)
    runs.finish()
    assert runs.outputs("control")["left_out"] == {"outputs/a": "it changed while it was read"}
