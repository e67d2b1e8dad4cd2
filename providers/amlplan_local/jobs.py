"""Jobs on this host: scripts, each under a supervisor that outlives the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.children import find_program
from amlplan.errors import ProviderError
from amlplan.files import locked
from amlplan.guard import GUARD, end_group
from amlplan.masking import forms_of
from amlplan.processes import ProcessMark, is_running, signal_process
from amlplan_local.chosen import Wanted, wanted_in
from amlplan_local.collecting import keep_outputs, remove_folder
from amlplan_local.elsewhere import bring, is_away, last_ending
from amlplan_local.heartbeat import is_silent
from amlplan_local.left_behind import are_left
from amlplan_local.run_events import EventFile, status
from amlplan_local.run_service import await_service
from amlplan_local.run_state import exit_code, has_outputs, is_final
from amlplan_local.script_log import NAME, VARIABLE, AppendedLines
from amlplan_local.shares import needs_of
from amlplan_local.store import ContentStore
from amlplan_local.turns import NOTE, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.abilities import Job, JobState

SUPERVISOR = str(Path(__file__).with_name("supervisor.py"))
LOCK = "lock"
"""The file in a run's folder whose kernel lock its supervisor holds, or who finishes the run."""
LOG_LIMIT = 1024**3
"""Bytes of output kept in a run's log, beside the end of what is beyond."""
NEVER_SUBMITTED = "amlplan was ended before it was submitted"
GUARD_ENDS = 10.0
"""Seconds within which a guard has ended a script, once its supervisor is gone."""
_OURS = ("PYTHON", "VIRTUAL_ENV", "__PYVENV", "AMLPLAN_")
"""How the names of variables begin that a script must not get from us."""


@dataclass(frozen=True, slots=True)
class _Supervised:
    """What a supervisor tells others: which processes are its own, and what is to be kept."""

    mark: ProcessMark
    guard: ProcessMark | None
    script: ProcessMark | None
    wanted: Wanted
    afterwards: tuple[str, ...] = ()


class LocalJobs:
    """Runs jobs as this user on this host; `cache_folder` may be deleted at any time.

    `queue_folder` is where jobs wait for each other.

    A log has `LOG_LIMIT` bytes at most, a line that says so where it is longer, and its end.
    """

    def __init__(self, cache_folder: Path, queue_folder: Path | None = None) -> None:
        self._cache_folder = cache_folder
        self._queue_folder = queue_folder or cache_folder / "queue"

    def submit(self, job: Job) -> None:
        """Start a supervisor; returns when it has taken the job over."""
        environment = clean_environment(os.environ)
        task = self._task(job, environment)
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", SUPERVISOR],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        except OSError as failure:
            raise _not_started(job, f"no process can be started: {failure.strerror}") from failure
        # The process itself ends at once: the supervisor is its child, and nobody's after that.
        answer, _ = process.communicate(json.dumps(task).encode())
        if answer != b"taken\n":
            lines = answer.decode(errors="replace").splitlines()
            raise _not_started(job, lines[-1].strip() if lines else "its supervisor ended at once")

    def pull(self, run_id: str, folder: Path) -> JobState:
        """How the job stands; everything is in the folder already."""
        supervised = _supervised(run_id, folder)
        # In this order: a supervisor that ends meanwhile has told the last status before.
        is_alive = supervised is not None and is_running(supervised.mark)
        try:
            if is_final(folder):
                if supervised is not None and not is_alive:
                    _remove_leavings(folder)
                return "ended"
        except OSError as failure:
            raise _unreadable(run_id, folder, failure.strerror or str(failure)) from failure
        if supervised is None:
            return "unknown"
        if not is_alive:
            return "lost"
        return "silent" if is_silent(folder) or is_away(folder) else "running"

    def place_in_queue(self, run_id: str, folder: Path) -> int | None:
        """The place of a job that waits, 1 being the next; None where it does not wait."""
        try:
            note = json.loads((folder / NOTE).read_bytes())
            return place_of(Path(note["folder"]), note["ticket"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as failure:
            raise _unreadable(run_id, folder / NOTE, str(failure)) from failure

    def cancel(self, run_id: str, folder: Path) -> None:
        """Ask the supervisor to end the script: gently, and after 4 seconds hard."""
        supervised = _supervised(run_id, folder)
        if supervised is None:
            raise ProviderError(
                "The run was never started",
                f"Nothing supervises {run_id} in {folder}, so there is nothing to cancel.",
            )
        told = signal_process(supervised.mark, signal.SIGTERM)
        signal_process(supervised.mark, signal.SIGCONT)  # one that was stopped hears it too
        if not told and is_running(supervised.mark):
            raise ProviderError(
                "The run cannot be canceled",
                f"The supervisor of {run_id}, process {supervised.mark.pid}, may not be told by "
                "this user. Cancel it as the user who started it.",
            )

    def finish_lost(self, run_id: str, folder: Path, store: Path) -> None:
        """Keep what is in the working folder, then tell the last status and remove the folder."""
        try:
            if self.pull(run_id, folder) in {"lost", "unknown"}:
                # A supervisor holds the lock for as long as it lives: it is not waited for.
                with locked(folder / LOCK, _leave_to_supervisor):
                    self._finish(run_id, folder, store)
        except _SupervisedError:
            return
        except OSError as failure:
            what_to_do = "Make that folder writable, with room in it, then try again."
            if not (folder / "events").is_dir():
                what_to_do = "Its events were removed: remove all of it, and the run is forgotten."
            raise ProviderError(
                "A lost run cannot be finished",
                f"The end of {run_id} cannot be recorded in {folder}: {failure.strerror}. "
                f"{what_to_do}",
            ) from failure

    def _finish(self, run_id: str, folder: Path, store: Path) -> None:
        """Finish it under the lock, as it is now."""
        state, supervised = self.pull(run_id, folder), _supervised(run_id, folder)
        if state == "unknown":
            _finish_unstarted(folder)
        elif state == "lost" and supervised is not None:
            _await_guard(run_id, supervised.guard)
            _end_unguarded(run_id, supervised.script)
            await_service(folder)
            os.truncate(folder / LOCK, 0)  # room for what is to be told, on a full disk
            not_brought = bring(supervised.afterwards, folder)
            if not_brought is not None:
                raise _not_brought(run_id, not_brought)
            self._finish_started(run_id, folder, supervised, store)

    def _finish_started(
        self, run_id: str, folder: Path, supervised: _Supervised, store: Path
    ) -> None:
        events = EventFile(folder / "events" / "control.jsonl")
        reason = "its supervisor was ended"
        try:
            not_kept = None
            AppendedLines(folder, run_id).finish()
            if not has_outputs(folder):
                not_kept = keep_outputs(
                    folder,
                    events,
                    supervised.wanted,
                    ContentStore(store, self._cache_folder),
                )
            if not_kept is not None:
                reason += f", and outputs could not be kept: {not_kept}"
            events.append(_last_status(folder, reason, not_kept))
            events.sync()
        finally:
            events.close()
        if not_kept is None:
            remove_folder(folder / "work")

    def _task(self, job: Job, environment: Mapping[str, str]) -> dict[str, Any]:
        """What the supervisor is told; raises ProviderError where the job cannot be started."""
        if not job.command:
            raise _not_started(job, "there is no command")
        work = job.folder / "work"
        for needed in (work, job.folder / "events"):
            if not needed.is_dir():
                raise _not_started(job, f"the folder {needed} is missing")
        path = environment.get("PATH", os.defpath)
        first = {} if job.programs is None else {"PATH": f"{job.programs}{os.pathsep}{path}"}
        variables = {
            "PYTHONUNBUFFERED": "1",
            **first,
            **job.variables,
            "AMLPLAN_RUN_ID": job.run_id,
            "AMLPLAN_RUN_EVENTS": str(job.folder.absolute() / "events"),
            VARIABLE: str(job.folder.absolute() / NAME),
        }
        for text in (*job.command, *variables.items(), *job.secrets.items()):
            if "\0" in "".join(text):
                raise _not_started(job, "its command or environment holds a zero byte")
        try:
            # Of a script elsewhere, this user's choice among the devices of this host says nothing.
            seen = {} if job.afterwards else environment
            needs = needs_of(job, seen)
        except ValueError as failure:
            raise _not_started(job, str(failure)) from failure
        program = find_program(job.command[0], {**environment, **variables}, work)
        hook = job.webhook
        secrets = {*job.secrets.values(), *job.masked, *([hook.url] if hook is not None else [])}
        return {
            "run": job.run_id,
            "folder": str(job.folder.absolute()),
            "store": str(job.store.absolute()),
            "cache": str(self._cache_folder.absolute()),
            "guard": [sys.executable, "-I", "-S", GUARD],
            "command": [program, *job.command[1:]],
            "variables": variables,
            "secrets": dict(job.secrets),
            "hidden": sorted(form for secret in secrets for form in forms_of(secret)),
            "wanted": asdict(
                Wanted(
                    job.include,
                    job.max_size,
                    job.exclude,
                    by_reference=job.by_reference,
                    uploads=dict(job.uploads),
                )
            ),
            "max_duration": job.max_duration,
            "webhook": None if hook is None else asdict(hook),
            "retries": job.retries,
            "queue": str(self._queue_folder.absolute()),
            "needs": asdict(needs),
            "log_limit": LOG_LIMIT,
            "afterwards": list(job.afterwards),
        }


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what amlplan, its Python, or an active virtual one put there."""
    clean = {name: value for name, value in environment.items() if not name.startswith(_OURS)}
    active = environment.get("VIRTUAL_ENV")
    if active and "PATH" in clean:
        folders = clean["PATH"].split(os.pathsep)
        clean["PATH"] = os.pathsep.join(
            folder for folder in folders if Path(folder) != Path(active) / "bin"
        )
    return clean


def _supervised(run_id: str, folder: Path) -> _Supervised | None:
    path = folder / "supervisor.json"
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise _unreadable(run_id, path, failure.strerror or str(failure)) from failure
    try:
        kept = json.loads(text)
        guard = kept["guard"] and ProcessMark(*kept["guard"])
        script = kept["script"] and ProcessMark(*kept["script"])
        mark = ProcessMark(*kept["mark"])
        afterwards = tuple(map(str, kept.get("afterwards", ())))
        return _Supervised(mark, guard, script, wanted_in(kept["wanted"]), afterwards)
    except (ValueError, TypeError, KeyError) as failure:
        raise _unreadable(run_id, path, "it is not what a supervisor writes") from failure


class _SupervisedError(Exception):
    """Somebody else holds the lock of a run."""


def _leave_to_supervisor() -> None:
    raise _SupervisedError


def _last_status(folder: Path, reason: str, not_kept: str | None) -> dict[str, Any]:
    """The status of a run that nobody supervised at its end.

    A script that ended elsewhere, by itself, ended as its container tells.
    """
    ending = last_ending(folder)
    if ending is None:
        return status("Failed", reason, exit_code(folder))
    if ending.code == 0 and not_kept is None:
        return status("Completed", None, 0)
    return status("Failed", ending.reason or f"exit code {ending.code}, and {reason}", ending.code)


def _not_brought(run_id: str, why: str) -> ProviderError:
    return ProviderError(
        "A lost run cannot be finished",
        f"What {run_id} left in its container cannot be brought back: {why} It is tried again by "
        "the next command that looks at runs.",
    )


def _finish_unstarted(folder: Path) -> None:
    """End a run that no supervisor took over; one that comes later finds it ended."""
    events = EventFile(folder / "events" / "control.jsonl")
    try:
        events.append(status("Failed", NEVER_SUBMITTED))
        events.sync()
    finally:
        events.close()
    if (folder / "work").exists():
        remove_folder(folder / "work")


def _remove_leavings(folder: Path) -> None:
    """Remove the working folder where its outputs are kept: a kill may have come before."""
    if (folder / "work").exists() and has_outputs(folder):
        remove_folder(folder / "work")


def _await_guard(run_id: str, guard: ProcessMark | None) -> None:
    """Wait until the script is ended, which its guard began to do when the supervisor was."""
    deadline = time.monotonic() + GUARD_ENDS
    while guard is not None and is_running(guard):
        if time.monotonic() > deadline:
            raise ProviderError(
                "A lost run cannot be finished",
                f"The script of {run_id} is still there: process {guard.pid} has not ended it. End "
                "that process and those below it, then try again.",
            )
        time.sleep(0.02)


def _end_unguarded(run_id: str, script: ProcessMark | None) -> None:
    """End a script, or what is left of its group, where its guard was killed too."""
    if script is not None and (is_running(script) or are_left(script.pid, run_id)):
        end_group(script.pid, reaped=True)


def _unreadable(run_id: str, path: Path, why: str) -> ProviderError:
    return ProviderError(
        "A run cannot be looked at",
        f"{path}, which tells how {run_id} stands, cannot be read: {why}. Make it readable, then "
        "try again.",
    )


def _not_started(job: Job, why: str) -> ProviderError:
    return ProviderError(
        "The run cannot be started",
        f"{job.run_id} cannot be started in {job.folder}: {why}. Correct that, then run it again.",
    )
