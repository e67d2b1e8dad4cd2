"""Every kind of operation has its word in documents and streams."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.cli.documents.marks import marks, path_of
from amlplan.cli.documents.operations import places_of
from amlplan.cli.documents.plan import plan_json
from amlplan.cli.documents.state import state_json
from amlplan.cli.reporters.lines import Lines
from amlplan.cli.reporters.stream import StreamReporter
from amlplan.errors import ProviderError
from amlplan.events import Concluded, Failed, Finished, Planned, Progressed, Recovered, Started
from amlplan_schemas.plan import (
    Action,
    Bindings,
    FieldChange,
    Import,
    Operation,
    Plan,
    PlanOptions,
    Reason,
)
from amlplan_schemas.state import Record, State, Tree
from published_schemas import document, lines, of_type

if TYPE_CHECKING:
    from amlplan.events import Event

OPERATION = Operation(
    address="bench.a",
    kind="bench.thing",
    name="a",
    provider="bench",
    action=Action.CREATE,
    reason=Reason.NEW,
    generation=2,
    before={"x": 1},
    after={"x": 2},
)
BINDINGS = Bindings(
    lineage="line", serial=3, configuration={}, amlplan_version="0.1.0", provider_versions={}
)
RECORD = Record(
    address="bench.a", kind="bench.thing", name="a", generation=2, identity="i", provider="bench"
)


def operation(action: Action, reason: Reason, **fields: Any) -> Operation:
    return OPERATION.model_copy(update={"action": action, "reason": reason, **fields})


def documented(plan: Plan) -> Any:
    return document("plan_output", plan_json(plan))


def of(*operations: Operation, **fields: Any) -> Plan:
    return Plan(operations=operations, bindings=BINDINGS, **fields)


def streamed(*events: Event) -> list[dict[str, Any]]:
    text = io.StringIO()
    with StreamReporter(Lines.to_stream(text)) as reporter:
        for event in events:
            reporter(event)
    return lines(text.getvalue())


@pytest.mark.parametrize(
    ("planned", "actions", "reason", "word", "stream_reason"),
    [
        (operation(Action.CREATE, Reason.NEW), ["create"], None, "create", None),
        (operation(Action.UPDATE, Reason.DRIFTED), ["update"], None, "update", None),
        (operation(Action.REFRESH, Reason.REFRESHED), ["no-op"], None, "noop", None),
        (operation(Action.FORGET, Reason.REQUESTED), ["forget"], None, "forget", None),
        (operation(Action.DELETE, Reason.DESTROY), ["delete"], None, "delete", None),
        *(
            (operation(Action.DELETE, reason), ["delete"], f"delete_because_{word}", "delete", ...)
            for reason, word in {
                Reason.NO_CONFIGURATION: "no_resource_config",
                Reason.REMOVED: "no_resource_config",
                Reason.NO_MODULE: "no_module",
                Reason.COUNT_INDEX: "count_index",
                Reason.EACH_KEY: "each_key",
                Reason.WRONG_REPETITION: "wrong_repetition",
            }.items()
        ),
        *(
            (operation(Action.REPLACE, reason), ["delete", "create"], word, "replace", other)
            for reason, word, other in [
                (Reason.CANNOT_UPDATE, "replace_because_cannot_update", "cannot_update"),
                (Reason.TAINTED, "replace_because_tainted", "tainted"),
                (Reason.REQUESTED, "replace_by_request", "requested"),
                (Reason.TRIGGERED, "replace_by_triggers", "replace_triggered_by"),
            ]
        ),
        (
            operation(Action.REPLACE, Reason.TAINTED, create_first=True),
            ["create", "delete"],
            "replace_because_tainted",
            "replace",
            "tainted",
        ),
    ],
)
def test_the_words_of_an_operation(
    planned: Operation, actions: list[str], reason: str | None, word: str, stream_reason: Any
) -> None:
    [change] = documented(of(planned))["resource_changes"]
    assert change["change"]["actions"] == actions
    assert change.get("action_reason") == reason
    assert change["x_amlplan"]["reason"] == planned.reason
    [line] = of_type(streamed(Planned(of(planned))), "planned_change")
    assert line["change"]["action"] == word
    assert line["change"].get("reason") == (reason if stream_reason is ... else stream_reason)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("reason", Reason)
def test_every_action_for_every_reason_fits_the_schemas(action: Action, reason: Reason) -> None:
    plan = of(operation(action, reason))
    documented(plan)
    streamed(Planned(plan), Concluded(plan))


def test_an_object_that_is_replaced_first_and_deleted_later() -> None:
    plan = of(
        operation(Action.REPLACE, Reason.CANNOT_UPDATE, create_first=True),
        operation(Action.DELETE, Reason.DEPOSED, deposed=1, after=None),
        moves={"bench.old": "bench.a"},
    )
    first, second = documented(plan)["resource_changes"]
    assert "deposed" not in first
    assert first["previous_address"] == "bench.old"
    assert second["deposed"] == "1"
    assert "previous_address" not in second
    assert first["x_amlplan"]["key"] != second["x_amlplan"]["key"]


def test_what_is_taken_over() -> None:
    record = RECORD.model_copy(update={"address": "bench.b", "inputs": Tree(values={"x": 1})})
    plan = of(
        operation(Action.UPDATE, Reason.CHANGED, importing="1"),
        imports=(
            Import(address="bench.a", id="1", record=RECORD),
            Import(address="bench.b", id="2", record=record),
        ),
    )
    changed, taken = documented(plan)["resource_changes"]
    assert changed["change"]["importing"] == {"id": "1"}
    assert taken["change"]["importing"] == {"id": "2"}
    assert taken["change"]["actions"] == ["no-op"]
    assert taken["change"]["before"] == taken["change"]["after"] == {"x": 1}
    found = streamed(Planned(plan))
    assert [line["change"]["action"] for line in of_type(found, "planned_change")] == [
        "update",
        "import",
    ]
    [summary] = of_type(found, "change_summary")
    assert summary["changes"]["import"] == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"options": PlanOptions(targets=("bench.a",))},
        {"options": PlanOptions(excluded=("bench.a",))},
        {"left_out": ("bench.b",)},
    ],
)
def test_a_plan_of_a_part_is_not_complete(fields: dict[str, Any]) -> None:
    assert documented(of(OPERATION))["complete"] is True
    assert documented(of(OPERATION, **fields))["complete"] is False


def test_stages_follow_dependencies_also_round_a_circle() -> None:
    def on(address: str, *needed: str) -> Operation:
        return OPERATION.model_copy(update={"address": address, "depends_on": needed})

    places = places_of([on("d", "c", "b"), on("c", "b"), on("b", "a", "gone"), on("a")])
    assert {key: place.stage for key, place in places.items()} == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert places["b"].after == ("a",)
    assert places_of([on("a", "b"), on("b", "a")]).keys() == {"a", "b"}


def test_marks_have_the_form_of_their_tree() -> None:
    tree = {"a": [{"b": None}, 2], "c~/": None}
    assert marks(tree, ["/a/0/b", "/c~0~1"]) == {"a": [{"b": True}, False], "c~/": True}
    assert marks(tree, []) == {}
    assert marks(None, ["/a"]) is False
    assert marks({"a": None}, ["/a/x"]) == {"a": {"x": True}}
    assert path_of(tree, "/a/0/b") == ["a", 0, "b"]
    assert path_of({"1": {}}, "/1/2") == ["1", "2"]


def test_paths_that_force_a_replacement_into_a_list() -> None:
    change = FieldChange(path="/x/1", before="a", after="b", forces_replacement=True)
    planned = operation(
        Action.REPLACE, Reason.CANNOT_UPDATE, changes=(change,), after={"x": ["c", "b"]}
    )
    [found] = documented(of(planned))["resource_changes"]
    assert found["change"]["replace_paths"] == [["x", 1]]


def test_a_deposed_object_in_the_state() -> None:
    record = RECORD.model_copy(update={"deposed": (RECORD.model_copy(update={"generation": 1}),)})
    state = State(
        tool_version="0.1.0", lineage="line", serial=1, salt="00", records={"bench.a": record}
    )
    found = document("state_output", state_json(state, "0.1.0"))
    now, before = found["values"]["root_module"]["resources"]
    assert "deposed_key" not in now
    assert (before["address"], before["deposed_key"]) == ("bench.a", "1")


def test_modules_in_modules_in_the_state() -> None:
    address = 'module.a["x.y"].module.b[0].bench.a'
    record = RECORD.model_copy(update={"address": address})
    state = State(
        tool_version="0.1.0", lineage="line", serial=1, salt="00", records={address: record}
    )
    root = document("state_output", state_json(state, "0.1.0"))["values"]["root_module"]
    [outer] = root["child_modules"]
    [inner] = outer["child_modules"]
    assert (root["resources"], outer["resources"]) == ([], [])
    assert (outer["address"], inner["address"]) == (
        'module.a["x.y"]',
        'module.a["x.y"].module.b[0]',
    )
    assert inner["resources"][0]["address"] == address


def test_the_events_of_a_step() -> None:
    failure = ProviderError("Told to fail", "why", address="bench.a")
    found = streamed(
        Planned(of(OPERATION)),
        Recovered("bench.b", "it was made"),
        Progressed("bench.b", "before any step"),
        Started("bench.a", "create", "a"),
        Progressed("bench.a", "half"),
        Finished("bench.a", "create", 2.9, 7),
        Started("bench.a", "delete", "a"),
        Failed("bench.a", "delete", 1.0, failure),
        Concluded(of(OPERATION), failures=(failure,)),
    )
    [progress] = of_type(found, "apply_progress")
    assert progress["hook"]["note"] == "half"
    assert progress["hook"]["resource"]["resource_type"] == "bench.thing"
    [complete] = of_type(found, "apply_complete")
    assert (complete["hook"]["id_value"], complete["hook"]["elapsed_seconds"]) == ("7", 2)
    assert [line["address"] for line in of_type(found, "log")] == ["bench.b", "bench.b"]
    [told] = of_type(found, "diagnostic")
    assert told["diagnostic"]["detail"] == "why"


def test_secrets_are_taken_out_of_texts_and_words_of_the_format_stay() -> None:
    def mask(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("create", "(sensitive value)"))

    text = io.StringIO()
    change = FieldChange(path="/x", before="recreate", after=None)
    with StreamReporter(Lines.to_stream(text)) as reporter:
        reporter.mask_with(mask)
        reporter(Planned(of(OPERATION.model_copy(update={"changes": (change,)}))))
        reporter(Failed("bench.a", "create", 0.0, ProviderError("Failed", "to create it")))
    found = lines(text.getvalue())
    [planned] = of_type(found, "planned_change")
    assert planned["change"]["action"] == "create"
    assert planned["@message"] == "bench.a: Plan to (sensitive value)"
    assert planned["change"]["x_amlplan"]["changes"][0]["before"] == "re(sensitive value)"
    [told] = of_type(found, "diagnostic")
    assert told["diagnostic"]["detail"] == "to (sensitive value) it"


def test_what_is_no_text_is_still_json(tmp_path: Any) -> None:
    file = tmp_path / "lines"
    written = Lines.to_file(file)
    written.write(json.dumps("a\ud800\n\x00é", ensure_ascii=False))
    written.close()
    assert json.loads(file.read_bytes()) == "a\ud800\n\x00é"
    assert file.read_bytes().count(b"\n") == 1


def test_a_message_with_lone_surrogates_is_a_line() -> None:
    [log] = of_type(streamed(Recovered("bench.a", "\udc80")), "log")
    assert "\udc80" in log["@message"]
