from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import CanceledError, ProviderError, UnreachableError
from amlplan.provider import Missing, Present, Unreachable
from amlplan.testing import StandInOperation
from amlplan_local import identity
from amlplan_local.versions import ModelVersions, Version
from amlplan_schemas.model import ModelOutputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_workbench import Workbench


def blobs(bench: Workbench) -> list[Path]:
    return [path for path in (bench.store / "blobs").rglob("*") if path.is_file()]


def test_versions_are_numbered_by_content_and_properties(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    first = bench.create(bench.desired())
    bench.write({"w": b"2"})
    second = bench.update(bench.desired(), first)
    third = bench.update(bench.desired(properties={"auc": "0.9"}), second)
    fourth = bench.update(bench.desired(properties={"auc": "0.8"}), third)
    fifth = bench.update(bench.desired(), fourth)
    told = [item.outputs.values["id"] for item in (first, second, third, fourth, fifth)]
    assert told == ["ridge:1", "ridge:2", "ridge:2", "ridge:3", "ridge:4"]


def test_content_that_was_there_before_is_that_version(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    first = bench.create(bench.desired())
    bench.write({"w": b"2"})
    second = bench.update(bench.desired(), first)
    bench.write({"w": b"1"})
    assert bench.update(bench.desired(), second).outputs.values["version"] == 1
    assert bench.versions() == ["1.json", "2.json"]


def test_framework_changes_in_place(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    first = bench.create(bench.desired(framework="sklearn"))
    second = bench.update(bench.desired(framework="onnx"), first)
    assert second.outputs.values["version"] == 1
    kept = json.loads((bench.store / "models" / "ridge" / "1.json").read_text())
    assert kept["framework"] == "onnx"


def test_two_records_share_equal_content(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    one = bench.create(bench.desired("lineage:one:1", aliases={"prod": "this"}))
    two = bench.create(bench.desired("lineage:two:1", aliases={"prod": "this"}))
    assert one.outputs == two.outputs
    bench.models.delete(one, bench.targets, StandInOperation())
    observed = bench.models.read(two, bench.targets)
    assert isinstance(observed, Present)
    assert observed.inputs == {"aliases": {"prod": "this"}}


def test_the_same_identity_with_other_content_makes_another_version(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    bench.create(bench.desired())
    bench.write({"w": b"2"})
    assert bench.create(bench.desired()).outputs.values["version"] == 2
    kept = json.loads((bench.store / "models" / "ridge" / "1.json").read_text())
    assert kept["identities"] == []


def test_derived_facts_are_the_outputs(bench: Workbench) -> None:
    bench.write({"w": b"12", "deep/v": b"345"})
    desired = bench.desired()
    record = bench.create(desired)
    for name in ("digest", "files", "size"):
        assert record.outputs.values[name] == desired.derived[name]
    assert record.outputs.values["size"] == 5
    assert set(record.outputs.values) == set(ModelOutputs.model_fields)


def test_aliases_follow_the_record(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    first = bench.create(bench.desired(aliases={"prod": "this", "next": "latest"}))
    file = bench.store / "models" / "ridge" / "aliases.json"
    assert json.loads(file.read_text()) == {"prod": 1, "next": "latest"}
    bench.write({"w": b"2"})
    asked = {"prod": first.outputs.values["digest"], "new": "this"}
    second = bench.update(bench.desired(aliases=asked), first)
    assert json.loads(file.read_text()) == {"prod": 1, "new": 2}
    observed = bench.models.read(second, bench.targets)
    assert isinstance(observed, Present)
    assert observed.inputs["aliases"] == asked
    file.write_text('{"prod": 2, "by_hand": 1}')
    observed = bench.models.read(second, bench.targets)
    assert isinstance(observed, Present)
    assert observed.inputs["aliases"] == {"prod": "2"}
    bench.update(bench.desired(aliases=asked), second)
    assert json.loads(file.read_text()) == {"prod": 1, "new": 2, "by_hand": 1}


@pytest.mark.parametrize("at", ["write", "write_aliases"])
def test_a_delete_that_ended_half_way_is_finished_by_the_next(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    bench.write({"w": b"1"})
    record = bench.create(bench.desired(aliases={"prod": "this"}))

    def end(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patched:
        patched.setattr(ModelVersions, at, end)
        with pytest.raises(InterruptedError):
            bench.models.delete(record, bench.targets, StandInOperation())
    bench.models.delete(record, bench.targets, StandInOperation())
    versions = ModelVersions(bench.store / "models" / "ridge")
    assert versions.aliases() == {}
    assert [version.identities for version in versions.all()] == [()]


def test_an_alias_for_an_unknown_digest_is_refused(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    with pytest.raises(ProviderError, match="sha256:77"):
        bench.create(bench.desired(aliases={"prod": "sha256:77"}))


def test_damage_is_named_and_repaired(bench: Workbench) -> None:
    bench.write({"a": b"1", "b": b"2", "c": b"3"})
    record = bench.create(bench.desired())
    sound = {path: path.read_bytes() for path in blobs(bench)}
    files = record.outputs.values["files"]
    for name, data in (("a", b"9"), ("b", None)):
        digest = files[name].removeprefix("sha256:")
        path = bench.store / "blobs" / "sha256" / digest[:2] / digest
        path.chmod(0o644)
        path.unlink() if data is None else path.write_bytes(data)
    observed = bench.models.read(record, bench.targets)
    assert isinstance(observed, Present)
    assert observed.outputs["corrupted"] == ["a", "b"]
    assert bench.models.find(record, bench.targets) == Missing()
    repaired = bench.update(bench.desired(), record)
    assert repaired.outputs.values == {**record.outputs.values, "corrupted": []}
    assert {path: path.read_bytes() for path in blobs(bench)} == sound
    observed = bench.models.read(repaired, bench.targets)
    assert isinstance(observed, Present)
    assert observed.outputs["corrupted"] == []


def test_a_version_document_that_is_gone_is_missing_and_a_broken_one_is_not(
    bench: Workbench,
) -> None:
    bench.write({"w": b"1"})
    record = bench.create(bench.desired())
    path = bench.store / "models" / "ridge" / "1.json"
    path.write_text("{")
    observed = bench.models.read(record, bench.targets)
    assert isinstance(observed, Unreachable)
    assert str(path) in observed.reason
    path.unlink()
    assert bench.models.read(record, bench.targets) == Missing()


def test_content_that_changed_since_the_plan_is_refused(bench: Workbench) -> None:
    bench.write({"w": b"1", "v": b"1"})
    desired = bench.desired()
    bench.write({"w": b"2"})
    with pytest.raises(ProviderError, match=r"w changed.* Plan again"):
        bench.models.create(desired, StandInOperation())
    assert bench.versions() == []


def test_content_that_changes_between_check_and_copy_is_refused(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write({"w": b"1"})
    desired = bench.desired()

    class Changing(StandInOperation):
        def progress(self, text: str) -> None:
            bench.write({"w": b"2"})

    with pytest.raises(ProviderError, match="Plan again"):
        bench.models.create(desired, Changing())
    assert blobs(bench) == []
    assert list((bench.store / "parts").iterdir()) == []


def test_cancelling_between_files_leaves_no_version_and_goes_on_later(bench: Workbench) -> None:
    bench.write({name: name.encode() for name in "abcdef"})
    desired = bench.desired()

    class Stopping(StandInOperation):
        def progress(self, text: str) -> None:
            super().progress(text)
            self.cancelled = len(self.texts) == 3

    with pytest.raises(CanceledError):
        bench.models.create(desired, Stopping())
    assert bench.versions() == []
    assert 0 < len(blobs(bench)) < 6
    again = StandInOperation()
    bench.models.create(desired, again)
    stored = [text for text in again.texts if text.startswith("storing")]
    assert len(stored) == 6 - 2


def test_steps_are_told_in_order(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    operation = StandInOperation()
    desired = bench.desired()
    bench.models.create(desired, operation)
    assert list(operation.steps) == ["blobs", "version"]
    resumed = StandInOperation(steps=dict(operation.steps))
    bench.models.create(desired, resumed)
    assert not [text for text in resumed.texts if text.startswith("storing")]


def test_deleting_keeps_every_byte_and_the_version(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    record = bench.create(bench.desired(aliases={"prod": "this"}))
    before = blobs(bench)
    bench.models.delete(record, bench.targets, StandInOperation())
    assert blobs(bench) == before
    kept = json.loads((bench.store / "models" / "ridge" / "1.json").read_text())
    assert kept["released"]
    assert kept["identities"] == []
    assert bench.models.find(record, bench.targets) == Missing()
    again = bench.create(bench.desired("lineage:model:9"))
    assert again.outputs.values["version"] == 1
    kept = json.loads((bench.store / "models" / "ridge" / "1.json").read_text())
    assert kept["released"] is None


def test_the_umask_has_no_say(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    before = os.umask(0o077)
    try:
        bench.create(bench.desired())
    finally:
        os.umask(before)
    (blob,) = blobs(bench)
    assert blob.stat().st_mode & 0o777 == 0o444
    assert blob.parent.stat().st_mode & 0o777 == 0o755
    version = bench.store / "models" / "ridge" / "1.json"
    assert version.stat().st_mode & 0o777 == 0o644
    assert version.parent.stat().st_mode & 0o777 == 0o755


def test_a_plan_foresees_the_version_and_names_the_file(bench: Workbench) -> None:
    bench.write({"weights.bin": b"1", "old": b"o"})
    desired = bench.desired()
    fresh = bench.models.refine(bench.draft(desired), desired.derived, None, bench.targets)
    assert fresh.expected == {"version": 1, "id": "ridge:1"}
    record = bench.create(desired)
    bench.write({"weights.bin": b"2", "new": b"n"})
    (bench.context.root / "model" / "old").unlink()
    changed = bench.desired()
    refined = bench.models.refine(bench.draft(changed), changed.derived, record, bench.targets)
    assert refined.expected == {"version": 2, "id": "ridge:2"}
    assert refined.note == "v1 -> v2: weights.bin changed; new added; old removed"
    assert refined.stable == {"corrupted"}


def test_a_plan_knows_what_an_update_in_place_keeps(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    record = bench.create(bench.desired())
    grown = bench.desired(properties={"auc": "0.9"}, framework="onnx")
    refined = bench.models.refine(bench.draft(grown), grown.derived, record, bench.targets)
    assert refined.stable == set(ModelOutputs.model_fields)
    assert refined.note is None
    other = bench.update(grown, record)
    shrunk = bench.desired()
    refined = bench.models.refine(bench.draft(shrunk), shrunk.derived, other, bench.targets)
    assert refined.note == "v1 -> v2: properties changed"


def test_with_its_workspace_it_is_gone_and_nothing_can_be_made(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    desired = bench.desired()
    record = bench.create(desired)
    assert isinstance(bench.models.read(record, {}), Missing)
    assert isinstance(bench.models.find(record, {}), Missing)
    bench.models.delete(record, {}, StandInOperation())
    with pytest.raises(UnreachableError):
        bench.models.create(replace(desired, targets={}), StandInOperation())


def test_another_host_deletes_nothing(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write({"w": b"1"})
    record = bench.create(bench.desired())
    monkeypatch.setattr(identity, "machine_id", lambda: "another")
    with pytest.raises(UnreachableError, match="another host"):
        bench.models.delete(record, bench.targets, StandInOperation())


def test_a_single_file_and_what_is_unknown(bench: Workbench) -> None:
    (bench.context.root / "model.onnx").write_bytes(b"1")
    desired = bench.desired(source="model.onnx")
    assert list(desired.derived["files"]) == ["model.onnx"]
    draft = bench.draft(desired)
    values = {name: value for name, value in draft.values.items() if name != "source"}
    unknown = replace(draft, values=values, unknown=frozenset({"source"}))
    assert bench.models.derive(unknown) == {}


def in_threads(count: int, work: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_claims_made_at_once_are_all_kept(bench: Workbench) -> None:
    bench.write({"w": b"1"})
    wanted = [bench.desired(f"lineage:{number}:1") for number in range(12)]
    in_threads(len(wanted), lambda number: bench.create(wanted[number]))
    assert bench.versions() == ["1.json"]
    kept = json.loads((bench.store / "models" / "ridge" / "1.json").read_text())
    assert sorted(kept["identities"]) == sorted(desired.identity for desired in wanted)


def test_a_number_is_given_once_even_where_the_lock_does_not_hold(bench: Workbench) -> None:
    versions = ModelVersions(bench.store / "models" / "ridge")
    (bench.store / "models" / "ridge").mkdir(parents=True)
    blank = Version(version=0, digest="", files={}, size=0, at="")
    numbers: list[int] = []
    in_threads(8, lambda _: numbers.extend(versions.add(blank).version for _ in range(5)))
    assert sorted(numbers) == list(range(1, 41))
