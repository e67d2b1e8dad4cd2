"""Failures as a run tells them, and the attempts that follow."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.masking import MASK
from jobs_support import READY, SECRET, WAIT
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from jobs_support import Runs

COUNT = (
    "import os, pathlib, sys\n"
    "attempt = int(os.environ['AMLPLAN_RUN_ATTEMPT'])\n"
    "before = pathlib.Path('outputs/attempts')\n"
    "seen = before.read_text() if before.exists() else ''\n"
    "before.write_text(f'{seen}{attempt}')\n"
    "print('attempt', attempt)\n"
)


def errors(runs: Runs) -> list[str]:
    return [event["text"] for event in runs.events("supervisor", "error")]


def test_a_failure_tells_how_standard_error_ended(runs: Runs) -> None:
    code = (
        "import os, sys\n"
        "sys.stderr.write('token: ' + os.environ['TOKEN'] + '\\n')\n"
        "print('printed'); raise ValueError('alpha is too large')\n"
    )
    runs.run(code, secrets={"TOKEN": SECRET})
    (text,) = errors(runs)
    assert text.startswith(f"token: {MASK}\nTraceback")
    assert text.endswith("\nValueError: alpha is too large")
    assert "printed" not in text
    assert b"printed" in runs.log()
    assert (runs.last()["reason"], runs.last()["exit_code"]) == ("exit code 1", 1)


def test_a_run_that_went_well_tells_no_error(runs: Runs) -> None:
    runs.run("import sys; sys.stderr.write('a warning\\n')")
    assert errors(runs) == []
    assert runs.log() == b"a warning\n"


def test_no_memory_is_told_apart(runs: Runs) -> None:
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        "bytearray(2**30)\n"
    )
    runs.run(code)
    assert runs.last()["reason"] == "out of memory: MemoryError, exit code 1"


def test_a_failed_attempt_is_followed_by_another(runs: Runs) -> None:
    code = COUNT + "sys.exit(0 if attempt == 3 else f'broken {attempt}')\n"
    runs.run(code, retries=5)
    assert runs.statuses() == [
        "Running",
        "Preparing",
        "Running",
        "Preparing",
        "Running",
        "Finalizing",
        "Completed",
    ]
    told = runs.events("supervisor")
    assert [event["attempt"] for event in told] == [1, 2, 2, 3, 3, 3, 3]
    assert told[1]["reason"] == "attempt 1: exit code 1"
    assert errors(runs) == ["broken 1", "broken 2"]
    assert runs.stored("outputs/attempts") == b"123"
    assert b"(amlplan: exit code 1; this is attempt 2 of 6)\n" in runs.log()


def test_the_last_attempt_counts(runs: Runs) -> None:
    runs.run(COUNT + "sys.exit(attempt)\n", retries=1)
    assert (runs.last()["status"], runs.last()["exit_code"]) == ("Failed", 2)
    assert runs.last()["attempt"] == 2
    assert runs.stored("outputs/attempts") == b"12"


def test_an_attempt_leaves_no_descriptor_open(runs: Runs) -> None:
    code = COUNT + f"if attempt < 4: sys.exit(1)\n{WAIT}"
    runs.start(code, retries=5)
    runs.await_ready()
    late = len(list(Path(f"/proc/{runs.supervisor()}/fd").iterdir()))
    runs.cancel()
    runs.await_end()
    runs.start(WAIT)
    runs.await_ready()
    assert late == len(list(Path(f"/proc/{runs.supervisor()}/fd").iterdir()))


def test_what_completed_is_not_tried_again(runs: Runs) -> None:
    runs.run(COUNT, retries=3)
    assert runs.statuses() == ["Running", "Finalizing", "Completed"]


def test_a_time_limit_is_for_all_attempts(runs: Runs) -> None:
    runs.prepare()
    command = ("sh", "-c", "sleep 0.1; exit 1")
    runs.jobs.submit(runs.job(*command, retries=1000, max_duration=3.0))
    runs.await_end()
    assert runs.last()["reason"] == "took longer than max_run_duration, 3 s"
    assert 1 < runs.last()["attempt"] < 1000


def test_a_canceled_run_is_not_tried_again(runs: Runs) -> None:
    gate = runs.base / "gate"
    code = COUNT + f"if attempt < 2 and not os.path.exists({json.dumps(str(gate))}): sys.exit(1)\n"
    runs.start(code + WAIT, retries=3)
    runs.await_ready()
    runs.cancel()
    runs.await_end()
    assert runs.last()["status"] == "Canceled"
    assert runs.last()["attempt"] == 2


def test_a_run_that_is_canceled_as_an_attempt_fails_is_canceled(runs: Runs) -> None:
    gate = json.dumps(str(runs.base / "gate"))
    code = COUNT + READY + f"import time\nwhile not os.path.exists({gate}): time.sleep(0.01)\n"
    runs.start(code + "sys.exit(3)", retries=3)
    runs.await_ready()
    assert wait_until(lambda: runs.kept()["guard"] is not None)
    os.kill(runs.supervisor(), signal.SIGSTOP)  # it hears of both at once
    (runs.base / "gate").touch()
    assert wait_until(lambda: not is_running(runs.kept()["guard"][0]))
    runs.cancel()
    runs.await_end()
    assert (runs.last()["status"], runs.last()["exit_code"]) == ("Canceled", 3)
    assert runs.last()["reason"] == "canceled after attempt 1: exit code 3"


def test_a_killed_script_is_tried_again(runs: Runs) -> None:
    code = COUNT + "if attempt == 1: os.kill(os.getpid(), 9)\n"
    runs.run(code, retries=1)
    assert runs.last()["status"] == "Completed"
    assert runs.events("supervisor")[1]["reason"] == "attempt 1: ended by signal 9 (SIGKILL)"


@pytest.mark.parametrize("when", ["first", "second"])
def test_a_supervisor_that_is_killed_in_an_attempt_is_not_replaced(runs: Runs, when: str) -> None:
    ends = "sys.exit(1)" if when == "second" else "pass"
    runs.start(COUNT + f"if attempt == 1: {ends}\n" + WAIT, retries=3)
    runs.await_ready()
    assert wait_until(lambda: runs.kept()["script"] is not None, 30)
    runs.kill()
    runs.finish()
    assert runs.last("control")["reason"] == "its supervisor was ended"
    assert runs.stored("outputs/attempts", "control") == (b"12" if when == "second" else b"1")


def test_history_takes_all_of_it_as_legal(runs: Runs) -> None:
    from amlplan.history import StatusChange
    from amlplan_state.runs.statuses import course_of

    runs.run(COUNT + "sys.exit(attempt < 2)\n", retries=1)
    changes = [
        StatusChange(event["status"], event["t"], attempt=event["attempt"])
        for event in runs.events("supervisor")
    ]
    assert course_of(changes).ignored == 0
