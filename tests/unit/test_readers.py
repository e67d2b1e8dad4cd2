"""A reader has what reads and nothing that writes, whatever its provider has."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

from amlplan.project.folders import provider_context
from amlplan.provider import Attaches, Derives, Finds, Lists, Locks, Offers, Refines, Requests, has
from amlplan.registry import PROVIDERS, Readers, Registry
from amlplan_schemas.state import Record

if TYPE_CHECKING:
    from pathlib import Path

KINDS = sorted(point.name for point in entry_points(group=PROVIDERS))
READING = {
    "kind",
    "read",
    "find",
    "list_objects",
    "derive",
    "refine",
    "lock_requests",
    "current",
    "lacks",
    "offer",
    "attach",
    "look_up",
    "with_identity_of_now",
}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(provider_context(tmp_path))


def test_every_installed_kind_is_tried(registry: Registry) -> None:
    planned = {kind for kind in registry.kinds if not registry.is_configuration_only(kind)}
    assert planned == set(KINDS)
    assert planned >= {"workspace", "model", "image", "image@docker", "deployment", "bench.thing"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_has_nothing_that_writes(registry: Registry, kind: str) -> None:
    provider, reader = registry.provider(kind), Readers(registry).provider(kind)
    names = {name for name in dir(reader) if not name.startswith("__")}
    assert names <= READING
    assert not names & {"create", "update", "delete", "resolve", "submit", "rotate", "roll_back"}
    assert {"create", "update", "delete"} <= set(dir(provider))
    with pytest.raises(AttributeError):
        reader.create = provider.create  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_has_the_reading_abilities_of_its_provider(registry: Registry, kind: str) -> None:
    provider, reader = registry.provider(kind), Readers(registry).provider(kind)
    for ability in (Finds, Lists, Derives, Refines, Requests, Offers, Attaches):
        assert has(reader, ability) == has(provider, ability), ability
    assert not has(reader, Locks)
    assert reader.kind is provider.kind


def test_a_reader_reads_as_its_provider(registry: Registry) -> None:
    record = Record(
        address="bench.a", kind="bench.thing", name="a", generation=1, identity="x", provider="b"
    )
    readers = Readers(registry)
    seen = readers.provider("bench.thing").read(record, {})
    assert seen == registry.provider("bench.thing").read(record, {})
    assert readers.provider("bench.thing") is readers.provider("bench.thing")
