from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import RunError
from amlplan.runs import follow as following
from amlplan.runs.final_status import StatusTail
from amlplan.runs.follow import LogTail, follow

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, *events: object) -> None:
    path = folder / "events" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for event in events:
            file.write(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")


def status(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "status", "status": name, **fields}


def test_a_log_is_read_as_it_grows(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "log.txt")
    assert tail.read() == b""
    with (tmp_path / "log.txt").open("ab") as log:
        log.write(b"one")
        log.flush()
        assert tail.read() == b"one"
        assert tail.read() == b""
        log.write(b"x" * (following.CHUNK + 5))
        log.flush()
    assert len(tail.read()) == following.CHUNK
    assert tail.read() == b"x" * 5


def test_the_last_status_is_found_once_its_line_is_whole(tmp_path: Path) -> None:
    tail = StatusTail(tmp_path)
    assert tail.final() is None
    line = json.dumps(status("Completed")).encode()
    write(tmp_path, "supervisor.jsonl", status("Running"), line[:10])
    assert tail.final() is None
    write(tmp_path, "supervisor.jsonl", line[10:] + b"\n")
    assert tail.final() == "Completed"


def test_what_is_no_status_of_the_run_is_passed_over(tmp_path: Path) -> None:
    tail = StatusTail(tmp_path)
    odd: list[object] = [
        b'{"type": "sta\n',
        b"[" * 100_000 + b"\n",
        b"\xff\n",
        [],
        status("Completed", run="r.1"),
        {"type": "tag", "status": "Completed"},
        {"type": "status", "status": ["Completed"]},
        {"type": "status"},
    ]
    write(tmp_path, "supervisor.jsonl", *odd)
    assert tail.final() is None
    write(tmp_path, "control.jsonl", status("Failed"))
    assert tail.final() == "Failed"


@dataclass
class Jobs:
    """A target whose job is lost, and ends when it is finished."""

    folder: Path
    finished: list[str] = field(default_factory=list)

    def pull(self, run_id: str, folder: Path) -> str:
        assert folder == self.folder
        return "ended" if self.finished else "lost"

    def finish_lost(self, run_id: str, folder: Path, store: Path) -> None:
        self.finished.append(run_id)
        write(folder, "control.jsonl", status("Failed"))


@dataclass
class Place:
    jobs: Jobs

    @property
    def content(self) -> Any:
        return self.jobs

    def folder_of(self, run_id: str) -> Path:
        return self.jobs.folder


def test_a_run_that_nobody_looks_after_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK", 0.0)
    write(tmp_path, "supervisor.jsonl", status("Running"))
    (tmp_path / "log.txt").write_bytes(b"said")
    jobs, said = Jobs(tmp_path), bytearray()
    place: Any = Place(jobs)
    assert follow("r", place, said.extend, lambda: None) == "Failed"
    assert (jobs.finished, bytes(said)) == (["r"], b"said")


def test_a_folder_that_was_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK", 0.0)
    place: Any = Place(Jobs(tmp_path / "removed"))
    with pytest.raises(RunError, match="folder was removed"):
        follow("r", place, lambda _: None, lambda: None)


def test_following_stops_where_the_check_raises(tmp_path: Path) -> None:
    place: Any = Place(Jobs(tmp_path))
    write(tmp_path, "supervisor.jsonl", status("Running"))

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow("r", place, lambda _: None, check)


def test_following_stops_also_where_the_log_never_ends(tmp_path: Path) -> None:
    place: Any = Place(Jobs(tmp_path))
    log = tmp_path / "log.txt"
    log.write_bytes(b"more")
    said: list[bytes] = []

    def write(data: bytes) -> None:
        said.append(data)
        assert len(said) < 100
        with log.open("ab") as file:
            file.write(b"more")

    def check() -> None:
        if len(said) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow("r", place, write, check)
