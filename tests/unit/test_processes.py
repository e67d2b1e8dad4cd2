"""Processes are told apart by more than their pid, and end for certain."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from amlplan import processes
from amlplan.processes import ProcessMark, end_process, is_running, mark_of

SLEEPS = "import sys, time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS


def started(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    with started(SLEEPS) as process:
        yield process
        process.kill()


def marked(process: subprocess.Popen[str]) -> ProcessMark:
    mark = mark_of(process.pid)
    assert mark is not None
    return mark


def test_a_mark_stays_the_same(child: subprocess.Popen[str]) -> None:
    mark = marked(child)
    time.sleep(0.05)
    assert mark_of(child.pid) == mark
    assert is_running(mark)


def test_a_process_that_ended_is_not_running_even_before_it_is_reaped(
    child: subprocess.Popen[str],
) -> None:
    mark = marked(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(mark)
    assert mark_of(child.pid) is None


def test_nobody_has_no_mark() -> None:
    assert mark_of(2**22 + 1) is None


def test_a_pid_that_another_process_has_is_left_alone(child: subprocess.Popen[str]) -> None:
    mark = marked(child)
    for other in (replace(mark, started="another"), replace(mark, boot="another")):
        assert not is_running(other)
        assert end_process(other, grace=0)
        assert child.poll() is None


def test_a_process_that_listens_ends_by_sigterm(child: subprocess.Popen[str]) -> None:
    assert end_process(marked(child), grace=30)
    assert child.wait() == -signal.SIGTERM


def test_a_deaf_process_is_killed_after_its_grace() -> None:
    with started(DEAF) as process:
        assert end_process(marked(process), grace=0.1)
        assert process.wait() == -signal.SIGKILL


def test_where_there_is_no_proc_ps_tells_the_same(
    child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not processes._said("ps", "-o", "pid=", "-p", str(os.getpid())):
        pytest.skip("there is no ps")
    monkeypatch.setattr(processes, "_started", processes._started_by_ps)
    mark = marked(child)
    assert is_running(mark)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(mark)
