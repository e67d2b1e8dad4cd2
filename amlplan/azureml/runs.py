"""A run as an object: what it does, what it recorded, and its end."""

from __future__ import annotations

import codecs
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import RunError
from amlplan.history import FINAL
from amlplan.runs.canceling import cancel
from amlplan.runs.due import settle
from amlplan.runs.final_status import StatusTail
from amlplan.runs.follow import LogTail, check_there
from amlplan.runs.outputs import download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace

PAUSE, LOOK = 0.1, 1.0
"""Seconds between two looks at a run, and at whether anybody still looks after it."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What became of a run: `kind` is "status" with the new one, or "log" with more of its text."""

    run_id: str
    kind: str
    text: str
    reason: str | None = None


class Run:
    """A run that was submitted; `notes` tell what its user should know. Raises AmlplanError."""

    def __init__(self, run_id: str, place: RunPlace, notes: tuple[str, ...] = ()) -> None:
        self.id, self._place, self.notes = run_id, place, notes

    def detail(self) -> RunDetail:
        """Everything that is known of it now."""
        self._place.history.sync(self.id, wait=True)
        return self._place.history.run(self.id)

    @property
    def number(self) -> int | None:
        """Its number in its history."""
        return self.detail().summary.number

    @property
    def history(self) -> str:
        """The history that it is in."""
        return self.detail().summary.history

    @property
    def status(self) -> str:
        """Its status now: Running, Completed, Failed, Canceled, …."""
        return self.detail().summary.status

    def get_status(self) -> str:
        """Its status now."""
        return self.status

    def events(self) -> Iterator[RunEvent]:
        """Statuses and log as they come, to the end; blocks for the next."""
        folder = self._place.folder_of(self.id)
        log, tail = LogTail(folder / "log.txt"), StatusTail(folder)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        seen, looked = 0, time.monotonic()
        while True:
            has_ended = tail.final() is not None
            while data := log.read():
                yield RunEvent(self.id, "log", decoder.decode(data))
            detail = self.detail()
            for change in detail.statuses[seen:]:
                yield RunEvent(self.id, "status", change.status, change.reason)
            seen = len(detail.statuses)
            if has_ended or detail.summary.status in FINAL:
                return
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                check_there(self.id, folder)
                settle(self.id, self._place)
            time.sleep(PAUSE)

    def wait_for_completion(
        self,
        output: Callable[[str], object] | None = None,
        *,
        show_output: bool = False,
        raise_on_error: bool = True,
    ) -> RunDetail:
        """Everything that is known of it, once it ended; blocks until then.

        `output` gets its log in pieces; with `show_output` that is this program's standard output.
        Raises RunError where it did not complete, unless told otherwise.
        """
        if output is None and show_output:
            output = sys.stdout.write
        for event in self.events():
            if output is not None and event.kind == "log":
                output(event.text)
        detail = self.detail()
        summary = detail.summary
        if raise_on_error and summary.status != "Completed":
            why = summary.reason or f"exit code {summary.exit_code}"
            raise RunError("The run did not complete", f"{self.id} is {summary.status}: {why}.")
        return detail

    wait = wait_for_completion

    def get_metrics(self) -> dict[str, Any]:
        """The metrics by name: a value, or a list of them where it was logged more often."""
        found: dict[str, Any] = {}
        for name in self.detail().metrics:
            values = [point.value for point in self._place.history.series(self.id, name)]
            found[name] = values[0] if len(values) == 1 else values
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics by name, as `get_metrics` gives them."""
        return self.get_metrics()

    @property
    def tags(self) -> Mapping[str, str | None]:
        """Its tags."""
        return self.detail().tags

    @property
    def children(self) -> list[Run]:
        """Its child runs, in the order of their creation."""
        return [Run(child.id, self._place) for child in self.detail().children]

    def get_children(self) -> list[Run]:
        """Its child runs."""
        return self.children

    def download(self, folder: str | Path, path: str | None = None) -> list[Path]:
        """Copy its outputs into a folder, at or below `path` where given; gives the files."""
        place = Path(folder)
        copied = download(self.detail(), self._place.content, place, path)
        return [place / item.path for item in copied]

    def cancel(self) -> None:
        """Ask for its end; returns when asked. One that ended already is left alone."""
        if self.status not in FINAL:
            cancel(self.id, self._place)

    def __repr__(self) -> str:
        return f"Run({self.id!r})"
