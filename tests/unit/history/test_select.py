"""Which run a selection finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import HistoryError
from amlplan.history import Selection
from history_support import finish, history, line, make_run, write

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_state.runs.store import EventHistory

pytestmark = pytest.mark.usefixtures("each_database")


def run_with(store: EventHistory, *values: object, status: str = "Completed", **more: Any) -> str:
    """A run that logged values of mse, ended, and has tags and outputs."""
    run = make_run(store).id
    for value in values:
        special = {"special": True} if value == "NaN" else {}
        store.append_control(run, {"type": "metric", "name": "mse", "value": value, **special})
    for name, value in more.get("tags", {}).items():
        store.append_control(run, {"type": "tag", "name": name, "value": value})
    files = dict.fromkeys(more.get("files", ()), "sha256:ab")
    store.append_control(run, {"type": "outputs", "files": files, "sizes": {}})
    if status != "Running":
        finish(store, run, status)
    return run


def chosen(store: EventHistory, **fields: Any) -> str | None:
    found = store.select(Selection(history="digits", **fields))
    return None if found is None else found.run.id


def test_the_best_run_of_those_that_completed(tmp_path: Path) -> None:
    store = history(tmp_path)
    assert chosen(store, metric="mse") is None
    run_with(store, 0.1, status="Failed")
    run_with(store, 0.1, status="Running")
    run_with(store, "NaN")
    run_with(store, "0.01")
    run_with(store)
    assert chosen(store, metric="mse") is None
    middle = run_with(store, 9, 0.5)
    least = run_with(store, 0.25, 0.75)
    last = run_with(store, 0.5)
    assert chosen(store, metric="mse") == middle  # the older of two that are equal
    assert chosen(store, metric="mse", aggregate="min") == least
    assert chosen(store, metric="mse", goal="maximize") == least
    assert chosen(store, metric="mse", goal="maximize", aggregate="max") == middle
    assert chosen(store, select="last") == last
    assert chosen(store, metric="none") is None
    with pytest.raises(HistoryError, match="needs a metric"):
        chosen(store)


def test_a_nan_at_the_end_counts_as_the_last_value(tmp_path: Path) -> None:
    store = history(tmp_path)
    broken = run_with(store, 0.1, "NaN")
    whole = run_with(store, 0.5)
    assert chosen(store, metric="mse") == whole
    assert chosen(store, metric="mse", aggregate="min") == broken


def test_conditions_of_tags_metrics_and_outputs(tmp_path: Path) -> None:
    store = history(tmp_path)
    tagged = run_with(store, 3, tags={"stage": "try"}, files=["outputs/model.pkl"])
    folder = run_with(store, 2, files=["outputs/model/a", "outputs/model/b", "outputs/x"])
    best = run_with(store, 1)
    assert chosen(store, metric="mse") == best
    assert chosen(store, metric="mse", where={"stage": "try"}) == tagged
    assert chosen(store, metric="mse", where={"stage": "other"}) is None
    assert chosen(store, metric="mse", require=[("mse", 2.5)]) == tagged
    assert chosen(store, metric="mse", require=[("none", 0)]) is None
    assert chosen(store, metric="mse", path="outputs/model.pkl") == tagged
    assert chosen(store, metric="mse", path="outputs/mod") is None
    found = store.select(Selection("digits", "mse", path="outputs/model/"))
    assert found is not None
    assert (found.run.id, found.value) == (folder, 2)
    assert set(found.outputs) == {"outputs/model/a", "outputs/model/b"}


def test_a_completed_child_is_a_run_of_its_own(tmp_path: Path) -> None:
    store = history(tmp_path)
    parent = run_with(store, 5)
    child = f"{parent}.1"
    write(
        tmp_path / "workspace",
        parent,
        "script",
        line(0, "run", 1, run=child, id=child, name="fold", parent=parent, history=None)
        + line(1, "status", 1, run=child, status="Running")
        + line(2, "metric", 2, run=child, name="mse", value=0.1)
        + line(3, "status", 3, run=child, status="Completed"),
    )
    store.sync(parent)
    assert chosen(store, metric="mse") == child


def test_a_run_whose_outputs_are_not_told_whole_gives_no_model(tmp_path: Path) -> None:
    store = history(tmp_path)
    workspace = tmp_path / "workspace"
    whole = {"files": {"outputs/model/a": "sha256:ab"}, "sizes": {"outputs/model/a": 1}}
    told = {
        "kept": line(0, "outputs", 1.0, **whole),
        "lost": b"",
        "torn": line(0, "outputs", 1.0, **whole)[:-9] + b"\n",
        "half": line(0, "outputs", 1.0, **whole, more=True),
    }
    runs = {name: make_run(store).id for name in told}
    for name, data in told.items():
        write(workspace, runs[name], "supervisor", data)
        finish(store, runs[name])
    store.sync()
    for make_again in (lambda: None, store.rebuild):
        make_again()
        assert {run.status for run in store.runs()} == {"Completed"}
        assert chosen(store, select="last") == runs["half"]
        assert chosen(store, select="last", path="outputs/model") == runs["kept"]
    write(workspace, runs["half"], "supervisor", line(1, "outputs", 2.0, files={}, sizes={}))
    store.sync(runs["half"])
    assert chosen(store, select="last", path="outputs/model") == runs["half"]


def test_the_points_of_all_processes_of_a_run_count(tmp_path: Path) -> None:
    store = history(tmp_path)
    workspace = tmp_path / "workspace"
    shared, single = run_with(store), run_with(store, 4, 6)
    points: dict[str, list[tuple[float, Any]]] = {
        "host-1-1": [(1.0, 5), (2.0, 7), (9.0, 3)],
        "host-2-1": [(3.0, 9), (4.0, "NaN"), (5.0, 8)],
        "host-3-1": [(6.0, 2), (7.0, 4)],
    }
    for file, of in points.items():
        for number, (moment, value) in enumerate(of):
            special = {"special": True} if value == "NaN" else {}
            data = line(number, "metric", moment, name="mse", value=value, **special)
            write(workspace, shared, file, data)
            store.sync(shared)  # each alone, that rows of the view are brought together
    cases: list[tuple[dict[str, Any], str, int]] = [
        ({"aggregate": "last", "goal": "minimize"}, shared, 3),
        ({"aggregate": "last", "goal": "maximize"}, single, 6),
        ({"aggregate": "min", "goal": "minimize"}, shared, 2),
        ({"aggregate": "min", "goal": "maximize"}, single, 4),
        ({"aggregate": "max", "goal": "minimize"}, single, 6),
        ({"aggregate": "max", "goal": "maximize"}, shared, 9),
    ]
    for make_again in (lambda: None, store.rebuild):
        make_again()
        for asked, run, value in cases:
            found = store.select(Selection("digits", "mse", **asked))
            assert found is not None
            assert (found.run.id, found.value) == (run, value)
