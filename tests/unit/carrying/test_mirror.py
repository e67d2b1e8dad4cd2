"""The event files of a container in the run's folder on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_docker.carrying.mirror import Mirror

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "supervisor.jsonl").write_text("ours\n")
    return tmp_path


def test_files_grow_where_they_stand(folder: Path) -> None:
    mirror = Mirror(folder)
    assert mirror.had() == {}
    mirror.take(b"n", 0, b"events/host-1.jsonl")
    mirror.take(b"f", 0, b"one\n")
    mirror.take(b"n", 1, b"recorded.jsonl")
    mirror.take(b"f", 1, b"line")
    assert Mirror(folder).had() == {"events/host-1.jsonl": 4, "recorded.jsonl": 4}
    mirror.take(b"t", 1, b"")
    mirror.take(b"f", 1, b"again")
    assert (folder / "recorded.jsonl").read_text() == "again"


@pytest.mark.parametrize(
    "name",
    [
        "events/supervisor.jsonl",
        "events/control.jsonl",
        "events/script-log.jsonl",
        "events/../evil.jsonl",
        "../evil.jsonl",
        "evil.jsonl",
        "events/sub/evil.jsonl",
        "events/evil.txt",
    ],
)
def test_no_script_writes_files_of_this_host(name: str, folder: Path) -> None:
    mirror = Mirror(folder)
    mirror.take(b"n", 0, name.encode())
    mirror.take(b"f", 0, b"forged\n")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["supervisor.jsonl"]
    assert (folder / "events" / "supervisor.jsonl").read_text() == "ours\n"


def test_what_was_not_sent_is_taken_from_a_copy(folder: Path, tmp_path: Path) -> None:
    (folder / "events" / "host-1.jsonl").write_text("one\n")
    copy = tmp_path / "copy"
    (copy / "events").mkdir(parents=True)
    (copy / "events" / "host-1.jsonl").write_text("one\ntwo\n")
    (copy / "events" / "control.jsonl").write_text("forged\n")
    (copy / "recorded.jsonl").write_text("line\n")
    for _ in range(2):
        Mirror(folder).take_rest(copy)
    assert (folder / "events" / "host-1.jsonl").read_text() == "one\ntwo\n"
    assert (folder / "recorded.jsonl").read_text() == "line\n"
    assert not (folder / "events" / "control.jsonl").exists()


def test_paths_that_the_script_recorded_are_asked_for(folder: Path) -> None:
    lines = ['{"type": "artifact", "path": "other/file"}', '{"type": "metric", "name": "artifact"}']
    (folder / "events" / "host-1.jsonl").write_text("\n".join([*lines, "broken", ""]))
    assert list(Mirror(folder).asked()) == ["other/file"]
