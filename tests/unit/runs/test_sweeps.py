"""Parameters with several values."""

from __future__ import annotations

import pytest

from amlplan.errors import RunError
from amlplan.runs.sweeps import combinations, values_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1", ("0.1",)),
        ("", ("",)),
        ('"quoted"', ('"quoted"',)),
        ("[", ("[",)),
        ("0.1,0.5", ("0.1", "0.5")),
        ("0.1, 0.5", ("0.1", "0.5")),
        (r"a\,b", ("a,b",)),
        (r"a\,b,c", ("a,b", "c")),
        (r"C:\new,D:\x", (r"C:\new", r"D:\x")),
        ("a,b\\", ("a", "b\\")),
        ("[64,32]", ("[64,32]",)),
        ("[64,32],[128]", ("[64,32]", "[128]")),
        ('{"a": [1,2], "b": "]"},{}', ('{"a": [1,2], "b": "]"}', "{}")),
        ("f(1,2),3", ("f(1,2)", "3")),
        ('"a,b",c', ("a,b", "c")),
        ('"",x', ("", "x")),
        ('"a","b"', ("a", "b")),
        ("1],2", ("1]", "2")),
    ],
)
def test_values_are_separated_by_commas_that_stand_alone(text: str, values: tuple[str]) -> None:
    assert values_of(text) == values


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1,", "empty"),
        (",1", "empty"),
        ("1,,2", "empty"),
        ("1,1", "twice"),
        ("[1,2", "] is missing"),
        ('"1,2', '" is missing'),
    ],
)
def test_what_is_no_list_of_values_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        values_of(text)


def test_the_last_parameter_changes_fastest() -> None:
    found = combinations({"a": ("1", "2"), "b": ("x", "y")})
    assert [tuple(each.values()) for each in found] == [
        ("1", "x"),
        ("1", "y"),
        ("2", "x"),
        ("2", "y"),
    ]


def test_too_many_combinations_are_refused() -> None:
    many = tuple(map(str, range(40)))
    with pytest.raises(RunError, match=r"40 x 40 values make 1,600\s+runs"):
        combinations({"a": many, "b": many})
