"""What differs between two trees, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlplan.planning.diff import changed_leaves
from amlplan.pointers import pointer, tokens_of, value_at, with_value
from amlplan_schemas.plan import FieldSource

TABLE: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, Any, Any]]]] = [
    ({}, {}, []),
    ({"a": 1}, {"a": 1}, []),
    ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
    ({"a": 1}, {"a": "1"}, [("/a", 1, "1")]),
    ({"a": None}, {"a": 0}, [("/a", None, 0)]),
    ({"a": ""}, {"a": None}, [("/a", "", None)]),
    ({}, {"a": 1}, [("/a", None, 1)]),
    ({"a": 1}, {}, [("/a", 1, None)]),
    ({"a": 1, "b": 2}, {"b": 3, "a": 2}, [("/b", 2, 3), ("/a", 1, 2)]),
    ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}, [("/a/y", 2, 3)]),
    ({"a": {"x": 1}}, {"a": {"y": 1}}, [("/a/x", 1, None), ("/a/y", None, 1)]),
    ({"a": {"x/y": {"~": 1}}}, {"a": {"x/y": {"~": 2}}}, [("/a/x~1y/~0", 1, 2)]),
    ({"a": {"it's": 1}}, {"a": {"it's": 2}}, [("/a/it's", 1, 2)]),
    ({"a": {"": 1}}, {"a": {"": 2}}, [("/a/", 1, 2)]),
    ({"a": [1, 2]}, {"a": [1, 3]}, [("/a/1", 2, 3)]),
    ({"a": []}, {"a": [1]}, [("/a/0", None, 1)]),
    ({"a": [1]}, {"a": {"x": 1}}, [("/a", [1], {"x": 1})]),
    ({"a": {}}, {"a": None}, [("/a", {}, None)]),
    ({"a": 1}, {"a": 1.0}, []),
    ({"a": True}, {"a": False}, [("/a", True, False)]),
    ({"a": "x\ny"}, {"a": "x\nz"}, [("/a", "x\ny", "x\nz")]),
]


@pytest.mark.parametrize(("before", "after", "expected"), TABLE)
def test_changed_leaves(
    before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, Any, Any]]
) -> None:
    found = changed_leaves(before, after, FieldSource.INPUT)
    assert [(item.path, item.before, item.after) for item in found] == expected


JSON = st.recursive(
    # Each field has one type, so a bool never meets a number that Python thinks equal.
    st.none() | st.integers(-9, 9) | st.text("a/~0 é", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
TREES = st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON, max_size=3)


@settings(max_examples=150, deadline=None)
@given(TREES, TREES)
def test_there_is_a_change_exactly_where_trees_differ(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = changed_leaves(before, after, FieldSource.INPUT)
    assert bool(found) == (before != after)
    assert len({item.path for item in found}) == len(found)
    assert not changed_leaves(after, after, FieldSource.INPUT)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab/~01", max_size=3), min_size=1, max_size=4), JSON)
def test_pointers_lead_back(tokens: list[str], value: Any) -> None:
    path = pointer(tokens)
    assert tokens_of(path) == tuple(tokens)
    assert value_at(with_value({}, tokens_of(path), value), path) == value
