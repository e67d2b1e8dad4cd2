from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.abilities import RunsJobs
from amlplan.errors import ProviderError
from amlplan.masking import MASK
from amlplan.provider import has
from amlplan_local import jobs as local_jobs
from amlplan_local.compute import LocalCompute
from jobs_support import READY, SECRET, WAIT, pids_naming
from local_workbench import Workbench, is_running, wait_until

if TYPE_CHECKING:
    from jobs_support import Runs

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)


def test_a_script_runs_to_its_end_and_its_outputs_are_kept(runs: Runs) -> None:
    folder = runs.run("print('hello'); open('outputs/a.txt', 'w').write('kept')")
    assert runs.statuses() == ["Running", "Finalizing", "Completed"]
    assert (runs.last()["exit_code"], runs.last()["reason"]) == (0, None)
    assert runs.log() == b"hello\n"
    assert runs.stored("outputs/a.txt") == b"kept"
    assert runs.outputs()["sizes"] == {"outputs/a.txt": 4}
    assert not (folder / "work").exists()
    lines = (folder / "events/supervisor.jsonl").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(4))


def test_the_local_compute_target_runs_jobs(tmp_path: Path, runs: Runs) -> None:
    compute = LocalCompute(Workbench(tmp_path / "bench").context)
    assert has(compute, RunsJobs)
    runs.prepare()
    compute.submit(runs.job("true"))
    runs.await_end()
    compute.cancel("r1", runs.folder())
    compute.finish_lost("r1", runs.folder(), runs.store)
    assert compute.pull("r1", runs.folder()) == "ended"
    assert runs.statuses()[-1] == "Completed"


def test_submitting_does_not_wait_for_the_script(runs: Runs) -> None:
    runs.start(WAIT)
    assert runs.statuses() == ["Running"]
    assert runs.state() == "running"
    assert is_running(runs.supervisor())
    assert (runs.folder() / "heartbeat").exists()


@pytest.mark.parametrize(
    ("ending", "code", "reason"),
    [
        ("sys.exit(3)", 3, "exit code 3"),
        ("sys.exit(255)", 255, "exit code 255"),
        ("os.kill(os.getpid(), 9)", 137, "ended by signal 9 (SIGKILL)"),
        ("os.abort()", 134, "ended by signal 6 (SIGABRT)"),
    ],
)
def test_a_failure_has_its_code_and_reason(runs: Runs, ending: str, code: int, reason: str) -> None:
    runs.run(f"import os, sys; {ending}")
    assert (runs.last()["status"], runs.last()["exit_code"]) == ("Failed", code)
    assert runs.last()["reason"] == reason


def test_what_a_failed_script_wrote_is_kept_too(runs: Runs) -> None:
    runs.run("open('outputs/half', 'w').write('1'); raise SystemExit(1)")
    assert runs.stored("outputs/half") == b"1"


@pytest.mark.parametrize("command", [("no-such-command",), ()], ids=["missing", "empty"])
def test_a_command_that_is_not_there_is_explained(runs: Runs, command: tuple[str, ...]) -> None:
    runs.prepare()
    with pytest.raises(ProviderError, match=r"no-such-command|there is no command"):
        runs.jobs.submit(runs.job(*command))
    assert runs.state() == "unknown"


def test_a_file_that_is_no_program_fails_the_run(runs: Runs) -> None:
    runs.prepare({"tool": b"\0\1\2"})
    (runs.folder() / "work/tool").chmod(0o755)
    runs.jobs.submit(runs.job("./tool"))
    runs.await_end()
    assert (runs.last()["status"], runs.last()["exit_code"]) == ("Failed", 126)
    assert b"cannot be started: Exec format error" in runs.log()


def test_too_many_variables_fail_the_run(runs: Runs) -> None:
    runs.run("pass", variables={f"V{number}": "x" * 100_000 for number in range(40)})
    assert runs.last()["reason"] == "the script cannot be started: Argument list too long"


def test_a_run_is_submitted_once(runs: Runs) -> None:
    runs.start(WAIT)
    with pytest.raises(ProviderError, match="was submitted before"):
        runs.jobs.submit(runs.job("true"))
    runs.cancel()
    runs.await_end()
    (runs.folder() / "work").mkdir()
    with pytest.raises(ProviderError, match="was submitted before"):
        runs.jobs.submit(runs.job("true"))
    assert runs.statuses() == ["Running", "Finalizing", "Canceled"]


def test_a_job_that_makes_no_sense_is_refused(runs: Runs) -> None:
    runs.prepare()
    job = runs.job("true")
    with pytest.raises(ProviderError, match="zero byte"):
        runs.jobs.submit(replace(job, variables={"A": "\0"}))
    (runs.folder() / "work/outputs").rmdir()
    (runs.folder() / "work/logs").rmdir()
    (runs.folder() / "work").rmdir()
    with pytest.raises(ProviderError, match="work is missing"):
        runs.jobs.submit(job)


def test_a_folder_that_cannot_be_written_is_told(runs: Runs) -> None:
    runs.prepare()
    (runs.folder() / "log.txt").mkdir()
    with pytest.raises(ProviderError, match=r"log\.txt Is a directory"):
        runs.jobs.submit(runs.job("true"))
    assert runs.state() == "unknown"


def test_the_environment_is_clean(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("VIRTUAL_ENV", "/our/venv")
    monkeypatch.setenv("PATH", f"/our/venv/bin:{os.environ['PATH']}")
    monkeypatch.setenv("AMLPLAN_VAR_password", "ours")
    monkeypatch.setenv("HARMLESS", "stays")
    code = "import json, os; json.dump(dict(os.environ), open('outputs/environment', 'w'))"
    folder = runs.run(code, variables={"MINE": "1"}, secrets={"TOKEN": SECRET})
    found = json.loads(runs.stored("outputs/environment"))
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "AMLPLAN_VAR_password"} & set(found)
    assert "/our/venv/bin" not in found["PATH"].split(":")
    assert (found["HARMLESS"], found["MINE"], found["TOKEN"]) == ("stays", "1", SECRET)
    assert found["AMLPLAN_RUN_ID"] == "r1"
    assert found["AMLPLAN_RUN_EVENTS"] == str(folder / "events")
    assert found["PYTHONUNBUFFERED"] == "1"


def test_buffering_stays_as_the_user_set_it(runs: Runs) -> None:
    runs.run("import os; print(os.environ['PYTHONUNBUFFERED'])", variables={"PYTHONUNBUFFERED": ""})
    assert runs.log() == b"\n"


def test_no_secret_is_left_anywhere(runs: Runs) -> None:
    code = (
        "import base64, json, os, sys, time\n"
        "token = os.environ['TOKEN']\n"
        "print(token, json.dumps(token), base64.b64encode(token.encode()).decode())\n"
        "os.write(1, token[:7].encode()); time.sleep(0.3); os.write(2, token[7:].encode())\n"
        "print('masked too: other-value'); print('cut: ' + token[:-1])\n" + WAIT
    )
    folder = runs.start(code, secrets={"TOKEN": SECRET}, masked=("other-value",))
    runs.await_ready()
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_there(path)]
    assert any(b"supervisor.py" in line for line in lines)
    assert not any(SECRET.encode() in line for line in lines)
    environments = {pid: _environment(pid) for pid in pids_naming(str(folder))}
    assert SECRET.encode() not in Path(f"/proc/{runs.supervisor()}/environ").read_bytes()
    assert any(SECRET.encode() in environment for environment in environments.values())
    runs.cancel()
    runs.await_end()
    for path in runs.base.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    mask = MASK.encode()
    lines = runs.log().splitlines()
    assert lines[0] == mask + b' "' + mask + b'" ' + mask
    assert lines[1] == mask + b"masked too: " + mask
    assert lines[2] == b"cut: " + SECRET[:-1].encode()


def _is_there(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def test_output_comes_to_the_log_while_the_script_runs(runs: Runs) -> None:
    runs.start("print('first'); " + WAIT, secrets={"TOKEN": SECRET})
    assert wait_until(lambda: runs.log() == b"first\n")


def test_binary_output_is_kept_as_it_is(runs: Runs) -> None:
    runs.run("import os; os.write(1, bytes(range(256)) * 2)", secrets={"TOKEN": SECRET})
    assert runs.log() == bytes(range(256)) * 2


def test_a_flood_takes_no_memory_and_stops_at_the_limit(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_jobs, "LOG_LIMIT", 1_000_000)
    code = (
        "import os\n"
        "for _ in range(2000): os.write(1, b'x' * 65535 + b'\\n')\n"
        "os.write(2, b'the error\\n')\n" + WAIT
    )
    runs.start(code, secrets={"TOKEN": SECRET})
    runs.await_ready()
    told = Path(f"/proc/{runs.supervisor()}/status").read_text()
    peak = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM"))
    assert peak < 60_000, "kB, of which Python itself takes a third; the flood was 131,000"
    assert b"the log is limited to 1000000 bytes" in runs.log()
    runs.cancel()
    runs.await_end()
    assert runs.log().endswith(b"x\nthe error\n")
    assert b"bytes are left out here" in runs.log()
    assert len(runs.log()) < 1_100_000


def test_a_grandchild_that_holds_the_streams_does_not_keep_the_run(runs: Runs) -> None:
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    open('outputs/pid', 'w').write(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "while not os.path.exists('outputs/pid'): time.sleep(0.01)\n"
        "print('done')\n"
    )
    started = time.monotonic()
    runs.run(code)
    assert time.monotonic() - started < 30
    assert runs.log() == b"done\n"
    os.kill(int(runs.stored("outputs/pid")), signal.SIGKILL)


def test_children_of_the_script_end_with_it(runs: Runs) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('outputs/pid', 'w').write(str(child.pid))\n"
    )
    runs.run(code)
    assert not is_running(int(runs.stored("outputs/pid")))


def test_a_script_that_closes_its_descriptors_is_followed_to_its_end(runs: Runs) -> None:
    code = "import os, time; os.closerange(0, 50); time.sleep(0.5); os._exit(5)"
    runs.run(code)
    assert runs.last()["exit_code"] == 5


def test_a_canceled_script_is_asked_first(runs: Runs) -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)))\n" + WAIT
    )
    runs.start(code)
    runs.await_ready()
    runs.cancel()
    runs.cancel()
    runs.await_end()
    runs.cancel()
    assert runs.log() == b"bye\n"
    assert runs.statuses() == ["Running", "Finalizing", "Canceled"]
    assert "outputs/ready" in runs.outputs()["files"]


def test_a_script_that_does_not_listen_is_ended(runs: Runs) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT
    runs.start(code)
    runs.await_ready()
    runs.cancel()
    runs.await_end()
    assert (runs.last()["status"], runs.last()["exit_code"]) == ("Canceled", 137)


def test_a_script_that_takes_too_long_is_ended(runs: Runs) -> None:
    runs.run(WAIT, max_duration=0.5)
    assert runs.last()["status"] == "Failed"
    assert runs.last()["reason"] == "took longer than max_run_duration, 0.5 s"
    assert "outputs/ready" in runs.outputs()["files"]


def test_a_cancel_that_comes_after_the_script_changes_nothing(runs: Runs) -> None:
    files = {f"outputs/{number}": os.urandom(20_000) for number in range(100)}
    runs.start("pass", files)
    assert wait_until(lambda: "Finalizing" in runs.statuses())
    runs.cancel()
    runs.await_end()
    assert runs.statuses() == ["Running", "Finalizing", "Completed"]
    assert set(runs.outputs()["files"]) == set(files)


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02, 0.05])
def test_a_cancel_at_the_start_ends_the_run(runs: Runs, delay: float) -> None:
    runs.start(WAIT)
    time.sleep(delay)
    runs.cancel()
    runs.await_end()
    assert runs.statuses() == ["Running", "Finalizing", "Canceled"]


def test_there_is_nothing_to_cancel_before_a_run_is_started(runs: Runs) -> None:
    runs.prepare()
    with pytest.raises(ProviderError, match="nothing to cancel"):
        runs.cancel()


def test_a_supervisor_survives_the_terminal(runs: Runs) -> None:
    runs.start(READY + "import time; time.sleep(0.5)")
    supervisor = runs.supervisor()
    assert os.getsid(supervisor) != os.getsid(0)
    os.kill(supervisor, signal.SIGHUP)
    runs.await_end()
    assert runs.statuses()[-1] == "Completed"


def test_a_broken_mark_is_explained(runs: Runs) -> None:
    runs.prepare()
    broken = (
        '{"mark": [1], "guard": null, "script": null, "wanted": {"include": [], "max_size": 1}}'
    )
    for text in ("", "[]", "{}", broken):
        (runs.folder() / "supervisor.json").write_text(text)
        with pytest.raises(ProviderError, match=r"supervisor\.json"):
            runs.state()
    (runs.folder() / "supervisor.json").unlink()
