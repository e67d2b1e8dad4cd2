"""Records under other addresses: what refers to them follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.state import Record

_REFERENCE: Final = frozenset({"address", "kind", "identity"})
"""The keys of a block reference, as inputs hold it."""


def renamed(records: Mapping[str, Record], names: Mapping[str, str]) -> dict[str, Record]:
    """The records with those at the keys of `names` at its values, wherever they stood before.

    Their identities stay: an object does not know where it is in a configuration.
    """
    if not names:
        return dict(records)
    return {
        names.get(address, address): _renamed_record(record, names)
        for address, record in records.items()
    }


def _renamed_record(record: Record, names: Mapping[str, str]) -> Record:
    targets = {
        way: target.model_copy(update={"address": names.get(target.address, target.address)})
        for way, target in record.targets.items()
    }
    values = {name: _renamed_value(value, names) for name, value in record.inputs.values.items()}
    return record.model_copy(
        update={
            "address": names.get(record.address, record.address),
            "depends_on": tuple(sorted(names.get(name, name) for name in record.depends_on)),
            "targets": targets,
            "deposed": tuple(_renamed_record(item, names) for item in record.deposed),
            "inputs": record.inputs.model_copy(update={"values": values}),
        }
    )


def _renamed_value(value: Any, names: Mapping[str, str]) -> Any:
    """A value with the block references in it renamed."""
    if isinstance(value, list):
        return [_renamed_value(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == _REFERENCE and value["address"] in names:
        return {**value, "address": names[value["address"]]}
    return {key: _renamed_value(item, names) for key, item in value.items()}
