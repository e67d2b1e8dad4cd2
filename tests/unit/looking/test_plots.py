"""Plots of metrics: on a terminal, and as pictures."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from amlplan.cli.text.fitting import fitted_table
from amlplan.errors import MissingSdkError
from amlplan.history import Point
from amlplan.looking.curves import curve_of
from amlplan.looking.png_plot import write_png
from amlplan.looking.scales import Scale
from amlplan.looking.svg_plot import plot_svg, thinned
from amlplan.looking.terminal_plot import Look, plot_text

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.looking.curves import Curve


def curve(label: str, *values: Any) -> Curve:
    return curve_of(label, [Point(value, step, 1.0) for step, value in enumerate(values)])


def drawn(*curves: Curve, width: int = 40, dots: bool = True) -> list[str]:
    return plot_text(curves, Look(width, 8, dots, lambda _number, text: text)).splitlines()


def test_what_is_no_finite_number_leaves_a_gap() -> None:
    found = curve("x", 1, math.nan, 2, 3, "text", math.inf, True, 10**400)
    assert found.lines == [[(0.0, 1.0)], [(2.0, 2.0), (3.0, 3.0)], [(6.0, 1.0)]]
    assert found.undrawn == 4
    assert found.by_step


def test_values_without_steps_are_drawn_in_their_order() -> None:
    found = curve_of("x", [Point(5, None, 1.0), Point(6, 9, 2.0)])
    assert found.lines == [[(0.0, 5.0), (1.0, 6.0)]]
    assert not found.by_step


@pytest.mark.parametrize("dots", [True, False])
@pytest.mark.parametrize("width", [10, 40, 300])
def test_a_rising_line_rises_and_fits(dots: bool, width: int) -> None:
    lines = drawn(curve("loss", *range(50)), width=width, dots=dots)
    plot = [line.partition("│" if dots else "|")[2] for line in lines[:8]]
    assert all(len(line) <= max(width, 26) for line in lines[:9])
    assert len(plot[0]) > len(plot[-1]) > 0
    assert "last 49, min 0, max 49" in lines[-1]


def test_two_curves_are_told_apart_without_colours() -> None:
    text = "\n".join(drawn(curve("a", 0, 1), curve("b", 1, 0), dots=False))
    assert "* a:" in text
    assert "+ b:" in text
    assert text.count("*") > 5
    assert text.isascii()


@pytest.mark.parametrize(
    "values",
    [
        (5,),
        (0, 0, 0),
        (1e308, -1e308),
        (5e-324, 0),
        (1e15, 1e15 + 1),
        (1e-300, 2e-300),
        (math.nan,),
        ("a", "b"),
    ],
)
def test_any_values_are_drawn_or_told(values: tuple[Any, ...]) -> None:
    assert "x: " in drawn(curve("x", *values))[-1]
    ET.fromstring(plot_svg([curve("x", *values)], "t"))


def test_ticks_are_few_and_round() -> None:
    assert Scale(0, 1).ticks(4) == [0, 0.25, 0.5, 0.75, 1.0]
    assert Scale(3, 97).ticks(5) == [20, 40, 60, 80]
    assert len(Scale(1e15, 1e15 + 1).ticks(5)) < 60


def test_a_picture_is_xml_whatever_the_names_are() -> None:
    name = "</script><b>&\"'\x00\x1b\ud800 ü"
    text = plot_svg([curve(name, 1, 2), curve("b", 2)], name)
    root = ET.fromstring(text)
    assert "</script><b>&\"'" in "".join(root.itertext())
    assert "<b>" not in text


def test_a_million_values_make_a_small_picture_that_keeps_its_peaks() -> None:
    line = [(float(x), 0.0) for x in range(100_000)]
    line[54_321] = (54_321.0, 9.0)
    kept = thinned(line, 2000)
    assert len(kept) <= 2000
    assert (54_321.0, 9.0) in kept
    assert kept == sorted(kept)


def test_a_png_is_drawn_or_its_extra_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    curves = [curve("_$a$", 1, math.nan, 2), curve("b", 2, 3)]
    if importlib.util.find_spec("matplotlib") is None:
        with pytest.raises(MissingSdkError, match=r"amlplan\[plots\]"):
            write_png(path, curves, "t")
    else:
        write_png(path, curves, "a $ title")
        assert path.read_bytes().startswith(b"\x89PNG")


def test_tables_fit_by_cutting_the_widest_columns() -> None:
    text = fitted_table(("A", "B", "C"), [("x" * 50, "y" * 20, "z")], 40)
    lines = text.splitlines()
    assert max(map(len, lines[1:])) == 40
    assert "…" in lines[1]
    assert lines[1].endswith("z")
    assert "x" * 50 in fitted_table(("A",), [("x" * 50,)])
