"""Where the files of a workspace's runs and history are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EDGES = "edges.jsonl"
"""What the file of edges is called among the ingested files; those of runs hold a slash."""
_CHILD = re.compile(r"(.+)\.\d+")
_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
"""As long as the name of a folder may be."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files in a workspace's folder."""

    folder: Path
    shared_logs: Path | None = None
    """Where the logs of runs that ended are put for other hosts, where there are any."""

    @property
    def runs(self) -> Path:
        """One folder per run."""
        return self.folder / "runs"

    @property
    def history(self) -> Path:
        """The folder of the database and of the edges."""
        return self.folder / "history"

    @property
    def database(self) -> Path:
        """The view."""
        return self.history / "history.sqlite"

    @property
    def edges(self) -> Path:
        """The truth about lineage."""
        return self.history / EDGES

    @property
    def ingest_lock(self) -> Path:
        """Held by the one process that takes in event files."""
        return self.history / "ingest.lock"

    @property
    def write_lock(self) -> Path:
        """Shared by all that write; held alone while a rebuild takes its last look."""
        return self.history / "write.lock"

    @property
    def place_lock(self) -> Path:
        """Held while a database is put where there is none, or none that is whole."""
        return self.history / "place.lock"

    def events(self, root: str) -> Path:
        """The folder of a run's event files."""
        return self.runs / root / "events"

    def control(self, root: str) -> Path:
        """The event file of the command line."""
        return self.events(root) / "control.jsonl"

    def log(self, root: str) -> Path:
        """What a run's script printed."""
        return self.runs / root / "log.txt"

    def file(self, name: str) -> Path:
        """The file that is called so among the ingested files."""
        if name == EDGES:
            return self.edges
        root, _, file = name.partition("/")
        return self.events(root) / file

    def names(self, root: str) -> list[str]:
        """What the event files of a run are called among the ingested files."""
        try:
            files = [path.name for path in self.events(root).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(f"{root}/{name}" for name in files if name.endswith(".jsonl"))

    def roots(self) -> list[str]:
        """The ids of all runs that have a folder."""
        try:
            names = [path.name for path in self.runs.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if _RUN.fullmatch(name))

    def root_of(self, run_id: str) -> str | None:
        """The run in whose folder a run is: itself, or what a child belongs to; None if none."""
        root = run_id
        while _RUN.fullmatch(root):
            if self.events(root).is_dir():
                return root
            found = _CHILD.fullmatch(root)
            if found is None:
                return None
            root = found[1]
        return None
