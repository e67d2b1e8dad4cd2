"""Where lineage is read from: the edges in history, and what runs, models and records say."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.addresses import block_type_of
from amlplan.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.abilities import ModelVersion
    from amlplan.history import History, RunDetail, RunOverview
    from amlplan_schemas.state import Record

OF_RUNS = ("snapshot", "commit", "environment", "image", "target", "run_config")
"""What the definition of a run names, each a kind of node: `snapshot:sha256:…`."""


def node_of(record: Record) -> str:
    """What lineage calls the object of a record; by its address where it has no other name."""
    outputs: Mapping[str, Any] = record.outputs.values
    kind = block_type_of(record.kind)
    if kind == "model" and "version" in outputs:
        return f"model:{record.name}:{outputs['version']}"
    if kind in {"image", "environment"} and outputs.get("digest"):
        return f"{kind}:{outputs['digest']}"
    if kind == "deployment" and "revision" in outputs:
        return f"deployment:{record.name}:{outputs['revision']}"
    return record.address


@dataclass(frozen=True)
class World:
    """All that lineage is read from; `records` are the state's, by their address."""

    history: History
    models: Mapping[str, Sequence[ModelVersion]]
    records: Mapping[str, Record]

    @functools.cached_property
    def addresses(self) -> dict[str, str]:
        """The address of each node that a record stands for."""
        return {node_of(record): address for address, record in self.records.items()}

    @functools.cached_property
    def runs(self) -> list[RunOverview]:
        """All runs with their definitions, the newest first; read once, when they are needed."""
        return self.history.overviews()

    def run(self, run_id: str) -> RunDetail | None:
        """A run by its whole id; None where it was cleared away."""
        try:
            found = self.history.run(run_id)
        except HistoryError:
            return None
        return found if found.summary.id == run_id else None

    def version(self, node: str) -> ModelVersion | None:
        """The version that a node such as `model:digits:3` names."""
        name, _, number = node.removeprefix("model:").rpartition(":")
        versions = self.models.get(name, ()) if node.startswith("model:") else ()
        return next((each for each in versions if str(each.version) == number), None)


def facts_of(run: RunDetail | RunOverview) -> Iterator[tuple[str, str]]:
    """What a run was made from, by its relation to it, besides edges in history."""
    if run.summary.parent is not None:
        yield "parent", f"run:{run.summary.parent}"
    for name in OF_RUNS:
        value = run.definition.get(name)
        if isinstance(value, str) and value:
            yield name, value if name == "target" else _named(name, value)
    for name, item in (run.definition.get("inputs") or {}).items():
        if isinstance(item, dict):
            yield "input", f"input:{item.get('path', name)}"


def _named(name: str, value: str) -> str:
    return f"run_config.{value}" if name == "run_config" else f"{name}:{value}"
