"""What a history tells of its runs."""

from __future__ import annotations

import json
import math
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import HistoryError
from amlplan.history import Edge, RunDraft, Selection
from amlplan_schemas.base import HISTORY_PATTERN
from amlplan_state.runs import taking
from amlplan_state.runs.appending import append
from history_support import finish, history, line, make_run, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan_state.runs.connection import Connection

pytestmark = pytest.mark.usefixtures("each_database")


def test_a_run_is_durable_before_it_may_be_submitted(tmp_path: Path) -> None:
    store = history(tmp_path)
    made = store.create(
        RunDraft("fraud_ridge", "train", "w", {"alpha": 0.5}, by="ana", host="build7")
    )
    control = tmp_path / "workspace" / "runs" / made.id / "events" / "control.jsonl"
    (first,) = [json.loads(text) for text in control.read_text().splitlines()]
    assert first == {
        "n": 0,
        "t": made.created,
        "type": "run",
        "id": made.id,
        "number": 1,
        "history": "fraud_ridge",
        "name": "train",
        "workspace": "w",
        "parent": None,
        "definition": {"alpha": 0.5},
        "by": "ana",
        "host": "build7",
        "at": first["at"],
    }
    name, _, begun = made.id.rpartition("_")[0].rpartition("_")
    assert name == "fraud_ridge"
    assert made.created - 600 < int(begun) <= made.created
    assert store.runs() == [made]
    found = store.run(made.id)
    assert (found.summary, found.workspace, found.definition) == (made, "w", {"alpha": 0.5})


BAD_NAMES = ["../../etc", ".hidden", "ä \0\ud800", "x" * 256, "-", "_a", "", "a\n", "a b", "a.b"]
GOOD_NAMES = ["x" * 255, "0", "Fraud_ridge-2"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_history_is_not_created_under_a_name_that_others_refuse(
    name: str, tmp_path: Path
) -> None:
    store = history(tmp_path)
    with pytest.raises(HistoryError, match=r"Give the run a history of another name") as refused:
        store.create(RunDraft(name, "train"))
    assert str(refused.value).isprintable()
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_run_is_created_in_a_history_of_any_legal_name(name: str, tmp_path: Path) -> None:
    store = history(tmp_path)
    made = store.create(RunDraft(name, "any ä \0\ud800\n name"))
    assert len(made.id) < 150
    store.rebuild()
    assert store.runs(name) == [made]
    assert make_run(store, history=name).number == 2


@pytest.mark.parametrize("name", [*BAD_NAMES, *GOOD_NAMES])
def test_names_are_those_of_the_configuration(name: str) -> None:
    is_legal = re.search(HISTORY_PATTERN.removesuffix("$") + r"\Z", name) is not None
    assert is_legal == (name in GOOD_NAMES)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_history_of_any_name_is_read(name: str, tmp_path: Path) -> None:
    store = history(tmp_path)
    run = "old_1_00000001"
    data = line(0, "run", 1.0, id=run, history=name, name=name, number=1)
    write(tmp_path / "workspace", run, "control", data)
    store.sync()
    assert [(run.history, run.name) for run in store.runs(name)] == [(name, name)]
    assert store.histories() == {name: 1}


def test_what_was_recorded_comes_back_with_all_its_control_characters(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    texts = ["a\nb", "\r\n", "\x00\x1b[31m\t\x7f", "\u2028\u0085", "\udcff", " ", ""]
    for text in texts:
        for event in (
            {"type": "metric", "name": text, "value": text, "step": 1},
            {"type": "tag", "name": text, "value": text},
            {"type": "property", "name": text, "value": text},
            {"type": "row", "name": text, "values": {text: text}},
            {"type": "outputs", "files": {f"outputs/{text}": text}, "left_out": {text: text}},
        ):
            store.append_control(run, event)
    finish(store, run, reason=texts[0])
    for make_again in (lambda: None, store.rebuild):
        make_again()
        found = store.run(run)
        assert found.skipped == 0
        assert found.summary.reason == texts[0]
        assert found.tags == found.properties == found.left_out == {text: text for text in texts}
        assert {name: metric.last.value for name, metric in found.metrics.items()} == found.tags
        kept = {path: output.digest for path, output in found.outputs.items()}
        assert kept == {f"outputs/{text}": text for text in texts}
        rows = [(row.name, row.data["values"]) for row in store.records(run)]
        assert rows == [(text, {text: text}) for text in texts]
        for text in texts:
            assert [point.value for point in store.series(run, text)] == [text]
            path = f"outputs/{text}".rstrip("/")
            chosen = store.select(Selection("digits", select="last", where={text: text}, path=path))
            assert chosen is not None
            assert chosen.run.id == run


def test_a_run_is_named_in_several_ways(tmp_path: Path) -> None:
    store = history(tmp_path)
    first, second = make_run(store), make_run(store)
    other = make_run(store, history="other")
    for reference, named in {
        first.id: first,
        "latest": other,
        "2": second,
        first.id[:-1]: first,
        "oth": other,
    }.items():
        assert store.run(reference).summary == named
    assert store.run("latest", history="digits").summary == second
    assert store.run("1", history="other").summary == other
    for reference in ("1", "digits"):
        with pytest.raises(HistoryError, match="Several runs have this name"):
            store.run(reference)
    for reference in ("9", "nothing", "", "9" * 40, "\ud800"):
        with pytest.raises(HistoryError, match=r"No such run.*amlplan runs list"):
            store.run(reference, history="other")


def test_lists_are_filtered_and_cut(tmp_path: Path) -> None:
    store = history(tmp_path)
    made = [make_run(store) for _ in range(3)]
    make_run(store, history="other")
    finish(store, made[0].id, "Failed", reason="no memory", exit_code=3)
    assert [run.number for run in store.runs("digits")] == [3, 2, 1]
    assert [run.number for run in store.runs("digits", limit=2)] == [3, 2]
    (failed,) = store.runs(status="Failed")
    assert (failed.id, failed.reason, failed.exit_code) == (made[0].id, "no memory", 3)
    assert failed.duration is not None
    assert {run.id for run in store.unfinished()} == {run.id for run in store.runs()} - {failed.id}


VALUES: list[tuple[dict[str, Any], object]] = [
    ({"value": 1.5}, 1.5),
    ({"value": 7}, 7),
    ({"value": 2**80}, 2**80),
    ({"value": -(10**400)}, -(10**400)),
    ({"value": True}, True),
    ({"value": "text"}, "text"),
    ({"value": "NaN"}, "NaN"),
    ({"value": "Infinity", "special": True}, math.inf),
    ({"value": "-Infinity", "special": True}, -math.inf),
    ({"value": "\ud800\0"}, "\ud800\0"),
]


@pytest.mark.parametrize(("fields", "expected"), VALUES)
def test_a_value_comes_back_as_it_was_logged(
    fields: dict[str, Any], expected: object, tmp_path: Path
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    name = "metric \ud800 \n"
    store.append_control(run, {"type": "metric", "name": name, "step": 2, **fields})
    (point,) = store.series(run, name)
    assert (point.value, type(point.value), point.step) == (expected, type(expected), 2)
    assert store.run(run).metrics[name].last == point


def test_a_series_keeps_what_is_not_a_number(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    for fields in ({"value": 3}, {"value": "NaN", "special": True}, {"value": 1}):
        store.append_control(run, {"type": "metric", "name": "loss", **fields})
    first, second, third = store.series(run, "loss")
    assert (first.value, third.value) == (3, 1)
    assert isinstance(second.value, float)
    assert math.isnan(second.value)
    metric = store.run(run).metrics["loss"]
    assert (metric.count, metric.least, metric.greatest, metric.last) == (3, 1, 3, third)
    assert store.series(run, "none") == []


def test_everything_else_that_was_recorded(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    events: list[dict[str, Any]] = [
        {"type": "tag", "name": "stage", "value": "try"},
        {"type": "tag", "name": "stage", "value": None},
        {"type": "property", "name": "commit", "value": "first"},
        {"type": "property", "name": "commit", "value": "second"},
        {"type": "parameter", "name": "depth", "value": "3"},
        {"type": "parameter", "name": "depth", "value": "4"},
        {"type": "parameter", "name": "", "value": 5},
        {"type": "row", "name": "folds", "values": {"mse": 1}},
        {"type": "image", "name": "roc", "path": "outputs/figures/roc.png"},
        {"type": "error", "text": "a value was too long"},
        {
            "type": "outputs",
            "files": {"outputs/model": "sha256:ab"},
            "sizes": {"outputs/model": 9},
            "left_out": {"outputs/big": "larger than 10 GiB"},
        },
    ]
    for event in events:
        store.append_control(run, event)
    found = store.run(run)
    assert found.tags == {"stage": None}
    assert found.properties == {"commit": "first"}
    assert found.parameters == {"depth": "3"}
    assert found.outputs["outputs/model"].digest == "sha256:ab"
    assert found.outputs["outputs/model"].size == 9
    assert found.left_out == {"outputs/big": "larger than 10 GiB"}
    assert [record.kind for record in store.records(run)] == ["row", "image", "error"]
    (row,) = store.records(run, "row")
    assert (row.name, row.data["values"]) == ("folds", {"mse": 1})


def test_parameters_that_were_logged_stand_over_those_of_the_definition(tmp_path: Path) -> None:
    store = history(tmp_path)
    given = {"alpha": "0.1", "beta": "2"}
    run = store.create(RunDraft("digits", "train", definition={"parameters": given})).id
    assert store.run(run).parameters == given
    store.append_control(run, {"type": "parameter", "name": "alpha", "value": "0.5"})
    store.append_control(run, {"type": "parameter", "name": "alpha", "value": "0.7"})
    store.append_control(f"{run}.1", {"type": "parameter", "name": "fold", "value": "1"})
    assert store.run(run).parameters == {"alpha": "0.5", "beta": "2"}
    assert store.run(run).definition["parameters"] == given


def test_children_belong_to_the_history_of_their_parent(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    child, grandchild = f"{run}.1", f"{run}.1.1"
    data = line(0, "metric", 1, run=child, name="a", value=1)
    for number, (made, parent) in enumerate([(child, run), (grandchild, child)], 1):
        data += line(number, "run", 2, run=made, id=made, name=made, parent=parent, history=None)
    write(tmp_path / "workspace", run, "script", data)
    store.sync()
    store.append_control(grandchild, {"type": "status", "status": "Canceled", "reason": "lost"})
    found = store.run(run)
    assert [(c.id, c.history, c.number) for c in found.children] == [(child, "digits", None)]
    assert [c.id for c in store.run(child).children] == [grandchild]
    assert store.run(grandchild).summary.reason == "lost"
    assert store.run(child).metrics["a"].count == 1
    assert [made.id for made in store.runs()] == [run]
    assert store.histories() == {"digits": 1}
    assert {made.id for made in store.unfinished()} == {run, child}


def test_statuses_count_in_the_order_of_time_and_only_where_legal(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    folder = tmp_path / "workspace"
    write(folder, run, "b", line(0, "status", 30.0, status="Finalizing"))
    store.sync()
    assert store.run(run).summary.status == "NotStarted"
    write(folder, run, "c", line(0, "status", 40.0, status="Completed", exit_code=0))
    write(folder, run, "a", line(0, "status", 10.0, status="Preparing"))
    write(folder, run, "a", line(1, "status", 20.0, status="Running"))
    write(folder, run, "a", line(2, "status", 20.0, status="Queued"))
    write(folder, run, "a", line(3, "status", 50.0, status="Running"))
    store.sync(run)
    found = store.run(run)
    assert [(change.status, change.time) for change in found.statuses] == [
        ("Preparing", 10.0),
        ("Running", 20.0),
        ("Finalizing", 30.0),
        ("Completed", 40.0),
    ]
    assert found.ignored == 2
    assert (found.summary.started, found.summary.ended, found.summary.duration) == (20, 40, 20)
    assert found.summary.exit_code == 0


def test_a_run_that_ended_is_looked_at_once_more_and_then_only_when_asked(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    folder = tmp_path / "workspace"
    finish(store, run)
    write(folder, run, "script", line(0, "metric", 1, name="a", value=1))
    assert store.sync().events == 1
    write(folder, run, "script", line(1, "metric", 2, name="a", value=2))
    assert store.sync().events == 0
    assert store.sync(run).events == 1
    store.append_control(run, {"type": "tag", "name": "kept", "value": "yes"})
    assert store.run(run).tags == {"kept": "yes"}


def test_events_for_a_run_without_a_folder_are_refused(tmp_path: Path) -> None:
    store = history(tmp_path)
    for run in ("none_1_00000000", "../x", "", "a.1.1", "a" * 5000, "\0"):
        with pytest.raises(HistoryError, match="There is no folder of run"):
            store.append_control(run, {"type": "status", "status": "Running"})
    run = make_run(store).id
    with pytest.raises(HistoryError, match="An event is too long"):
        store.append_control(run, {"type": "tag", "name": "a", "value": "x" * 2_000_000})
    assert store.run(run).skipped == 0


def test_a_run_that_is_removed_while_events_are_appended_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = history(tmp_path)
    run = make_run(store).id

    def removed_first(path: Path, event: Mapping[str, Any]) -> float:
        shutil.rmtree(path.parent.parent)
        return append(path, event)

    with monkeypatch.context() as patch:
        patch.setattr("amlplan_state.runs.store.append", removed_first)
        with pytest.raises(HistoryError, match="There is no folder of run"):
            store.append_control(run, {"type": "tag", "name": "a", "value": "b"})
    store.sync()
    assert store.runs() == []


def test_a_run_that_is_removed_while_it_is_read_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = history(tmp_path)
    kept, gone = make_run(store).id, make_run(store).id
    for run in (kept, gone):
        write(tmp_path / "workspace", run, "f", line(0, "metric", 1.0, name="a", value=1))

    def removed_first(connection: Connection, names: Sequence[str]) -> dict[str, taking.Reached]:
        shutil.rmtree(tmp_path / "workspace" / "runs" / gone, ignore_errors=True)
        return taking.reached(connection, names)  # the files are listed, and not opened yet

    for take_in in (store.sync, store.rebuild):
        with monkeypatch.context() as patch:
            patch.setattr("amlplan_state.runs.ingesting.reached", removed_first)
            assert take_in().skipped == 0
        assert store.run(kept).metrics["a"].count == 1
    store.sync()
    assert [run.id for run in store.runs()] == [kept]


def test_lineage_follows_edges_both_ways_and_ends_in_circles(tmp_path: Path) -> None:
    store = history(tmp_path)
    for source, relation, target in [
        ("data", "read by", "run"),
        ("run", "gave", "model"),
        ("model", "in", "image"),
        ("run", "gave", "model"),
        ("other", "gave", "thing"),
        ("image", "used by", "run"),
    ]:
        store.add_edge(source, relation, target)
    assert [(edge.source, edge.target) for edge in store.lineage("data", "down")] == [
        ("data", "run"),
        ("run", "model"),
        ("model", "image"),
        ("image", "run"),
    ]
    assert len(store.lineage("run", "up")) == 4
    assert store.lineage("nothing", "up") == []
    before = store.lineage("data", "down")
    assert isinstance(before[0], Edge)
    store.rebuild()
    assert store.lineage("data", "down") == before


def test_an_output_never_leads_out_of_the_folder_it_is_copied_to(tmp_path: Path) -> None:
    """Whatever a script wrote among the events, or another host into a history they share."""
    store = history(tmp_path)
    run = make_run(store).id
    outside = ["../up", "/etc/motd", "outputs/../../up", "outputs/.."]
    files = dict.fromkeys([*outside, "outputs/a..b"], "sha256:ab")
    files["outputs/digest"] = "sha256:../../x"
    store.append_control(run, {"type": "outputs", "files": files, "sizes": {}})
    found = store.run(run)
    assert list(found.outputs) == ["outputs/a..b"]
    assert set(found.left_out) == {*outside, "outputs/digest"}
