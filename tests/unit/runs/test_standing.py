from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import HistoryError
from amlplan.processes import mark_of
from amlplan.runs.due import bring_up_to_date
from amlplan.runs.responding import SILENT, record_response
from amlplan.runs.standing import Standing
from history_support import line, write
from unit.runs.test_due import create, place_in

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.runs.place import RunPlace


class Jobs:
    """A target that says of its jobs what a test wants."""

    def __init__(self) -> None:
        self.state = "running"
        self.place: int | None = None

    def pull(self, run_id: str, folder: Path) -> Any:
        return self.state

    def place_in_queue(self, run_id: str, folder: Path) -> int | None:
        return self.place


def running(place: RunPlace, *statuses: str) -> str:
    run = create(place, mark_of(os.getpid()))
    events = [line(n, "status", 10.0 + n, status=status) for n, status in enumerate(statuses)]
    write(place.folder, run, "supervisor", b"".join(events))
    place.history.sync()
    return run


def statuses(place: RunPlace, run: str) -> list[str]:
    place.history.sync()
    found = place.history.run(run)
    assert found.ignored == 0
    return [change.status for change in found.statuses]


@pytest.fixture
def place(tmp_path: Path) -> RunPlace:
    return place_in(tmp_path)


@pytest.fixture
def jobs(place: RunPlace) -> Jobs:
    found = Jobs()
    object.__setattr__(place, "jobs", found)
    return found


def test_a_silent_run_does_not_respond_and_does_again(place: RunPlace, jobs: Jobs) -> None:
    run = running(place, "Running")
    for state, expected in (
        ("running", ["Running"]),
        ("silent", ["Running", "NotResponding"]),
        ("silent", ["Running", "NotResponding"]),
        ("running", ["Running", "NotResponding", "Running"]),
    ):
        jobs.state = state
        assert bring_up_to_date(place) == []
        assert statuses(place, run) == expected
    assert place.history.run(run).statuses[1].reason == SILENT


@pytest.mark.parametrize(
    "course", [("Queued",), ("Running", "Preparing"), ("Running", "Finalizing")]
)
def test_a_status_that_cannot_be_followed_is_left(
    place: RunPlace, jobs: Jobs, course: tuple[str, ...]
) -> None:
    run = running(place, *course)
    jobs.state = "silent"
    assert bring_up_to_date(place) == []
    assert record_response(run, place, "silent") is None
    assert statuses(place, run) == list(course)


def test_a_follower_is_told_once_of_each_change(place: RunPlace, jobs: Jobs) -> None:
    run = running(place, "Running")
    standing = Standing(run, place)
    assert standing.news() is None
    jobs.state = "silent"
    assert str(standing.news()).startswith("The run does not respond")
    assert standing.news() is None
    assert statuses(place, run) == ["Running", "NotResponding"]
    jobs.state = "running"
    assert standing.news() == "The run responds again."
    assert statuses(place, run) == ["Running", "NotResponding", "Running"]


def test_a_follower_sees_the_queue_move(place: RunPlace, jobs: Jobs) -> None:
    standing = Standing(running(place, "Queued"), place)
    told = []
    for jobs.place in (3, 3, 2, 1, None, None):
        told.append(standing.news())
    assert told == [
        "Queued: 2 runs before it.",
        None,
        "Queued: 1 run before it.",
        "Queued: it is the next.",
        "It is its turn now.",
        None,
    ]


def test_who_may_only_read_is_told_all_the_same(
    place: RunPlace, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(place, "Running")

    def refuse(*_: object, **__: object) -> None:
        raise HistoryError("The history cannot be written", "It is read-only.")

    monkeypatch.setattr(type(place.history), "append_control", refuse)
    jobs.state = "silent"
    assert str(Standing(run, place).news()).startswith("The run does not respond")
