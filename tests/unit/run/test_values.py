from __future__ import annotations

import math
import re
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_run import values

if TYPE_CHECKING:
    from run_workbench import Script


class Level(IntEnum):
    HIGH = 3


class Scalar:
    """What a scalar of numpy or torch can do."""

    def __init__(self, held: object) -> None:
        self._held = held

    def item(self) -> object:
        return self._held


class Array:
    """What an array of numpy can do: item() only where it has one value."""

    def __init__(self, *held: object) -> None:
        self._held = list(held)

    def item(self) -> object:
        (only,) = self._held
        return only

    def tolist(self) -> list[object]:
        return self._held


class Frame:
    """What a data frame of pandas can do."""

    def to_dict(self, orient: str) -> dict[str, list[object]]:
        assert orient == "list"
        return {"a": [1], "b": [math.nan]}


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (1, 1),
        (True, True),
        (0.1, 0.1),
        ("text", "text"),
        (Level.HIGH, 3),
        (Scalar(2.5), 2.5),
        (Array(7), 7),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (2**70, 2**70),
        (b"raw", "b'raw'"),
    ],
)
def test_a_value_of_any_library_is_taken_as_what_it_holds(given: object, recorded: object) -> None:
    plain, special = values.metric_value(given)
    assert (plain, type(plain), special) == (recorded, type(recorded), False)


@pytest.mark.parametrize(
    ("given", "word"),
    [(math.nan, "NaN"), (math.inf, "Infinity"), (Scalar(-math.inf), "-Infinity")],
)
def test_numbers_that_are_not_finite_are_kept(given: object, word: str) -> None:
    assert values.metric_value(given) == (word, True)


def test_lists_and_tables_of_arrays() -> None:
    assert values.list_of(Array(1, Array(2, math.nan))) == [1, [2, {"special": "NaN"}]]
    assert values.list_of("text") == ["text"]
    assert values.table_of(Frame()) == {"a": [1], "b": [{"special": "NaN"}]}


@pytest.mark.parametrize(
    "kind", ["float64", "float32", "int8", "bool_", "str_", "longdouble", "float16"]
)
def test_scalars_of_numpy(kind: str) -> None:
    numpy: Any = pytest.importorskip("numpy", reason="numpy is not installed")
    plain, _ = values.metric_value(getattr(numpy, kind)(1))
    assert type(plain) in {float, int, bool, str}
    assert values.list_of(numpy.ones((2, 2))) == [[1.0, 1.0], [1.0, 1.0]]


REFUSED = """
import amlplan_run

class Broken:
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__

class Mute:
    def __str__(self):
        return 1

loop = []
loop.append(loop)
amlplan_run.log("huge", "x" * 2_000_000)
amlplan_run.log("broken", Broken())
amlplan_run.log(Broken(), 1)
amlplan_run.log(Mute(), 1)
amlplan_run.log("several", [1, 2])
amlplan_run.log("none", None)
amlplan_run.log("step", 1, step="first")
amlplan_run.log_list("loop", loop)
amlplan_run.log_list("number", 5)
amlplan_run.log_table("no table", 5)
amlplan_run.set_tags(5)
amlplan_run.add_properties({"bad": Broken(), "good": 1})
amlplan_run.log_image("no image")
amlplan_run.log_image("gone", "gone.png")
amlplan_run.artifact("../nowhere")
amlplan_run.artifact("/etc/hostname", "../../escaped")
amlplan_run.log("after", 1)
"""


def test_what_cannot_be_recorded_is_told_and_never_raises(script: Script) -> None:
    done = script.run(REFUSED)
    assert script.values("metric") == [("after", 1)]
    assert script.values("property") == [("good", "1")]
    assert script.values("list") == [("number", [5])]
    told = [event["text"] for event in script.events("error")]
    assert len(told) == 15
    assert re.search(r"'huge' was not recorded: it takes \d+ bytes, and 1048576 is", told[0])
    assert "use log_list" in told[4]
    assert "is not a name within outputs" in told[-1]
    assert done.stderr.count("\n") == 11  # ten, and that no more are told


NAMES = [
    "plain",
    "with space/and.slash",
    "\ud800 lone surrogate",
    "nul \0 and \x1b[31m",
    'quote " and \\',
    "line\nbreak\u2028",
    "",
    "\U0001f600",
]


def test_names_of_any_text(script: Script) -> None:
    script.run(f"import amlplan_run\nfor name in {NAMES!a}: amlplan_run.log(name, name)")
    assert script.values() == [(name, name) for name in NAMES]
    assert script.run(
        f"import amlplan_run\nfor name in {NAMES!a}: amlplan_run.log(name, name)",
        alone=True,
        PYTHONIOENCODING="ascii",
    ).stdout.isascii()


def test_integers_beyond_what_python_prints(script: Script) -> None:
    script.run("import amlplan_run; amlplan_run.log('big', 10 ** 5000)")
    assert "big" in script.events("error")[0]["text"]
