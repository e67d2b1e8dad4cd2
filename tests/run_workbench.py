"""Runs user scripts that record with amlplan_run, and reads what they recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).resolve().parents[1] / "providers"
RUN = "digits_1700000000_0a1b2c3d"

Event = dict[str, Any]


def events_in(path: Path) -> list[Event]:
    """The whole lines of an event file; a torn last line is none."""
    lines = path.read_bytes().split(b"\n")[:-1]
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


@dataclass
class Script:
    """A folder of a run, where scripts are executed as amlplan does it, or without amlplan."""

    folder: Path

    def __post_init__(self) -> None:
        self.events_folder = self.folder / "run" / "events"
        self.work = self.folder / "run" / "work"
        self.events_folder.mkdir(parents=True)
        (self.work / "outputs").mkdir(parents=True)

    def environment(self, *, alone: bool = False, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "AMLPLAN" not in name}
        kept |= {"PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1"}
        ours = {"AMLPLAN_RUN_ID": RUN, "AMLPLAN_RUN_EVENTS": str(self.events_folder)}
        return kept | ({} if alone else ours) | more

    def run(
        self, code: str, *, python: str = sys.executable, alone: bool = False, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Execute a script to its end; it has to succeed."""
        done = subprocess.run(
            [python, "-c", code],
            cwd=self.work,
            env=self.environment(alone=alone, **environment),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done

    def start(self, code: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.work,
            env=self.environment(),
            stdout=subprocess.PIPE,
        )

    def files(self) -> list[Path]:
        return sorted(self.events_folder.glob("*.jsonl"))

    def events(self, kind: str | None = None) -> list[Event]:
        """The events of all files, of one kind or of all."""
        every = [event for path in self.files() for event in events_in(path)]
        return [event for event in every if kind is None or event["type"] == kind]

    def values(self, kind: str = "metric") -> list[tuple[str, Any]]:
        return [
            (event["name"], event["value"] if "value" in event else event["values"])
            for event in self.events(kind)
        ]
