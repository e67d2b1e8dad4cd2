from __future__ import annotations

import getpass
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import CanceledError, ProviderError
from amlplan.runs.launch import launch
from amlplan.runs.own_folders import notes_on
from amlplan.runs.place import RunPlace
from amlplan.runs.request import RunRequest
from amlplan_local.store import ContentStore
from amlplan_state.runs.store import SqliteHistory

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import Job


class Jobs:
    """A target that keeps what is submitted, or refuses it."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.failure: ProviderError | None = None

    def submit(self, job: Job) -> None:
        if self.failure is not None:
            raise self.failure
        self.jobs.append(job)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def place(tmp_path: Path, jobs: Jobs) -> RunPlace:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "t.py").touch()
    target: Any = jobs
    return RunPlace(
        name="main",
        folder=tmp_path / "workspace",
        history=SqliteHistory(tmp_path / "workspace"),
        content=ContentStore(tmp_path / "workspace" / "store", tmp_path / "cache"),
        jobs=target,
        data_folder=tmp_path / "data",
        cache_folder=tmp_path / "cache",
    )


def request(place: RunPlace) -> RunRequest:
    return RunRequest("h", "t", place.folder.parent / "source", "/bin/python", script="t.py")


def test_a_run_is_recorded_and_submitted_with_its_folder(place: RunPlace, jobs: Jobs) -> None:
    run = launch(request(place), place, place.folder.parent)
    (job,) = jobs.jobs
    assert (job.run_id, job.folder) == (run.id, place.folder_of(run.id))
    assert sorted(path.name for path in (job.folder / "work").iterdir()) == [
        "logs",
        "outputs",
        "t.py",
    ]
    assert place.history.run(run.id).summary.status == "NotStarted"


@pytest.mark.parametrize("kind", ["folder", "file", "link", "broken link"])
def test_what_lies_where_a_run_keeps_its_own_is_no_part_of_it(place: RunPlace, kind: str) -> None:
    source = request(place).source
    alone = launch(request(place), place, source)
    for name in ("outputs", "logs"):
        if kind == "folder":
            (source / name).mkdir()
            (source / name / "old").write_text("of an earlier run")
        elif kind == "file":
            (source / name).touch()
        else:
            (source / name).symlink_to("/" if kind == "link" else "nowhere")
    (source / "deep" / "outputs").mkdir(parents=True)
    (source / "deep" / "outputs" / "kept").touch()
    (note,) = notes_on(source)
    assert "outputs/ and logs/" in note
    run = launch(request(place), place, source)
    work = place.folder_of(run.id) / "work"
    assert [list((work / name).iterdir()) for name in ("outputs", "logs")] == [[], []]
    assert (work / "deep" / "outputs" / "kept").exists()
    shutil.rmtree(source / "deep")
    again = launch(request(place), place, source)
    snapshots = {place.history.run(each.id).definition["snapshot"] for each in (alone, again)}
    assert len(snapshots) == 1


def test_only_what_a_snapshot_would_have_taken_is_noted(place: RunPlace) -> None:
    source = request(place).source
    assert list(notes_on(source)) == []
    (source / "outputs").mkdir()
    assert list(notes_on(source)) == []
    (source / "outputs" / "model").touch()
    (note,) = notes_on(source)
    assert "logs" not in note
    for rule in ("outputs/", "/outputs/*"):
        (source / ".gitignore").write_text(f"{rule}\n")
        assert list(notes_on(source)) == []


@pytest.mark.parametrize("files", [["t.py"], []], ids=["much to read", "nothing to read"])
def test_an_interrupt_before_the_run_is_recorded_leaves_none(
    place: RunPlace, jobs: Jobs, files: list[str]
) -> None:
    def check() -> None:
        raise CanceledError("Interrupted")

    asked = request(place)
    if not files:
        (asked.source / "t.py").unlink()
        asked = replace(asked, script=None, command=("true",))
    with pytest.raises(CanceledError):
        launch(asked, place, place.folder.parent, check)
    assert (place.history.runs(), jobs.jobs) == ([], [])


def test_an_interrupt_before_the_submission_cancels_the_run(place: RunPlace, jobs: Jobs) -> None:
    def check() -> None:
        if place.history.runs():
            raise CanceledError("Interrupted", "You asked.")

    with pytest.raises(CanceledError):
        launch(request(place), place, place.folder.parent, check)
    (run,) = place.history.runs()
    assert (run.status, run.reason) == ("Canceled", "Interrupted: You asked.")
    assert jobs.jobs == []
    assert not (place.folder_of(run.id) / "work").exists()


def test_a_run_that_the_target_refuses_failed(place: RunPlace, jobs: Jobs) -> None:
    jobs.failure = ProviderError("No", "Not today.")
    with pytest.raises(ProviderError):
        launch(request(place), place, place.folder.parent)
    (run,) = place.history.runs()
    assert (run.status, run.reason) == ("Failed", "No: Not today.")
    assert not (place.folder_of(run.id) / "work").exists()


@pytest.mark.parametrize("failure", [KeyError, OSError])
def test_a_user_without_a_name_runs_scripts_too(
    place: RunPlace, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def nameless() -> str:
        raise failure

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert launch(request(place), place, place.folder.parent).by == str(os.getuid())
