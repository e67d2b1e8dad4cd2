from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.masking import MASK
from amlplan_local.run_log import RunLog
from amlplan_local.script_log import AppendedLines, MarkedLines
from amlplan_local.script_output import LINES, LONGEST, TAIL, ScriptOutput

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = ["s3cret-value"]


@pytest.fixture
def output(tmp_path: Path) -> ScriptOutput:
    (tmp_path / "events").mkdir()
    log = RunLog(tmp_path / "log.txt", HIDDEN, 10**9)
    marked, appended = MarkedLines(tmp_path, "r1", HIDDEN), AppendedLines(tmp_path, "r1")
    return ScriptOutput(log, marked, appended, HIDDEN)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"", ""),
        (b"\n\n", ""),
        (b"one\ntwo\n\n", "one\ntwo"),
        (b"10%\r20%\r30%\nValueError: x\r\n", "30%\nValueError: x"),
        (b"\xff\n", "\ufffd"),
        (b"it is s3cret-value!\n", f"it is {MASK}!"),
    ],
)
def test_the_end_of_standard_error_is_told(output: ScriptOutput, written: bytes, told: str) -> None:
    output.take(b"printed\n")
    output.take_error(written)
    assert output.end_attempt() == told
    assert output.end_attempt() == ""


def test_only_the_end_is_told(output: ScriptOutput) -> None:
    for number in range(10_000):
        output.take_error(b"line %d\n" % number)
    lines = output.end_attempt().splitlines()
    assert len(lines) == LINES
    assert lines[-1] == "line 9999"
    output.take_error(b"x" * (3 * TAIL))
    assert len(output.end_attempt()) == LONGEST


@pytest.mark.parametrize("cut", range(len(HIDDEN[0]) + 1))
def test_no_part_of_a_secret_is_left_where_the_end_begins(output: ScriptOutput, cut: int) -> None:
    secret = HIDDEN[0].encode()
    output.take_error(b"y" * TAIL + secret + b"y" * (TAIL - len(secret) + cut))
    assert set(output.end_attempt()) == {"y"}
