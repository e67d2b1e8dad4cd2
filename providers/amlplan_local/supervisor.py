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
from contextlib import suppress
from pathlib import Path
from typing import Any

from amlplan.processes import ProcessMark, mark_of
from amlplan_local.guarded import CANCELED, TOO_LONG, UNGUARDED, GuardedScript
from amlplan_local.run_events import EventFile, status
from amlplan_local.run_log import RunLog
from amlplan_local.run_service import RunService

TAKEN = b"taken\n"
HEARTBEAT = 5.0
"""Seconds between two touches of the run's `heartbeat`."""
RESERVE = 64 * 1024
"""Bytes held in the lock file and given back to a full disk, so that the end can be told."""


class Supervisor:
    """One run, from taking it over to its last status."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._folder = Path(task["folder"])
        self._is_canceled = False
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
            self._tell("Running")
        except OSError:
            self._folder.joinpath("supervisor.json").unlink()
            raise
        signal.setitimer(signal.ITIMER_REAL, HEARTBEAT, HEARTBEAT)

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
        service = RunService(
            self._task["run"], self._folder, self._task["store"], self._task["cache"]
        )
        final, reason, code = self._run(service)
        service.finish()
        if self._is_removed():
            return
        self._log.finish()
        self._tell("Finalizing", exit_code=code)
        not_kept = self._keep()
        if not_kept is None:
            # Before the last status: whoever waits for that may need the room.
            from amlplan_local.collecting import remove_folder

            remove_folder(self._folder.joinpath("work"))
        else:
            final, reason = "Failed", f"outputs could not be kept: {not_kept}"
        self._tell(final, reason, code)
        os.ftruncate(self._lock, 0)

    def _run(self, service: RunService) -> tuple[str, str | None, int | None]:
        """The status, reason and exit code that the script itself comes to."""
        if self._is_canceled:
            return "Canceled", "canceled before it started", None
        task = self._task
        script = GuardedScript(task["guard"], task["command"], self._folder.joinpath("work"))
        try:
            environment = {**os.environ, **task["variables"], **task["secrets"]}
            marks = script.start(service.environment(environment))
        except (OSError, ValueError) as failure:
            why = failure.strerror if isinstance(failure, OSError) else failure
            return "Failed", f"the script cannot be started: {why}", None
        with suppress(OSError):  # a full disk; only who finishes a lost run would wait for it
            self._write_marks(*marks)
        seconds = task["max_duration"]
        code, why_ended = script.follow(
            self._log, self._wakes, lambda: self._is_canceled, seconds, service
        )
        if why_ended == CANCELED:
            return "Canceled", None, code
        if why_ended == UNGUARDED:
            return "Failed", "the process that guards it was killed", None
        if why_ended == TOO_LONG:
            return "Failed", f"took longer than max_run_duration, {seconds:g} s", code
        return ("Failed", _reason(code), code) if code else ("Completed", None, code)

    def _keep(self) -> str | None:
        """Keep the outputs; why that could not be done, or None."""
        task = self._task
        try:
            from amlplan_local.collecting import keep_outputs
            from amlplan_local.store import ContentStore
        except ImportError as failure:  # amlplan was replaced or removed meanwhile
            return str(failure)
        return keep_outputs(
            self._folder,
            self._events,
            task["include"],
            task["max_size"],
            ContentStore(Path(task["store"]), Path(task["cache"])),
        )

    def _was_given_up(self) -> bool:
        """Whether somebody who found no supervisor has ended the run already."""
        try:
            lines = self._folder.joinpath("events", "control.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return False
        return any(b'"status"' in line and json.loads(line)["type"] == "status" for line in lines)

    def _tell(self, name: str, reason: str | None = None, exit_code: int | None = None) -> None:
        event = status(name, reason, exit_code)
        try:
            self._events.append(event)
        except OSError:
            os.ftruncate(self._lock, 0)
            self._events.append(event)
        self._events.sync()

    def _write_marks(self, guard: int | None = None, script: int | None = None) -> None:
        """Tell others who supervises, and what they need to finish a run that was left."""
        kept = {
            "run": self._task["run"],
            "mark": _fields(mark_of(os.getpid())),
            "guard": guard and _fields(mark_of(guard)),
            "script": script and _fields(mark_of(script)),
            "include": self._task["include"],
            "max_size": self._task["max_size"],
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
            self._folder.joinpath("heartbeat").touch()


def _fields(mark: ProcessMark | None) -> tuple[int, str, str] | None:
    return None if mark is None else (mark.pid, mark.started, mark.boot)


def _reason(code: int) -> str:
    number = code - 128
    if number in set(signal.Signals):
        return f"ended by signal {number} ({signal.Signals(number).name})"
    return f"exit code {code}"


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
