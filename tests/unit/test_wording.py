from __future__ import annotations

from amlplan.wording import counted, difference, few, suggestion


def test_one_is_no_plural() -> None:
    assert [counted(count, "file") for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert counted(12_345, "event") == "12,345 events"
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]


def test_of_many_names_a_few_are_told() -> None:
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_a_difference_tells_what_came_went_and_changed() -> None:
    before = {"same": "1", "b": "1", "a": "1", "old": "1"}
    after = {"same": "1", "b": "2", "a": "2", "new": "1"}
    assert difference(before, after) == "a, b changed; new added; old removed"
    assert difference(before, before) == ""


def test_what_is_near_is_suggested() -> None:
    assert suggestion("trian.py", ["test.py", "train.py"]) == ' Did you mean "train.py"?'
    assert suggestion("zzz", ["train.py"]) == ""
