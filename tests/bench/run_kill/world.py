"""A workspace in which runs are killed, and what must be true of it afterwards."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.abilities import Share
from amlplan.history import FINAL
from amlplan.provider import ProviderContext
from amlplan.runs.due import bring_up_to_date
from amlplan.runs.follow import follow
from amlplan.runs.launch import launch
from amlplan.runs.place import RunPlace
from amlplan.runs.request import RunRequest
from amlplan_local.compute import LocalCompute
from amlplan_local.store import ContentStore
from amlplan_state.runs.store import SqliteHistory
from jobs_support import pids_naming
from local_workbench import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.history import RunDetail

POINTS = 40
LIMIT = 60.0
"""Seconds in which whatever a kill left has to have ended by itself."""
SCRIPT = f"""
import amlplan_run, json, os, time
with open(os.environ["LEDGER"], "a") as ledger:
    ledger.write(os.environ["AMLPLAN_RUN_ID"] + "\\n")
for number in range({POINTS}):
    amlplan_run.log("point", number * 7, step=number)
    with open(os.environ["AMLPLAN_RUN_LOG"], "a") as file:
        file.write(json.dumps({{"metric": "line", "value": number, "step": number}}) + "\\n")
    print(number, flush=True)
    time.sleep(0.002)
with open("outputs/model", "w") as model:
    model.write("whole")
"""
INTERPRETER = str(getattr(sys, "_base_executable", sys.executable))


@dataclass
class World:
    """One workspace, its runs, and a ledger of how often each script was started."""

    base: Path
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = self.base / "source"
        self.source.mkdir(parents=True)
        (self.source / "train.py").write_text(SCRIPT)
        self.ledger = self.base / "ledger"
        self.ledger.touch()
        self.folder = self.base / "workspace"
        self.folder.mkdir()

    def place(self) -> RunPlace:
        data, cache = self.base / "data", self.base / "cache"
        return RunPlace(
            name="main",
            folder=self.folder,
            history=SqliteHistory(self.folder),
            content=ContentStore(self.folder / "store", cache),
            jobs=LocalCompute(ProviderContext(self.source, data, cache)),
            data_folder=data,
            cache_folder=cache,
        )

    def run(self, *, follows: bool = True, max_runs: int | None = None) -> None:
        """What `amlplan run train.py` does once it knows what to do; blocks."""
        place = self.place()
        request = RunRequest(
            history="kill",
            name="train.py",
            source=self.source,
            interpreter=INTERPRETER,
            script="train.py",
            variables={"LEDGER": str(self.ledger)},
            share=Share("here", max_runs),
        )
        run = launch(request, place, self.source)
        if follows:
            follow(run.id, place, lambda _: None, lambda: None)
            place.history.sync(run.id, wait=True)

    def folders(self) -> set[Path]:
        runs = self.folder / "runs"
        return set(runs.iterdir()) if runs.is_dir() else set()

    def settle(self) -> None:
        """Do what the next command does, until nothing goes on any more."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            place = self.place()
            failures = bring_up_to_date(place)
            if not failures and not place.history.unfinished():
                return
            time.sleep(0.02)
        self.faults.append("something goes on for ever, or cannot be looked at")

    def check(self, folder: Path | None) -> str:
        """Look at what became of a run; gives its outcome, and notes what must not be."""
        if folder is None:
            return "no run"
        place = self.place()
        run = place.history.run(folder.name)
        self._check_processes(folder)
        self._check_course(run, folder)
        self._check_points(run, folder)
        summary = run.summary
        return summary.status + (f": {summary.reason}" if summary.reason else "")

    def _fault(self, run: RunDetail, text: str) -> None:
        self.faults.append(f"{run.summary.id}: {text}")

    def _check_processes(self, folder: Path) -> None:
        if not wait_until(lambda: not pids_naming(str(folder)), LIMIT):
            self.faults.append(f"{folder.name}: processes are left: {pids_naming(str(folder))}")

    def _check_course(self, run: RunDetail, folder: Path) -> None:
        if run.summary.status not in FINAL:
            self._fault(run, f"it is {run.summary.status}")
        if run.ignored or run.skipped:
            self._fault(run, f"{run.ignored} statuses ignored, {run.skipped} lines skipped")
        if (folder / "work").exists():
            self._fault(run, "its working folder is left")
        started = Counter(self.ledger.read_text().split())[run.summary.id]
        if started > 1:
            self._fault(run, f"its script was started {started} times")
        if run.summary.status == "Completed" and "outputs/model" not in run.outputs:
            self._fault(run, "its output was lost")

    def _check_points(self, run: RunDetail, folder: Path) -> None:
        """Every point that the script was told is recorded is there once, in its order."""
        history = self.place().history
        log = folder / "log.txt"
        text = log.read_text() if log.exists() else ""
        printed = [int(line) for line in text.splitlines() if line.isdecimal()]
        for name, factor in (("point", 7), ("line", 1)):
            points = history.series(run.summary.id, name)
            if [point.step for point in points] != list(range(len(points))):
                self._fault(run, f"steps of {name} are {[point.step for point in points]}")
            if any(point.value != (point.step or 0) * factor for point in points):
                self._fault(run, f"a value of {name} is another one")
            if len(points) < len(printed):
                self._fault(run, f"{len(points)} points of {name}, and {len(printed)} were printed")
            if run.summary.status == "Completed" and len(points) != POINTS:
                self._fault(run, f"{len(points)} points of {name}, though it completed")

    def check_queue(self) -> None:
        """See that nobody has a place in the queue any more, and that a slot is free."""
        tickets = self.base / "data" / "queue" / "tickets"
        if tickets.is_dir() and [path for path in tickets.iterdir() if path.name.isdecimal()]:
            self.run(max_runs=1)  # whoever is next takes away what the dead have left
            left = [path.name for path in tickets.iterdir() if path.name.isdecimal()]
            if left:
                self.faults.append(f"tickets are left: {left}")
