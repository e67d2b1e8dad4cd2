"""Runs handed on: as JSON, CSV, and event files that TensorBoard reads."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.cli.text.json_text import json_text
from amlplan.looking.export.log_folders import write_log_folders
from amlplan.looking.export.tables import run_document, runs_csv, values_csv
from amlplan.looking.export.tensorboard import checksum, masked, record
from history_support import finish, history, make_run
from looking_support import overview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_state.runs.store import EventHistory

ODD = 'a "name", of\n\ud800 any | text'


def recorded(tmp_path: Path) -> tuple[EventHistory, str]:
    store = history(tmp_path)
    run = make_run(store).id
    values: list[dict[str, Any]] = [
        {"name": "loss", "value": 0.5, "step": 10},
        {"name": "loss", "value": "NaN", "special": True, "step": 20},
        {"name": "loss", "value": -3, "step": -1},
        {"name": "huge", "value": 10**60},
        {"name": "word", "value": "cat"},
        {"name": "flag", "value": True},
        {"name": ODD, "value": 1.0},
    ]
    for value in values:
        store.append_control(run, {"type": "metric", **value})
    store.append_control(run, {"type": "tag", "name": "kind", "value": "a|b"})
    store.append_control(run, {"type": "parameter", "name": "alpha", "value": "0.1"})
    store.append_control(run, {"type": "row", "name": "folds", "values": {"fold": 1}})
    finish(store, run)
    return store, run


def test_the_checksum_is_crc_32c() -> None:
    # The examples of RFC 3720, which names this checksum.
    assert checksum(b"123456789") == 0xE3069283
    assert checksum(bytes(32)) == 0x8A9136AA
    assert checksum(b"\xff" * 32) == 0x62A8AB43


def records_of(data: bytes) -> Iterator[bytes]:
    while data:
        (length,) = struct.unpack_from("<Q", data)
        body = data[12 : 12 + length]
        assert data[: 16 + length] == record(body)
        assert data[8:12] == masked(data[:8])
        yield body
        data = data[16 + length :]


def fields_of(data: bytes) -> dict[int, list[Any]]:
    """The fields of a message, by number; read by the rules of protocol buffers alone."""
    found: dict[int, list[Any]] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = varint()
        value: Any
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value, place = data[place : place + length], place + length
        else:
            form, size = ("<d", 8) if key & 7 == 1 else ("<f", 4)
            (value,) = struct.unpack_from(form, data, place)
            place += size
        found.setdefault(key >> 3, []).append(value)
    return found


def test_event_files_hold_every_number_with_its_step(tmp_path: Path) -> None:
    store, run = recorded(tmp_path)
    (path,) = write_log_folders(store, [store.run(run)], tmp_path / "logs")
    first, *rest = records_of(path.read_bytes())
    assert fields_of(first)[3] == [b"brain.Event:2"]
    scalars: dict[str, list[tuple[int, float]]] = {}
    texts: dict[str, bytes] = {}
    for body in rest:
        event = fields_of(body)
        (value,) = fields_of(event[5][0])[1]
        shown = fields_of(value)
        name = shown[1][0].decode()
        if 2 in shown:
            scalars.setdefault(name, []).append((event[2][0], shown[2][0]))
        else:
            texts[name] = fields_of(shown[8][0])[8][0]
    assert scalars["loss"][0] == (10, 0.5)
    assert math.isnan(scalars["loss"][1][1])
    assert scalars["loss"][2] == (2**64 - 1, -3.0)  # a negative number, as 64 bits have it
    assert scalars["huge"] == [(0, math.inf)]
    assert scalars["flag"] == [(0, 1.0)]
    assert set(scalars) == {"loss", "huge", "flag", ODD.replace("\ud800", "?")}
    assert b"| alpha | 0.1 |" in texts["parameters"]
    assert b"| kind | a\\|b |" in texts["tags"]


def test_exporting_again_replaces_the_file(tmp_path: Path) -> None:
    store, run = recorded(tmp_path)
    (path,) = write_log_folders(store, [store.run(run)], tmp_path / "logs")
    before = path.read_bytes()
    write_log_folders(store, [store.run(run)], tmp_path / "logs")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_tensorboard_itself_reads_event_files(tmp_path: Path) -> None:
    loading = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed",
    )
    store, run = recorded(tmp_path)
    (path,) = write_log_folders(store, [store.run(run)], tmp_path / "logs")
    seen = loading.EventAccumulator(str(path.parent)).Reload()
    assert {"loss", "huge", "flag"} <= set(seen.Tags()["scalars"])
    assert next((each.step, each.value) for each in seen.Scalars("loss")) == (10, 0.5)


def test_json_has_everything(tmp_path: Path) -> None:
    store, run = recorded(tmp_path)
    text = json_text(run_document(store, store.run(run)))
    text.encode()
    document = json.loads(text)
    loss = document["metrics"]["loss"]
    assert [(each["value"], each["step"]) for each in loss] == [(0.5, 10), ("NaN", 20), (-3, -1)]
    assert document["metrics"][ODD][0]["value"] == 1.0
    assert document["metrics"]["huge"][0]["value"] == 10**60
    assert document["parameters"] == {"alpha": "0.1"}
    assert document["records"][0]["values"] == {"fold": 1}
    assert document["status"] == "Completed"


def test_csv_has_a_row_for_each_run_or_each_value(tmp_path: Path) -> None:
    store, run = recorded(tmp_path)
    (row,) = csv.DictReader(io.StringIO(runs_csv(store.overviews())))
    assert (row["id"], row["metric.word"], row["param.alpha"]) == (run, "cat", "0.1")
    assert (row["metric.flag"], row["tag.kind"], row["exit_code"]) == ("true", "a|b", "")
    assert row["metric." + ODD.replace("\ud800", "?")] == "1.0"
    rows = list(csv.DictReader(io.StringIO(values_csv(store, [store.run(run)]))))
    assert [each["value"] for each in rows if each["metric"] == "loss"] == ["0.5", "nan", "-3"]
    several = runs_csv([overview(1, {"a": 1}), overview(2, {"b": 2})]).splitlines()
    assert several[0].endswith(",metric.a,metric.b")
    assert several[1].endswith(",1,")
