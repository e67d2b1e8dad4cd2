from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.masking import MASK
from amlplan_local import script_log
from amlplan_local.script_lines import LONGEST_LINE
from amlplan_local.script_log import AppendedLines, MarkedLines

if TYPE_CHECKING:
    from pathlib import Path

RUN = "r1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    return tmp_path


def point(number: int) -> bytes:
    return json.dumps({"metric": "p", "value": number}).encode() + b"\n"


def append(folder: Path, data: bytes) -> None:
    with (folder / script_log.NAME).open("ab") as file:
        file.write(data)


def events(folder: Path, name: str = "script-log") -> list[dict[str, Any]]:
    path = folder / "events" / f"{name}.jsonl"
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


def values(folder: Path, name: str = "script-log") -> list[Any]:
    return [event["value"] for event in events(folder, name) if event["type"] == "metric"]


def complaints(folder: Path, name: str = "script-log") -> list[str]:
    return [event["text"] for event in events(folder, name) if event["type"] == "error"]


def test_lines_become_events_as_they_are_appended(folder: Path) -> None:
    lines = AppendedLines(folder, RUN)
    assert not lines.read()
    append(folder, point(1) + point(2)[:9])
    lines.read()
    assert values(folder) == [1]
    append(folder, point(2)[9:] + b"\n" + point(3).strip())
    lines.read()
    assert values(folder) == [1, 2]
    lines.finish()
    assert values(folder) == [1, 2, 3]
    assert [event["n"] for event in events(folder)] == [0, 1, 3]


@pytest.mark.parametrize("cut", [0, 1, 60, 61, 100, 10_000])
def test_another_goes_on_where_one_was_killed(folder: Path, cut: int) -> None:
    """Whatever of the events was written: each line is taken once."""
    append(folder, b"".join(point(n) if n % 7 else b"garbage\n" for n in range(100)))
    AppendedLines(folder, RUN).read()
    path = folder / "events" / "script-log.jsonl"
    whole = path.read_bytes()
    os.truncate(path, max(0, len(whole) - cut))
    append(folder, point(100))
    AppendedLines(folder, RUN).finish()
    assert values(folder) == [n for n in range(101) if n % 7]
    assert complaints(folder)[-1] == "15 lines of AMLPLAN_RUN_LOG are no events"
    assert len(complaints(folder)) == 11


@pytest.mark.parametrize("told", [0, 1000])
def test_a_child_that_numbers_its_events_neither_loses_nor_doubles_lines(
    folder: Path, told: int
) -> None:
    child = {"run": f"{RUN}.1", "n": told}
    for fields in ({"type": "run", "id": f"{RUN}.1"}, {"type": "status", "status": "Running"}):
        append(folder, json.dumps({**fields, **child}).encode() + b"\n")
    AppendedLines(folder, RUN).read()
    append(folder, point(1))
    AppendedLines(folder, RUN).finish()
    assert [event["n"] for event in events(folder)] == [0, 1, 2]
    assert values(folder) == [1]


def test_finishing_twice_adds_nothing(folder: Path) -> None:
    append(folder, point(1) + b"garbage\n")
    for _ in range(2):
        AppendedLines(folder, RUN).finish()
    assert values(folder) == [1]
    assert complaints(folder) == [
        "line 2 of AMLPLAN_RUN_LOG was not recorded: it is no JSON: 'garbage'"
    ]


def test_what_a_power_loss_left_does_not_keep_another_from_going_on(folder: Path) -> None:
    append(folder, point(0) + point(1))
    (folder / "events" / "script-log.jsonl").write_bytes(b"\0" * 40 + b"\n")
    AppendedLines(folder, RUN).finish()
    lines = (folder / "events" / "script-log.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["value"] for line in lines[1:]] == [1]


def test_a_file_is_read_in_pieces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_log, "PIECE", 100)
    append(folder, b"".join(point(n) for n in range(50)))
    lines = AppendedLines(folder, RUN)
    assert lines.read()
    assert 0 < len(values(folder)) < 10
    lines.finish()
    assert values(folder) == list(range(50))


def test_a_line_without_end_takes_no_memory_and_counts_once(folder: Path) -> None:
    append(folder, point(1) + b"x" * (3 * LONGEST_LINE) + b"\n" + point(2))
    AppendedLines(folder, RUN).finish()
    assert values(folder) == [1, 2]
    (complaint,) = complaints(folder)
    assert "line 2 of AMLPLAN_RUN_LOG" in complaint
    assert "longer than" in complaint


def test_a_file_that_was_made_shorter_is_read_anew_and_told(folder: Path) -> None:
    lines = AppendedLines(folder, RUN)
    append(folder, point(1) + point(2))
    lines.read()
    (folder / script_log.NAME).write_bytes(point(3))
    lines.finish()
    assert values(folder) == [1, 2, 3]
    assert "append to it" in complaints(folder)[0]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_file_is_left_alone(folder: Path, kind: str) -> None:
    path = folder / script_log.NAME
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/etc/passwd")
    lines = AppendedLines(folder, RUN)
    lines.finish()
    assert events(folder) == []


def test_marked_lines_of_the_output_become_events(folder: Path) -> None:
    lines = MarkedLines(folder, RUN, [])
    stream = b"hello\n::amlplan::" + point(1) + b"no ::amlplan::" + point(2) + b"::amlplan::{}\n"
    stream += b"::amlplan::" + point(3).replace(b"\n", b"\r\n") + b"::amlpla\n\0\xff\n"
    stream += b"::amlplan::" + point(4).strip()
    for at in range(len(stream)):
        lines.take(stream[at : at + 1])
    lines.finish()
    assert values(folder, "script-output") == [1, 3, 4]
    (complaint,) = complaints(folder, "script-output")
    assert complaint.startswith("line 2 of the marked output was not recorded: one of these")


def test_marked_lines_are_found_in_pieces_of_any_size(folder: Path) -> None:
    stream = b"".join(b"noise\n::amlplan::" + point(n) for n in range(300))
    lines = MarkedLines(folder, RUN, [])
    for at in range(0, len(stream), 97):
        lines.take(stream[at : at + 97])
    lines.finish()
    assert values(folder, "script-output") == list(range(300))


def test_a_marked_line_without_end_is_refused_once(folder: Path) -> None:
    lines = MarkedLines(folder, RUN, [])
    lines.take(b"::amlplan::")
    for _ in range(30):
        lines.take(b"x" * 65536)
    lines.take(b"\n::amlplan::" + point(1))
    lines.finish()
    assert values(folder, "script-output") == [1]
    assert len(complaints(folder, "script-output")) == 1


def test_secrets_are_masked_in_marked_lines(folder: Path) -> None:
    lines = MarkedLines(folder, RUN, ["s3cret"])
    lines.take(b'::amlplan::{"tag": "token", "value": "is s3cret!"}\n')
    assert events(folder, "script-output")[0]["value"] == f"is {MASK}!"


def test_output_without_marks_makes_no_file(folder: Path) -> None:
    lines = MarkedLines(folder, RUN, [])
    lines.take(b"hello\n" * 1000)
    lines.finish()
    assert not (folder / "events" / "script-output.jsonl").exists()
