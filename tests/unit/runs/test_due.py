from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import ProviderError
from amlplan.history import RunDraft
from amlplan.processes import ProcessMark, mark_of
from amlplan.provider import ProviderContext
from amlplan.runs.due import PARENT_ENDED, bring_up_to_date
from amlplan.runs.place import RunPlace, root_of
from amlplan_local.compute import LocalCompute
from amlplan_local.store import ContentStore
from amlplan_state.runs.store import SqliteHistory
from history_support import finish, line, write

if TYPE_CHECKING:
    from pathlib import Path


def place_in(folder: Path) -> RunPlace:
    return RunPlace(
        name="main",
        folder=folder,
        history=SqliteHistory(folder),
        content=ContentStore(folder / "store", folder / "cache"),
        jobs=LocalCompute(ProviderContext(folder, folder, folder / "cache")),
        data_folder=folder,
        cache_folder=folder / "cache",
    )


def create(place: RunPlace, mark: ProcessMark | None) -> str:
    definition: dict[str, Any] = {"submitter": None if mark is None else asdict(mark)}
    return place.history.create(RunDraft("digits", "train", definition=definition)).id


def child(place: RunPlace, run: str, number: str, status: str = "Running") -> str:
    identity = f"{run}.{number}"
    parent = identity.rpartition(".")[0]
    events = [
        line(0, "run", 1.0, run=identity, id=identity, parent=parent, name="c"),
        line(1, "status", 2.0, run=identity, status="Running"),
    ]
    if status != "Running":
        events.append(line(2, "status", 3.0, run=identity, status=status))
    write(place.folder, run, f"script-{number}", b"".join(events))
    return identity


@pytest.mark.parametrize(
    ("run", "root"),
    [
        ("digits_17_0a1b2c3d", "digits_17_0a1b2c3d"),
        ("digits_17_0a1b2c3d.1", "digits_17_0a1b2c3d"),
        ("a.1_17_0a1b2c3d.12.4294967297", "a.1_17_0a1b2c3d"),
    ],
)
def test_a_child_belongs_to_the_run_in_whose_folder_it_is(run: str, root: str) -> None:
    assert root_of(run) == root


def test_a_run_that_is_being_submitted_is_left_alone(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    run = create(place, mark_of(os.getpid()))
    assert bring_up_to_date(place) == []
    assert place.history.run(run).summary.status == "NotStarted"


@pytest.mark.parametrize("mark", [None, ProcessMark(os.getpid(), "7", "another boot")])
def test_a_run_whose_submitter_is_gone_failed(tmp_path: Path, mark: ProcessMark | None) -> None:
    place = place_in(tmp_path)
    run = create(place, mark)
    (place.folder_of(run) / "work").mkdir()
    for _ in range(2):
        assert bring_up_to_date(place) == []
        found = place.history.run(run)
        assert (found.summary.status, found.ignored) == ("Failed", 0)
        assert found.summary.reason == "amlplan was ended before it was submitted"
        assert len(found.statuses) == 1
    assert not (place.folder_of(run) / "work").exists()


def test_a_supervisor_that_is_taking_over_is_left_alone(tmp_path: Path) -> None:
    import fcntl

    place = place_in(tmp_path)
    run = create(place, None)
    with (place.folder_of(run) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert bring_up_to_date(place) == []
    assert place.history.run(run).summary.status == "NotStarted"


@pytest.mark.parametrize(
    ("ending", "expected"),
    [("Completed", "Failed"), ("Failed", "Failed"), ("Canceled", "Canceled")],
)
def test_children_end_with_their_run(tmp_path: Path, ending: str, expected: str) -> None:
    place = place_in(tmp_path)
    run = create(place, None)
    inner = [child(place, run, "1"), child(place, run, "1.1"), child(place, run, "2", "Completed")]
    finish(place.history, run, ending)  # type: ignore[arg-type]
    for _ in range(2):
        assert bring_up_to_date(place) == []
        found = [place.history.run(name) for name in inner]
        assert [(one.summary.status, one.summary.reason) for one in found] == [
            (expected, PARENT_ENDED),
            (expected, PARENT_ENDED),
            ("Completed", None),
        ]
        assert all(one.ignored == 0 for one in found)
    assert place.history.unfinished() == []


def test_children_of_a_run_that_goes_on_go_on(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    run = create(place, mark_of(os.getpid()))
    one = child(place, run, "1")
    bring_up_to_date(place)
    assert place.history.run(one).summary.status == "Running"


def test_a_run_that_cannot_be_looked_at_keeps_no_other_from_it(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    broken, gone = create(place, None), create(place, None)
    (place.folder_of(broken) / "supervisor.json").write_text("[")
    failures = bring_up_to_date(place)
    assert [type(failure) for failure in failures] == [ProviderError]
    assert place.history.run(gone).summary.status == "Failed"
