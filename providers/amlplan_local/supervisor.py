"""Supervises one run: owns its status, holds its script, keeps its log and its outputs.

Run by path under `python -I`, with the job as JSON on standard input; answers with a line on
standard output: `taken`, or why it cannot be started. Lives apart from whoever started it. Only
light modules are imported before the script runs.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.processes import ProcessMark, mark_of
from amlplan_local.elsewhere import bring, ending_elsewhere
from amlplan_local.endings import Ending, ending_of
from amlplan_local.guarded import GuardedScript
from amlplan_local.heartbeat import EVERY, beat
from amlplan_local.memory import KillsForMemory
from amlplan_local.run_events import EventFile, status
from amlplan_local.run_log import RunLog
from amlplan_local.run_service import RunService
from amlplan_local.script_log import AppendedLines, MarkedLines
from amlplan_local.script_output import ScriptOutput
from amlplan_local.shares import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

TAKEN = b"taken\n"
RESERVE = 64 * 1024
"""Bytes held in the lock file and given back to a full disk, so that the end can be told."""


class Supervisor:
    """One run, from taking it over to its last status."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._folder = Path(task["folder"])
        self._is_canceled = False
        self._attempt = 1
        self._waiting = Waiting(task, self._folder)
        self._wakes = self._listen()
        self._lock = os.open(
            self._folder.joinpath("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
        )

    def take_over(self) -> None:
        """Become the run's supervisor; raises OSError where that cannot be."""
        before = FileExistsError(errno.EEXIST, "the run was submitted before")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            raise before from failure
        if self._folder.joinpath("supervisor.json").exists():
            raise before
        if self._was_given_up():
            raise ProcessLookupError(errno.ESRCH, "the run was given up before it was taken over")
        os.write(self._lock, bytes(RESERVE))
        self._events = EventFile(self._folder.joinpath("events", "supervisor.jsonl"))
        self._log = RunLog(
            self._folder.joinpath("log.txt"), self._task["hidden"], self._task["log_limit"]
        )
        self._beat()
        self._write_marks()
        try:
            self._tell("Running" if self._waiting.begin() else "Queued")
        except OSError:
            self._folder.joinpath("supervisor.json").unlink()
            raise
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)

    def detach(self) -> None:
        """Let go of the streams of who started this; a defect is told in the run's log."""
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        os.dup2(null, 0)
        os.dup2(self._log.descriptor, 2)
        os.dup2(null, 1)
        os.close(null)

    def supervise(self) -> None:
        """Run the script to its end, keep what it made, and say how it ended; blocks.

        Where the run's folder was removed meanwhile, the script is ended and nothing is told.
        """
        if not self._waiting.is_over and not self._await_turn():
            return
        ending = self._run()
        self._waiting.end()
        if self._is_removed():
            return
        self._log.finish()
        self._tell("Finalizing", exit_code=ending.code)
        final, reason = ending.status, ending.reason
        not_brought = bring(self._task["afterwards"], self._folder)
        not_kept = not_brought or self._keep()
        if not_kept is None and final == "Completed":
            not_kept = self._upload()
        if not_kept is None:
            self._remove_work()  # before the last status: whoever waits for that may need the room
        elif not_brought is not None and final == "Canceled":
            self._remove_work()
            reason = f"what is in its container was not fetched: {not_brought}"
        else:
            final, reason = "Failed", f"outputs could not be kept: {not_kept}"
        self._tell(final, reason, ending.code)
        os.ftruncate(self._lock, 0)
        self._notify(final, reason, ending.code)

    def _await_turn(self) -> bool:
        """Wait in the queue; False where the run was canceled there, which is told."""
        if self._waiting.go_on(self._wakes, lambda: self._is_canceled):
            self._tell("Running")
            return True
        self._waiting.end()
        if not self._is_removed():
            self._remove_work()
            self._tell("Canceled", "canceled while it was queued")
            os.ftruncate(self._lock, 0)
            self._notify("Canceled", "canceled while it was queued", None)
        return False

    def _run(self) -> Ending:
        """What the script itself comes to, after the last of its attempts."""
        if self._is_canceled:
            return Ending("Canceled", "canceled before it started")
        task = self._task
        seconds = task["max_duration"]
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        run, hidden = task["run"], task["hidden"]
        output = ScriptOutput(
            self._log,
            MarkedLines(self._folder, run, hidden),
            AppendedLines(self._folder, run),
            hidden,
        )
        service = RunService(run, self._folder, task["store"], task["cache"])
        ending = self._try(output, deadline, service)
        while ending.may_help and self._attempt <= task["retries"] and not self._is_canceled:
            self._begin_again(str(ending.reason))
            ending = self._try(output, deadline, service)
        if ending.may_help and self._attempt <= task["retries"]:
            told = f"canceled after attempt {self._attempt}: {ending.reason}"
            ending = Ending("Canceled", told, ending.code)
        service.finish()
        self._with_room(output.finish)
        return ending

    def _try(self, output: ScriptOutput, deadline: float, service: RunService) -> Ending:
        """Run the script once."""
        task = self._task
        kills = KillsForMemory()
        own = {"AMLPLAN_RUN_ATTEMPT": str(self._attempt), **self._waiting.variables}
        try:
            script = GuardedScript(task["guard"], task["command"], self._folder.joinpath("work"))
            environment = {**os.environ, **task["variables"], **own, **task["secrets"]}
            marks = script.start(service.environment(environment))
        except (OSError, ValueError) as failure:
            why = failure.strerror if isinstance(failure, OSError) else failure
            return Ending("Failed", f"the script cannot be started: {why}")
        with suppress(OSError):  # a full disk; only who finishes a lost run would wait for it
            self._write_marks(*marks)
        code, why_ended = script.follow(
            output, self._wakes, lambda: self._is_canceled, deadline, service
        )
        errors = output.end_attempt()
        is_elsewhere = bool(task["afterwards"])
        killed = kills.happened() and not is_elsewhere
        ending = ending_of(code, why_ended, task["max_duration"], errors, killed=killed)
        if is_elsewhere:
            ending = ending_elsewhere(self._folder, self._attempt, ending)
        if ending.status == "Failed" and errors:
            told = {"type": "error", "name": "stderr", "text": errors, "attempt": self._attempt}
            self._with_room(lambda: self._events.append(told))
        return ending

    def _begin_again(self, why: str) -> None:
        """Tell of another attempt, in the events and in the log."""
        self._attempt += 1
        attempts = self._task["retries"] + 1
        told = f"\n(amlplan: {why}; this is attempt {self._attempt} of {attempts})\n"
        self._log.take(told.encode())
        self._tell("Preparing", f"attempt {self._attempt - 1}: {why}")
        self._tell("Running")

    def _remove_work(self) -> None:
        from amlplan_local.collecting import remove_folder

        remove_folder(self._folder.joinpath("work"))

    def _keep(self) -> str | None:
        """Keep the outputs; why that could not be done, or None."""
        task = self._task
        try:
            from amlplan_local.chosen import wanted_in
            from amlplan_local.collecting import keep_outputs
            from amlplan_local.store import ContentStore
        except ImportError as failure:  # amlplan was replaced or removed meanwhile
            return str(failure)
        return keep_outputs(
            self._folder,
            self._events,
            wanted_in(task["wanted"]),
            ContentStore(Path(task["store"]), Path(task["cache"])),
        )

    def _upload(self) -> str | None:
        """Copy outputs to where they go beside that; why that could not be done, or None."""
        uploads = self._task["wanted"]["uploads"]
        if not uploads:
            return None
        try:
            from amlplan_local.uploading import upload
        except ImportError as failure:  # amlplan was replaced or removed meanwhile
            return str(failure)
        return upload(self._folder / "work", uploads)

    def _notify(self, status: str, reason: str | None, exit_code: int | None) -> None:
        """Tell the end elsewhere, where that is asked for; the run has ended already."""
        webhook = self._task["webhook"]
        if webhook is None:
            return
        with suppress(ImportError):  # amlplan was replaced or removed meanwhile
            from amlplan.errors import ProviderError
            from amlplan_local.webhook import notify

            ending = {"status": status, "reason": reason, "exit_code": exit_code}
            with suppress(ProviderError):
                notify(self._folder, webhook, ending)

    def _was_given_up(self) -> bool:
        """Whether somebody who found no supervisor has ended the run already."""
        try:
            lines = self._folder.joinpath("events", "control.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return False
        return any(b'"status"' in line and json.loads(line)["type"] == "status" for line in lines)

    def _tell(self, name: str, reason: str | None = None, exit_code: int | None = None) -> None:
        event = status(name, reason, exit_code, self._attempt)
        if not self._with_room(lambda: self._events.append(event)):
            self._events.append(event)
        self._events.sync()

    def _with_room(self, write: Callable[[], None]) -> bool:
        """Write something, on a full disk in the room that is held for the end; whether it was."""
        for _ in range(2):
            try:
                write()
            except OSError:
                os.ftruncate(self._lock, 0)
            else:
                return True
        return False

    def _write_marks(self, guard: int | None = None, script: int | None = None) -> None:
        """Tell others who supervises, and what they need to finish a run that was left."""
        kept = {
            "run": self._task["run"],
            "mark": _fields(mark_of(os.getpid())),
            "guard": guard and _fields(mark_of(guard)),
            "script": script and _fields(mark_of(script)),
            "wanted": self._task["wanted"],
            "afterwards": self._task["afterwards"],
        }
        path = self._folder / "supervisor.json.new"
        with path.open("w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        path.replace(path.with_suffix(""))

    def _listen(self) -> int:
        """Take signals; gives the descriptor that is readable after each."""
        wakes, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._cancel)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGALRM, self._beat)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        return wakes

    def _cancel(self, *_: object) -> None:
        self._is_canceled = True

    def _is_removed(self) -> bool:
        """Whether the run's folder is gone, or its lock, which goes with all that is in it."""
        try:
            there = self._folder.joinpath("lock").stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return not os.path.samestat(there, os.fstat(self._lock))

    def _beat(self, *_: object) -> None:
        if self._is_removed():
            self._is_canceled = True
            return
        with suppress(OSError):  # a full disk, or the folder is being removed
            beat(self._folder)


def _fields(mark: ProcessMark | None) -> tuple[int, str, str] | None:
    return None if mark is None else (mark.pid, mark.started, mark.boot)


def main() -> None:
    """Leave the process that was started, take the job over and see it to its end."""
    if os.fork():
        return
    supervisor = Supervisor(json.loads(sys.stdin.buffer.read()))
    try:
        supervisor.take_over()
        answer = TAKEN
    except OSError as failure:
        answer = f"{failure.filename or ''} {failure.strerror}".encode(errors="replace")
    with suppress(OSError):  # that who started this is gone is no reason to end
        os.write(1, answer)
    if answer == TAKEN:
        supervisor.detach()
        supervisor.supervise()


if __name__ == "__main__":
    main()
