from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amlplan import children
from amlplan.children import run_child
from amlplan.errors import CanceledError, ProviderError
from local_workbench import is_running, wait_until

on_linux = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)


def process_ids(path: Path, count: int) -> list[int]:
    assert wait_until(lambda: path.exists() and len(path.read_text().split()) == count)
    return [int(number) for number in path.read_text().split()]


def test_code_and_both_streams_come_back() -> None:
    finished = run_child(["sh", "-c", "cat; echo no >&2; exit 3"], input="yes")
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, "yes", "no\n")


def test_input_larger_than_a_pipe_goes_through() -> None:
    text = "x" * 1_000_000
    assert run_child(["cat"], input=text).stdout == text


def test_input_that_nobody_reads_is_no_failure() -> None:
    assert run_child(["true"], input="x" * 1_000_000).returncode == 0


def test_a_signal_is_told_as_a_shell_tells_it() -> None:
    assert run_child(["sh", "-c", "kill -KILL $$"]).returncode == 137


def test_lines_come_as_they_are_printed() -> None:
    lines: list[str] = []
    run_child(["sh", "-c", "echo one; echo two >&2; printf three"], on_line=lines.append)
    assert sorted(lines) == ["one", "three", "two"]


def test_environment_and_folder_are_the_given_ones(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ONLY": "this"}
    command = [sys.executable, "-c", "import os; print(os.getcwd(), os.environ.get('ONLY'))"]
    finished = run_child(command, environment=environment, folder=tmp_path)
    assert finished.stdout.split() == [str(tmp_path), "this"]


def test_a_broken_pipe_ends_the_child_as_it_would_in_a_shell() -> None:
    # Python ignores SIGPIPE; a child that inherited that would complain instead of ending.
    finished = run_child(["sh", "-c", "yes | head -n 1"])
    assert (finished.stdout, finished.stderr) == ("y\n", "")


def test_the_end_of_a_long_output_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "KEPT", 1000)
    finished = run_child(["sh", "-c", "yes | head -c 100000; echo end"])
    assert finished.truncated
    assert len(finished.stdout) == 1000
    assert finished.stdout.endswith("end\n")


def test_what_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="no-such-command"):
        run_child(["no-such-command"])
    with pytest.raises(ProviderError, match="no-such-folder"):
        run_child(["true"], folder=tmp_path / "no-such-folder")


@on_linux
def test_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    with pytest.raises(ProviderError, match=r"0\.5 s"):
        run_child(["sh", "-c", f"sleep 100 & echo $$ $! >{ids}; wait"], timeout=0.5)
    assert not any(is_running(number) for number in process_ids(ids, 2))


@on_linux
def test_cancelling_ends_the_whole_group(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    with pytest.raises(CanceledError):
        run_child(
            ["sh", "-c", f"sleep 100 & echo $$ $! >{ids}; wait"],
            cancelled=lambda: ids.exists() and len(ids.read_text().split()) == 2,
        )
    assert not any(is_running(number) for number in process_ids(ids, 2))


@on_linux
def test_nothing_in_the_background_is_left_after_a_normal_end(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    assert run_child(["sh", "-c", f"sleep 100 >/dev/null 2>&1 & echo $! >{ids}"]).returncode == 0
    assert not any(is_running(number) for number in process_ids(ids, 1))


@on_linux
def test_who_ignores_the_question_is_ended(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    started = time.monotonic()
    with pytest.raises(ProviderError):
        run_child(
            ["sh", "-c", f"trap '' TERM; echo $$ >{ids}; while :; do sleep 1; done"], timeout=0.5
        )
    assert 4 < time.monotonic() - started < 9
    assert not any(is_running(number) for number in process_ids(ids, 1))


def test_a_failing_listener_leaves_no_child() -> None:
    def listener(_line: str) -> None:
        raise ValueError("listener")

    started = time.monotonic()
    with pytest.raises(ValueError, match="listener"):
        run_child(["sh", "-c", "echo a; sleep 100; echo b"], on_line=listener)
    assert time.monotonic() - started < 8


@on_linux
def test_children_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    program = (
        "from amlplan.children import run_child\n"
        f"run_child(['sh', '-c', 'sleep 100 & echo $PPID $$ $! >{ids}; wait'])\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    numbers = process_ids(ids, 3)
    assert all(is_running(number) for number in numbers)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: not any(is_running(number) for number in numbers), 8)


@on_linux
def test_a_guard_that_is_asked_to_end_takes_its_group_along(tmp_path: Path) -> None:
    ids = tmp_path / "ids"

    def end_guard(_line: str) -> None:
        os.kill(process_ids(ids, 2)[0], signal.SIGTERM)

    finished = run_child(
        ["sh", "-c", f"echo $PPID $$ >{ids}; echo ready; exec sleep 100"], on_line=end_guard
    )
    assert finished.returncode == 128 + signal.SIGTERM
    assert not any(is_running(number) for number in process_ids(ids, 2))


@on_linux
def test_a_guard_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    ids = tmp_path / "ids"

    def kill_guard(_line: str) -> None:
        os.kill(process_ids(ids, 3)[0], signal.SIGKILL)

    finished = run_child(
        ["sh", "-c", f"sleep 100 & echo $PPID $$ $! >{ids}; echo ready; wait"], on_line=kill_guard
    )
    assert finished.returncode == 128 + signal.SIGKILL
    assert not any(is_running(number) for number in process_ids(ids, 3))
