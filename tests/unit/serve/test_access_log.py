from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve import access_log
from amlplan_serve.access_log import AccessLog, Note

if TYPE_CHECKING:
    from pathlib import Path

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def note(**changed: Any) -> Note:
    made = Note(
        ended=1_700_000_000.9996,
        method="POST",
        path="/score",
        status=200,
        seconds=0.0015,
        took=250,
        size_in=b"12",
        size_out=7,
        request=b"one",
        client_request=None,
        trace=TRACE,
        client="127.0.0.1",
        revision="3",
    )
    return made._replace(**changed)


async def written(log: AccessLog, *notes: Note) -> None:
    task = asyncio.create_task(log.run())
    for each in notes:
        log.note(each)
    log.end()
    await task


def test_a_line_tells_of_a_request() -> None:
    line = note().line()
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.999Z",
        "method": "POST",
        "path": "/score",
        "status": 200,
        "ms": 1.5,
        "run_ms": 0.25,
        "bytes_in": 12,
        "bytes_out": 7,
        "request_id": "one",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "client": "127.0.0.1",
        "revision": "3",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"path": '/"\n\\\u2028' + "x" * 1000},
        {"size_in": b"1e9", "took": None},
        {"size_in": b"\xff", "trace": b"00-xyz\n"},
        {"size_in": b"0012"},
        {"size_in": b"2" * 400},
        {"request": b'"\r\n\x00\xff', "client_request": "\u2028".encode()},
        {"client": "", "revision": ""},
    ],
)
def test_whatever_clients_send_stays_one_line_of_json(changed: dict[str, Any]) -> None:
    line = note(**changed).line()
    assert line.count("\n") == 1
    assert json.loads(line)["status"] == 200
    assert len(line) < 1000


def test_what_was_noted_is_written_once_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "access.log"

    async def course() -> None:
        await written(AccessLog(str(path)), *(note(status=status) for status in range(200, 600)))

    asyncio.run(course())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["status"] for line in lines] == list(range(200, 600))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_large_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "LARGEST", 10)
    path = tmp_path / "access.log"

    async def course() -> None:
        for status in (201, 202, 203):
            await written(AccessLog(str(path)), note(status=status))

    asyncio.run(course())
    assert path.read_text() == ""
    assert json.loads((tmp_path / "access.log.1").read_text())["status"] == 203


def test_what_is_too_much_is_counted_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "WAITING_AT_MOST", 2)
    path = tmp_path / "access.log"

    async def course() -> None:
        await written(AccessLog(str(path)), *[note()] * 5)

    asyncio.run(course())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line.get("dropped") for line in lines] == [None, None, 3]
