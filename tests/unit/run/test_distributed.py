"""Processes of a run that are started together, under every Python, and end together."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan_run import distributed
from interpreters import VERSIONS, interpreter
from run_workbench import PACKAGES

if TYPE_CHECKING:
    from pathlib import Path

TORCH = {"type": "torch", "processes": 3}
FAILING = """
import os, signal, sys, time
rank, folder = os.environ["RANK"], sys.argv[1]
def note(word):
    open("%s/%s-%s" % (folder, word, rank), "w").close()
def end(*_):
    note("end")
    os._exit(0)
if rank == "2":  # it fails once the others are where they can be asked to end
    while len(os.listdir(folder)) < 2:
        time.sleep(0.02)
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
note("ready")
time.sleep(600)
"""


def run(
    specification: object, *program: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "amlplan_run.distributed", json.dumps(specification), *program],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(PACKAGES), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_each_process_is_told_its_place(version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    code = (
        "import os, sys; e = os.environ;"
        "sys.stdout.write('%s of %s at %s\\n' % (e['RANK'], e['WORLD_SIZE'], e['MASTER_ADDR']))"
    )
    done = run(TORCH, python, "-c", code, python=python)
    told = sorted(done.stdout.splitlines())
    assert told == [f"{rank} of 3 at 127.0.0.1" for rank in range(3)], done.stderr
    assert done.returncode == 0


def test_the_first_that_fails_ends_the_others(tmp_path: Path) -> None:
    done = run(TORCH, sys.executable, "-c", FAILING, str(tmp_path))
    assert done.returncode == 7, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"ready-0", "ready-1", "end-0", "end-1"}


def test_a_signal_is_a_code_as_shells_have_it() -> None:
    code = "import os; os.kill(os.getpid(), 9)"
    assert run(TORCH, sys.executable, "-c", code).returncode == 137


def test_servers_end_with_the_workers() -> None:
    code = (
        "import json, os, sys, time\n"
        "told = json.loads(os.environ['TF_CONFIG'])\n"
        "if told['task']['type'] == 'ps': time.sleep(600)\n"
        "sys.stdout.write('%d %d\\n' % (told['task']['index'], len(told['cluster']['ps'])))\n"
    )
    specification = {"type": "parameter_server", "workers": 2, "servers": 2}
    done = run(specification, sys.executable, "-c", code)
    assert sorted(done.stdout.splitlines()) == ["0 2", "1 2"]
    assert done.returncode == 0
    alone = run(
        {**specification, "servers": 0}, sys.executable, "-c", "import os; os.environ['TF_CONFIG']"
    )
    assert alone.returncode == 0


def test_a_program_that_is_none() -> None:
    done = run(TORCH, "/nowhere/at/all")
    assert done.returncode == 126
    assert "/nowhere/at/all cannot be started: No such file or directory" in done.stderr


def test_who_does_not_end_when_asked_is_killed_whatever_the_clock_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    monkeypatch.setattr(distributed, "PATIENCE", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 0.0)  # as one that is set back again and again
        distributed._end([process])
    assert process.returncode == -signal.SIGKILL
    process.stdout.close()
