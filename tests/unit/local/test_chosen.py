from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_local.chosen import choose, expression

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pattern", "matches", "not_matches"),
    [
        ("outputs/**", ["outputs/a", "outputs/a/b", "outputs/.hidden"], ["outputs", "xoutputs/a"]),
        ("outputs/*", ["outputs/a"], ["outputs/a/b"]),
        ("outputs/", ["outputs/a/b"], ["outputs2/a"]),
        ("**/*.pt", ["a.pt", "x/y/a.pt"], ["a.pth", "a.pt/b"]),
        ("./a?.txt", ["a1.txt"], ["a.txt", "a/.txt", "a12.txt"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["a/bz", "az"]),
        ("[ab].(c)", ["[ab].(c)"], ["a.(c)"]),
        ("*", ["a\nb"], ["a/b"]),
    ],
)
def test_patterns(pattern: str, matches: list[str], not_matches: list[str]) -> None:
    assert [name for name in matches if not expression(pattern).fullmatch(name)] == []
    assert [name for name in not_matches if expression(pattern).fullmatch(name)] == []


def test_what_was_asked_for_has_room_first(tmp_path: Path) -> None:
    for name in ("a", "z"):
        (tmp_path / name).write_bytes(b"1" * 60)
    chosen = choose(tmp_path, ["*"], ["z"], 100)
    assert (set(chosen.files), set(chosen.left_out)) == ({"z"}, {"a"})


def test_all_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert set(choose(tmp_path, [], ["."], 100).files) == {"a"}
    assert choose(tmp_path, [], [], 100).files == {}


def test_a_reason_is_not_given_for_what_nobody_wants(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    chosen = choose(tmp_path, ["outputs/**"], [], 100)
    assert (chosen.files, chosen.left_out) == ({}, {})


def test_a_folder_above_the_working_folder_is_not_entered(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "workshop").touch()
    asked = ["..", "../workshop", "/etc/passwd", str(work / "x")]
    chosen = choose(work, [], asked, 100)
    assert chosen.files == {}
    assert set(chosen.left_out) == {"..", "../workshop", "/etc/passwd", "x"}


def test_what_is_excluded_is_told_unless_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    for name in ("a.pt", "b.tmp", "c.tmp"):
        (tmp_path / "outputs" / name).touch()
    (tmp_path / "other.tmp").touch()
    chosen = choose(tmp_path, ["outputs/**"], ["outputs/c.tmp"], 100, ["**/*.tmp"])
    assert set(chosen.files) == {"outputs/a.pt", "outputs/c.tmp"}
    assert chosen.left_out == {"outputs/b.tmp": 'it is excluded by "**/*.tmp"'}
