"""What changed between two states, what is wrong in one, and which edits are refused."""

from __future__ import annotations

from typing import Any

import pytest

from amlplan.errors import AmlplanError
from amlplan.renaming import renamed
from amlplan.states.changes import changes_between
from amlplan.states.edits import moves_of, releases_of
from amlplan.states.selecting import selected
from amlplan.states.soundness import pending_problems, problems_of
from amlplan_schemas.state import Record, State, StateOutput, Status, Target, Tree
from state_support import intent, record


def state_of(*records: Record, **fields: Any) -> State:
    table = {item.address: item for item in records}
    return State(tool_version="1", lineage="l", serial=3, salt="0", records=table, **fields)


def thing(address: str, **fields: Any) -> Record:
    changed = {"kind": f"{address.rpartition('module.x.')[2].partition('.')[0]}.local", **fields}
    return record(address).model_copy(update=changed)


def leaning(address: str, on: Record) -> Record:
    target = Target(address=on.address, kind=on.kind, identity=on.identity)
    values = {"on": target.model_dump()}
    return thing(
        address, depends_on=(on.address,), targets={"on": target}, inputs=Tree(values=values)
    )


BASE = thing("a.base")
LEANS = leaning("a.leans", BASE)


def test_nothing_changed() -> None:
    assert not changes_between(state_of(BASE, LEANS), state_of(BASE, LEANS))


def test_each_object_is_told_once_by_what_happened_to_it() -> None:
    before = state_of(BASE, thing("a.gone"), thing("a.here"), thing("a.old"))
    after = state_of(
        BASE.model_copy(update={"outputs": Tree(values={"id": 1})}),
        thing("a.new"),
        thing("a.here", identity="l/a.here/2", generation=2),
        thing("a.other", name="old", identity=before.records["a.old"].identity),
        outputs={"x": StateOutput(value=1)},
    )
    changes = changes_between(before, after)
    assert changes.added == ("a.new",)
    assert changes.changed == ("a.base",)
    assert changes.replaced == ("a.here",)
    assert changes.removed == ("a.gone",)
    assert changes.moved == {"a.old": "a.other"}
    assert changes.outputs == ("x",)


def test_what_follows_a_move_has_not_changed() -> None:
    before = state_of(BASE, LEANS)
    records = renamed(before.records, {"a.base": "a.root"})
    changes = changes_between(before, before.model_copy(update={"records": records}))
    assert changes.moved == {"a.base": "a.root"}
    assert not changes.changed
    assert not changes.noted


def test_an_object_that_takes_the_address_of_one_that_went() -> None:
    one, two = thing("a.one"), thing("a.two")
    after = state_of(two.model_copy(update={"address": "a.one"}))
    changes = changes_between(state_of(one, two), after)
    assert changes.moved == {"a.two": "a.one"}
    assert changes.removed == ("a.one",)
    assert not changes.added
    assert not changes.replaced


def test_a_tainted_object_that_is_well_again_has_changed() -> None:
    before = state_of(thing("a.base", status=Status.TAINTED))
    assert changes_between(before, state_of(BASE)).changed == ("a.base",)


def test_a_sound_state_has_no_problem() -> None:
    assert problems_of(state_of(BASE, LEANS, thing("module.x.a.in"))) == []


@pytest.mark.parametrize(
    ("records", "summary"),
    [
        ([LEANS], "A dependency leads nowhere"),
        ([LEANS], "A reference leads nowhere"),
        ([BASE.model_copy(update={"identity": "i"}), LEANS], "leads to another object"),
        ([BASE, thing("a.twin", identity=BASE.identity)], "Two records have one object"),
        ([BASE, thing("a.new", identity="n", deposed=(BASE,))], "Two records have one object"),
        ([thing("a.b", kind="c.local")], "of another type than its address"),
        ([thing("b")], "has no address"),
        ([thing("a.x", depends_on=("a.y",)), thing("a.y", depends_on=("a.x",))], "in a circle"),
    ],
)
def test_what_is_wrong_is_told(records: list[Record], summary: str) -> None:
    problems = problems_of(state_of(*records))
    assert any(summary in item.summary for item in problems), problems
    assert all("amlplan" in item.detail or "Restore" in item.detail for item in problems)


def test_a_record_under_another_address() -> None:
    state = state_of(BASE).model_copy(update={"records": {"a.other": BASE}})
    assert [item.summary for item in problems_of(state)] == [
        "A record is at another address than its own"
    ]


def test_what_is_pending_is_told_apart() -> None:
    state = state_of(pending={"a.new": intent("a.new")})
    assert problems_of(state) == []
    assert [item.address for item in pending_problems(state)] == ["a.new"]


MANY = state_of(
    BASE,
    LEANS,
    thing('a.many["x"]'),
    thing('a.many["y"]'),
    thing("module.x.a.in"),
    thing("module.x[0].a.in", kind="a.local"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.base", ["a.base"]),
        ("a.many", ['a.many["x"]', 'a.many["y"]']),
        ('a.many["x"]', ['a.many["x"]']),
        ("module.x", ["module.x.a.in", "module.x[0].a.in"]),
        ("module.x[0]", ["module.x[0].a.in"]),
        ("module.x.a.in", ["module.x.a.in"]),
    ],
)
def test_an_address_means_an_object_a_block_or_a_module(text: str, found: list[str]) -> None:
    assert selected(MANY.records, text) == found


@pytest.mark.parametrize(
    ("origin", "target", "names"),
    [
        ("a.base", 'a.base["x"]', {"a.base": 'a.base["x"]'}),
        ('a.many["x"]', "a.one", {'a.many["x"]': "a.one"}),
        (
            "a.many",
            "module.y.a.many",
            {'a.many["x"]': 'module.y.a.many["x"]', 'a.many["y"]': 'module.y.a.many["y"]'},
        ),
        ("module.x[0]", "module.z", {"module.x[0].a.in": "module.z.a.in"}),
    ],
)
def test_what_moves_where(origin: str, target: str, names: dict[str, str]) -> None:
    assert moves_of(MANY, origin, target) == names


@pytest.mark.parametrize(
    ("origin", "target", "summary"),
    [
        ("a.base", "a.leans", "taken"),
        ("a.base", "b.base", "another type"),
        ("a.base", "module.base", "another type"),
        ("a.base", "a.base", "where it is"),
        ("a.nothing", "a.other", "Not in the state"),
        ("a.many", 'a.many["z"]', "Not in the state"),
        ("a.base", "nonsense", "Not an address"),
        ("", "a.base", "Not an address"),
    ],
)
def test_moves_that_are_refused(origin: str, target: str, summary: str) -> None:
    with pytest.raises(AmlplanError) as raised:
        moves_of(MANY, origin, target)
    assert summary in raised.value.summary


def test_nothing_is_edited_that_an_interrupted_operation_is_about() -> None:
    draft = intent("a.new").draft.model_copy(update={"depends_on": ("a.base",)})
    pending = {"a.new": intent("a.new").model_copy(update={"draft": draft})}
    state = MANY.model_copy(update={"pending": pending})
    for origin, target in (("a.base", "a.root"), ("a.leans", "a.new")):
        with pytest.raises(AmlplanError, match=r"What became of a\.new is not known yet"):
            moves_of(state, origin, target)
    with pytest.raises(AmlplanError, match="interrupted here"):
        releases_of(state, ["a.base", "a.leans"])
    assert moves_of(state, "a.leans", "a.other") == {"a.leans": "a.other"}


def test_what_leans_on_others_is_let_go_of_first() -> None:
    top = leaning("a.top", LEANS)
    state = state_of(BASE, LEANS, top)
    going = releases_of(state, ["a.base", "a.top", "a.leans"])
    assert [item.address for item in going] == ["a.top", "a.leans", "a.base"]
    with pytest.raises(AmlplanError, match=r"amlplan state rm a\.leans a\.top"):
        releases_of(state, ["a.leans"])
