"""Where the events of this process go, under amlplan and without it."""

import os
import sys

from amlplan_run.events import EventFile, NotRecordedError
from amlplan_run.values import UnfitError, shown, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Optional

    Fields = Dict[str, object]

ALONE = "amlplan-run.jsonl"
_COMPLAINTS = 10
"""How many are told on standard error; the run has them all."""
_SHOWN = 100


class Recorder:
    """Takes the events of all runs of this process, and never lets a failure out."""

    def __init__(self) -> None:
        events = os.environ.get("AMLPLAN_RUN_EVENTS", "")
        self.is_alone = not events
        self.folder = os.path.abspath(events) if events else _current_folder()
        self.work = self.folder if self.is_alone else _work_beside(self.folder)
        self.process = os.getpid()
        self.children: "Dict[str, int]" = {}
        self._file: "Optional[EventFile]" = None
        self._complaints = 0
        self._has_said_so = False

    def record(
        self, run: "Optional[str]", kind: str, name: object, make: "Callable[[], Fields]"
    ) -> None:
        """Append one event of a run, None being the run of the script itself.

        `make` gives its fields; what it raises, and what the disk refuses, becomes a complaint
        about `name`.
        """
        try:
            event: "Fields" = {"type": kind} if run is None else {"type": kind, "run": run}
            event.update(make())
            self._events().append(event)
            if self.is_alone:
                self._show(event)
        except NotRecordedError as failure:
            self._say("%s could not be recorded: %s" % (kind, failure))
        except Exception as failure:  # noqa: BLE001 - whatever the methods of a value raise
            why = str(failure) if isinstance(failure, UnfitError) else described(failure)
            self._complain(run, "%s %s was not recorded: %s" % (kind, _short(name), why[:1000]))

    def _complain(self, run: "Optional[str]", complaint: str) -> None:
        self._say(complaint)
        event: "Fields" = {"type": "error", "text": complaint}
        if run is not None:
            event["run"] = run
        try:
            self._events().append(event)
        except Exception as failure:  # noqa: BLE001 - there is no other place to record it
            self._say(described(failure))

    def _events(self) -> EventFile:
        """The file of this process; one that was forked off starts its own."""
        if self._file is None or self._file.process != os.getpid():
            self._file = EventFile(self.folder, ALONE if self.is_alone else None)
        return self._file

    def _show(self, event: "Fields") -> None:
        if not self._has_said_so:
            self._has_said_so = True
            path = os.path.join(self.folder, ALONE)
            _print(sys.stdout, "not started by amlplan, so this is recorded in %s" % path)
        _print(sys.stdout, shown(event))

    def _say(self, complaint: str) -> None:
        self._complaints += 1
        if self._complaints <= _COMPLAINTS:
            _print(sys.stderr, complaint)
        if self._complaints == _COMPLAINTS:
            _print(sys.stderr, "from now on, such complaints are recorded only")


def described(failure: BaseException) -> str:
    """An exception in one line."""
    try:
        said = str(failure)
    except Exception:  # noqa: BLE001 - a defect of user code must not stop its training
        said = ""
    return "%s: %s" % (type(failure).__name__, said) if said else type(failure).__name__


def _short(name: object) -> str:
    try:
        named = text(name)
    except Exception as failure:  # noqa: BLE001 - the same
        return "(%s)" % described(failure)
    return ascii(named if len(named) <= _SHOWN else named[:_SHOWN] + "...")


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return os.curdir


def _work_beside(events: str) -> str:
    work = os.path.join(os.path.dirname(events), "work")
    return work if os.path.isdir(work) else _current_folder()


def _print(stream: object, line: str) -> None:
    try:
        stream.write("amlplan_run: %s\n" % line)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001, S110 - a stream that is closed has nobody to tell it to
        pass
