"""What a front keeps: its settings, its memory, documents, and what it knows of other versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan_serve import messages
from amlplan_serve.front_folder import FolderError, FrontFolder, FrontSettings
from amlplan_serve.front_orders import keys_of
from amlplan_serve.memory import UnusableMemoryError
from amlplan_serve.settings import (
    ReplicaStatus,
    RevisionSpec,
    RevisionStatus,
    Status,
    spec_from_json,
    status_from_json,
)

if TYPE_CHECKING:
    from pathlib import Path

SPEC = RevisionSpec(
    "7", kind="http", workers=2, upstreams={"a": "a:5001", "b": "b:5001"}, routes={"scoring": "/p"}
)


def test_settings_are_kept_and_unknown_ones_of_another_version_are_left_alone(
    tmp_path: Path,
) -> None:
    folder = FrontFolder(tmp_path)
    assert folder.settings() == FrontSettings()
    folder.keep_settings(FrontSettings(auth="none", body_limit=5))
    assert folder.settings() == FrontSettings(auth="none", body_limit=5)
    (tmp_path / "front.json").write_text('{"auth": "none", "later": 1}')
    assert folder.settings() == FrontSettings(auth="none")


@pytest.mark.parametrize("text", ["{", "[]", '{"auth": "nobody"}'])
def test_settings_that_make_no_sense_are_told_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "front.json").write_text(text)
    with pytest.raises(FolderError, match=r"front\.json cannot be used"):
        FrontFolder(tmp_path).settings()


def test_without_keys_nobody_gets_in(tmp_path: Path) -> None:
    folder = FrontFolder(tmp_path)
    keys = keys_of(folder, FrontSettings())
    assert keys is not None
    assert not keys.accept(b"Bearer ")
    assert keys.fingerprints() == {}
    assert keys_of(folder, FrontSettings(auth="none")) is None


def test_what_serves_is_remembered(tmp_path: Path) -> None:
    memory = FrontFolder(tmp_path).memory
    assert memory.recall() == (None, None)
    memory.keep(SPEC, None)
    assert memory.recall() == (SPEC, None)
    memory.keep(None, SPEC)
    assert memory.recall() == (None, SPEC)
    (tmp_path / "serving.json").write_text('{"active": 1}')
    with pytest.raises(UnusableMemoryError, match=r"serving\.json"):
        memory.recall()


@pytest.mark.parametrize("name", ["", "../keys.json", "/etc/passwd", ".hidden", "a/b/c", "a//b"])
def test_a_document_has_a_name_below_its_folder(tmp_path: Path, name: str) -> None:
    folder = FrontFolder(tmp_path)
    for work in (folder.read, folder.remove):
        with pytest.raises(FolderError, match="no name of a document"):
            work(name)
    with pytest.raises(FolderError, match="no name of a document"):
        folder.write(name, b"")


def test_what_is_kept_is_for_its_owner(tmp_path: Path) -> None:
    folder = FrontFolder(tmp_path)
    folder.write("a/b.json", b"1")
    folder.write("a/b.json", b"2")
    path = tmp_path / "documents/a/b.json"
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.names() == ["a/b.json"]


def test_a_specification_of_another_version_can_be_read() -> None:
    assert spec_from_json({**SPEC.as_json(), "later": 1}) == SPEC
    with pytest.raises(ValueError, match="no workers of the kind"):
        spec_from_json({**SPEC.as_json(), "kind": "later"})


def test_a_status_with_replicas_comes_back_as_it_was() -> None:
    replicas = (ReplicaStatus("r-1", ready=True, restarts=2, in_flight=3),)
    active = RevisionStatus("7", "sha256:7", 2, 1, 2, 3, replicas)
    status = Status(1, "0.1.0", "python", "0.0.0.0", 5001, active, None, ("6",), 9, {}, False)
    told = json.loads(json.dumps(status.as_json()))
    assert status_from_json(told) == status
    told["active"]["later"] = told["active"]["replicas"][0]["later"] = told["later"] = 1
    assert status_from_json(told) == status


def test_a_message_is_whole_or_broken() -> None:
    message = messages.encoded({"command": "write"}, bytes(range(256)))
    assert messages.decoded(message) == ({"command": "write"}, bytes(range(256)))
    for broken in (b"", message[:5], message[:-1], message + b"x", b"\0\0\0\1\0\0\0\0x"):
        with pytest.raises(messages.BrokenMessageError):
            messages.decoded(broken)
