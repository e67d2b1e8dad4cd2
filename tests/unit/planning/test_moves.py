"""Which records `moved` and `removed` blocks are about, in modules and with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.config.reading.load import load
from amlplan.planning.moves import Moves, forgotten, with_moves
from amlplan_schemas.state import State
from state_support import intent, record

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.config.blocks import Configuration

TYPES = {"model": frozenset({"model"})}


def configuration(folder: Path, text: str, **modules: str) -> Configuration:
    (folder / "main.hcl").write_text(text)
    for name, inner in modules.items():
        (folder / name).mkdir()
        (folder / name / "main.hcl").write_text(inner)
    return load(folder, TYPES)


def state(*addresses: str) -> State:
    records = {address: record(address) for address in addresses}
    return State(tool_version="1", lineage="l", serial=1, salt="00", records=records)


def moved(origin: str, target: str) -> str:
    return f"moved {{\n  from = {origin}\n  to   = {target}\n}}\n"


@pytest.mark.parametrize(
    ("origin", "target", "there", "now"),
    [
        ("model.a", "model.b", "model.a", "model.b"),
        ("model.a", "model.b", "model.a[1]", "model.b[1]"),
        ("model.a", "model.b", 'model.a["x.y"]', 'model.b["x.y"]'),
        ("model.a", 'model.a["x"]', "model.a", 'model.a["x"]'),
        ("model.a[0]", "model.a", "model.a[0]", "model.a"),
        ("model.a[0]", 'model.b["x"]', "model.a[0]", 'model.b["x"]'),
        ("model.a", "module.m.model.a", "model.a", "module.m.model.a"),
        ("module.m.model.a", "model.a", "module.m.model.a", "model.a"),
        ("module.m", "module.n", "module.m.model.a[0]", "module.n.model.a[0]"),
        ("module.m", "module.n", 'module.m["k"].model.a', 'module.n["k"].model.a'),
        (
            "module.m",
            'module.m["k"]',
            "module.m.module.o.model.a",
            'module.m["k"].module.o.model.a',
        ),
        ('module.m["k"]', "module.n", 'module.m["k"].model.a', "module.n.model.a"),
    ],
)
def test_what_moves(tmp_path: Path, origin: str, target: str, there: str, now: str) -> None:
    found = with_moves(state(there, "model.z"), configuration(tmp_path, moved(origin, target)))
    assert found.problems == ()
    assert found.names == {there: now}
    assert set(found.state.records) == {now, "model.z"}
    assert found.state.records[now].identity == record(there).identity


@pytest.mark.parametrize(
    ("origin", "target", "there"),
    [
        ("model.a[0]", "model.b", "model.a[1]"),
        ("model.a", 'model.b["x"]', "model.a[0]"),
        ("model.a", "model.b", "module.m.model.a"),
        ("module.m", 'module.n["x"]', "module.m[0].model.a"),
        ("module.m", "module.n", "module.o.module.m.model.a"),
    ],
)
def test_what_stays(tmp_path: Path, origin: str, target: str, there: str) -> None:
    found = with_moves(state(there), configuration(tmp_path, moved(origin, target)))
    assert found == Moves(state(there))


@pytest.mark.parametrize("reverse", [False, True])
def test_moves_follow_each_other_in_any_order(tmp_path: Path, reverse: bool) -> None:
    texts = [moved("model.a", "model.b"), moved("model.b", "model.c")]
    found = configuration(tmp_path, "".join(texts[::-1] if reverse else texts))
    for there in ("model.a", "model.b"):
        assert with_moves(state(there), found).names == {there: "model.c"}
    assert with_moves(state("model.c"), found).names == {}


def test_a_child_and_its_caller_follow_each_other(tmp_path: Path) -> None:
    text = 'module "m" {\n  source = "./m"\n}\n' + moved("module.m.model.b", "model.top")
    found = configuration(tmp_path, text, m=moved("model.a", "model.b"))
    assert with_moves(state("module.m.model.a"), found).names == {"module.m.model.a": "model.top"}


def test_circles_end(tmp_path: Path) -> None:
    text = moved("model.a", "model.b") + moved("model.b", "model.a")
    found = with_moves(state("model.a"), configuration(tmp_path, text))
    assert set(found.state.records) <= {"model.a", "model.b"}


def test_a_module_moves_what_it_holds_wherever_it_stands(tmp_path: Path) -> None:
    text = 'module "m" {\n  source = "./m"\n}\n'
    found = configuration(tmp_path, text, m=moved("model.a", "model.b"))
    there = ('module.m["x"].model.a', 'module.m["y"].model.a', "model.a")
    assert with_moves(state(*there), found).names == {
        'module.m["x"].model.a': 'module.m["x"].model.b',
        'module.m["y"].model.a': 'module.m["y"].model.b',
    }


@pytest.mark.parametrize(
    ("text", "there", "now"),
    [
        ('model "a" {\n  count = 2\n}', ["model.a"], {"model.a": "model.a[0]"}),
        ('model "a" {}', ["model.a[0]", "model.a[1]"], {"model.a[0]": "model.a"}),
        ('model "a" {\n  for_each = {}\n}', ["model.a", "model.a[0]"], {}),
        ('model "a" {\n  count = 2\n}', ["model.a", "model.a[0]"], {}),
        (
            'module "m" {\n  source = "./m"\n  count = 1\n}',
            ["module.m.model.x"],
            {"module.m.model.x": "module.m[0].model.x"},
        ),
        (
            'module "m" {\n  source = "./m"\n}',
            ["module.m[0].model.x", "module.m[1].model.x"],
            {"module.m[0].model.x": "module.m.model.x"},
        ),
    ],
)
def test_count_that_comes_or_goes_moves_the_first(
    tmp_path: Path, text: str, there: list[str], now: dict[str, str]
) -> None:
    found = configuration(tmp_path, text, m='model "x" {}')
    assert with_moves(state(*there), found).names == now


def test_nothing_moves_over_another_or_while_it_is_not_settled(tmp_path: Path) -> None:
    found = configuration(tmp_path, moved("model.a", "model.b"))
    after = with_moves(state("model.a", "model.b"), found)
    assert [problem.code for problem in after.problems] == ["moved_collides"]
    assert (set(after.state.records), after.names) == ({"model.a", "model.b"}, {})
    open_state = state("model.a").model_copy(update={"pending": {"model.a": intent("model.a")}})
    after = with_moves(open_state, found)
    assert (after.names, after.waiting, after.problems) == ({}, {"model.b": "model.a"}, ())


def test_one_place_for_one_object(tmp_path: Path) -> None:
    text = moved("model.a", "model.b") + moved("model.a", "model.c") + moved("model.z", "model.z")
    found = with_moves(state("model.a"), configuration(tmp_path, text))
    assert [problem.code for problem in found.problems] == ["moved_twice", "moved_twice"]


@pytest.mark.parametrize(
    ("origin", "destroy", "address", "expected"),
    [
        ("model.a", "false", "model.a", True),
        ("model.a", "false", "model.a[3]", True),
        ("model.a[3]", "false", "model.a[3]", True),
        ("model.a[3]", "false", "model.a[4]", None),
        ("model.a", "true", "model.a", False),
        ("model.a", "false", "module.m.model.a", None),
        ("module.m", "false", 'module.m["x"].model.a', True),
    ],
)
def test_what_is_let_go_of(
    tmp_path: Path, origin: str, destroy: str, address: str, expected: bool | None
) -> None:
    text = f"removed {{\n  from = {origin}\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}\n"
    assert forgotten(address, configuration(tmp_path, text)) is expected
