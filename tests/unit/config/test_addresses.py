"""Addresses are told apart whatever their keys hold."""

from __future__ import annotations

import pytest

from amlplan.addresses import Address, key_text, label_of, node_of, parse_address


@pytest.mark.parametrize(
    "key", [None, 0, 12, "", "a", "a.b", "a]b", 'a"b', "a\\b", "${x}", "%{x}", "é", "a\nb", "["]
)
def test_what_is_written_is_read(key: str | int | None) -> None:
    text = f"module.team{key_text(key)}.model.ridge{key_text(key)}"
    parsed = parse_address(text)
    assert parsed == Address((("team", key),), "model", "ridge", key)
    assert (node_of(text), label_of(text)) == ("module.team.model.ridge", "ridge")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model",
        "model.",
        ".model",
        "model..x",
        "a.b.c",
        "a.b.c.d",
        'model["a"].x',
        "model.x[",
        "model.x[a]",
        "model.x[-1]",
        "model.x ",
        "1.x",
        "module.a[0]model.x",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_a_module_is_read_as_a_block() -> None:
    assert parse_address('module.team["a"]') == Address((), "module", "team", "a")
