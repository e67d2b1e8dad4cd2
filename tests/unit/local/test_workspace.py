from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import NotFoundError, ProviderError, UnreachableError
from amlplan.provider import Desired, Missing, Present, Unreachable
from amlplan.testing import StandInOperation, record_of, with_inputs
from amlplan_local import identity, workspace
from amlplan_local.workspace import LocalWorkspace

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext
    from amlplan_schemas.state import Record

OPERATION = StandInOperation()


def desired(identity: str = "lineage:x:1", **values: Any) -> Desired:
    inputs = LocalWorkspace.kind.inputs.model_validate({"name": "fraud", **values})
    return Desired("workspace.x", "workspace", inputs.name, identity, inputs, {}, {})


def create(context: ProviderContext, wanted: Desired) -> Record:
    provider = LocalWorkspace(context)
    return record_of(wanted, provider.create(wanted, OPERATION), provider)


def document(record: Record) -> Path:
    return Path(record.outputs.values["path"]) / "workspace.json"


def change(record: Record, **values: Any) -> None:
    path = document(record)
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_role_changed_by_hand_is_seen_by_field(context: ProviderContext) -> None:
    record = create(context, desired(owners=["user:ana"], readers=["group:audit"]))
    change(record, readers=["group:audit", "user:eve"])
    observed = LocalWorkspace(context).read(record, {})
    assert isinstance(observed, Present)
    before = record.inputs.values
    assert {name for name, seen in observed.inputs.items() if seen != before[name]} == {"readers"}
    LocalWorkspace(context).update(desired(owners=["user:ana"]), record, OPERATION)
    assert json.loads(document(record).read_text())["readers"] == []


def test_the_creator_owns_it_and_is_not_compared(context: ProviderContext) -> None:
    record = create(context, desired())
    creator = record.outputs.values["creator"]
    assert json.loads(document(record).read_text())["owners"] == [creator]
    observed = LocalWorkspace(context).read(record, {})
    assert isinstance(observed, Present)
    assert observed.inputs["owners"] == []
    change(record, owners=[creator, "user:eve"])
    observed = LocalWorkspace(context).read(record, {})
    assert isinstance(observed, Present)
    assert observed.inputs["owners"] == [creator, "user:eve"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_document_that_cannot_be_written_leaves_no_folder_of_nobody(
    context: ProviderContext, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    folder = context.root / "kept"
    if is_there:
        folder.mkdir()

    def fail(*_: object, **_values: object) -> None:
        raise ProviderError("No space left", "The disk is full.")

    monkeypatch.setattr(workspace, "write_document", fail)
    with pytest.raises(ProviderError, match="The disk is full"):
        create(context, desired(history={"path": "kept"}))
    assert folder.exists() == is_there


def test_destroy_keeps_everything_and_the_name_is_free(context: ProviderContext) -> None:
    record = create(context, desired(history={"path": "here"}))
    kept = context.root / "here" / "store" / "blob"
    kept.write_text("kept")
    provider = LocalWorkspace(context)
    provider.delete(record, {}, OPERATION)
    assert json.loads(document(record).read_text())["detached"] is True
    assert provider.read(record, {}) == Missing()
    assert provider.find(record, {}) == Missing()
    again = create(context, desired("lineage:x:7", history={"path": "here"}))
    assert again.outputs == record.outputs
    assert kept.read_text() == "kept"
    assert isinstance(provider.read(again, {}), Present)
    # The old record, deleted late, no longer has a say.
    provider.delete(record, {}, OPERATION)
    assert isinstance(provider.read(again, {}), Present)


def test_a_folder_of_another_workspace_is_refused(context: ProviderContext) -> None:
    record = create(context, desired(history={"path": "here"}))
    with pytest.raises(ProviderError, match="belongs to the workspace fraud"):
        create(context, desired("other:y:1", name="other", history={"path": "here"}))
    assert isinstance(LocalWorkspace(context).read(record, {}), Present)


def test_of_many_that_want_one_folder_one_gets_it(context: ProviderContext) -> None:
    won: list[str] = []
    lost: list[str] = []

    def attempt(number: int) -> None:
        try:
            create(context, desired(f"lineage:{number}:1", history={"path": "here"}))
            won.append(str(number))
        except ProviderError as failure:
            lost.append(failure.summary)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == ["The folder holds another workspace"] * 7


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', "\xff"])
def test_a_broken_document_is_never_missing(context: ProviderContext, text: str) -> None:
    record = create(context, desired(history={"path": "here"}))
    document(record).write_text(text, encoding="latin-1")
    provider = LocalWorkspace(context)
    for observed in (provider.read(record, {}), provider.find(record, {})):
        assert isinstance(observed, Unreachable)
        assert str(document(record)) in observed.reason
    for attempt in (
        lambda: provider.create(desired(history={"path": "here"}), OPERATION),
        lambda: provider.update(desired(history={"path": "here"}), record, OPERATION),
        lambda: provider.delete(record, {}, OPERATION),
    ):
        with pytest.raises(ProviderError, match="Restore it from a backup"):
            attempt()
    assert document(record).read_text(encoding="latin-1") == text


def test_a_newer_document_is_not_understood(context: ProviderContext) -> None:
    record = create(context, desired())
    change(record, format_version=2)
    observed = LocalWorkspace(context).read(record, {})
    assert isinstance(observed, Unreachable)
    assert "newer amlplan" in observed.reason


def test_an_update_of_what_is_gone_says_so(context: ProviderContext) -> None:
    record = create(context, desired())
    shutil.rmtree(record.outputs.values["path"])
    with pytest.raises(NotFoundError, match="Plan again"):
        LocalWorkspace(context).update(desired(), record, OPERATION)


def test_another_user_changes_nothing(
    context: ProviderContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = create(context, desired())
    monkeypatch.setattr(identity.os, "getuid", lambda: 4711)  # type: ignore[attr-defined]
    provider = LocalWorkspace(context)
    observed = provider.read(record, {})
    assert isinstance(observed, Unreachable)
    assert "another host or by another user" in observed.reason
    with pytest.raises(UnreachableError):
        provider.update(with_inputs(desired(), readers=("user:x",)), record, OPERATION)
    with pytest.raises(UnreachableError):
        provider.delete(record, {}, OPERATION)


def test_modes_do_not_follow_the_umask(context: ProviderContext) -> None:
    before = os.umask(0o077)
    try:
        record = create(context, desired(history={"path": "new/deep"}))
    finally:
        os.umask(before)
    assert document(record).stat().st_mode & 0o777 == 0o644
    assert (context.root / "new").stat().st_mode & 0o777 == 0o755


def test_an_id_is_made_where_the_system_has_none(
    context: ProviderContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "machine_id", lambda: None)
    assert identity.known_identity(context) is None
    made = identity.host_identity(context)
    assert identity.host_identity(context) == identity.known_identity(context) == made
    assert list(context.data_folder.glob("machine-id")) != []


def test_unusable_machine_ids_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, text in enumerate(["", "uninitialized\n", "0123abcd\n"]):
        (tmp_path / str(number)).write_text(text)
    monkeypatch.setattr(identity, "MACHINE_ID_FILES", tuple(tmp_path / name for name in "9012"))
    identity.machine_id.cache_clear()
    try:
        assert identity.machine_id() == "0123abcd"
    finally:
        identity.machine_id.cache_clear()
