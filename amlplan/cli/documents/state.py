"""A state as a document, in the shape that readers of Terraform's states know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.cli.documents.marks import marks
from amlplan.cli.documents.objects import identity_of, object_name
from amlplan_schemas.state import Status
from amlplan_schemas.state_output import STATE_OUTPUT_FORMAT, StateOutputDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan_schemas.state import Record, State, StateOutput


def state_json(state: State | None, amlplan_version: str) -> str:
    """The document of a state; without values where nothing was applied yet."""
    document = state_document(state, amlplan_version)
    return document.model_dump_json(indent=2, exclude_unset=True)


def state_document(state: State | None, amlplan_version: str) -> StateOutputDocument:
    """The document of a state as data."""
    found: dict[str, Any] = {
        "format_version": STATE_OUTPUT_FORMAT,
        "amlplan_version": amlplan_version,
    }
    if state is not None:
        found["values"] = {
            "outputs": {name: _output(item) for name, item in sorted(state.outputs.items())},
            "root_module": _modules(state.records),
        }
        found["x_amlplan"] = {
            "lineage": state.lineage,
            "serial": state.serial,
            "applied": state.applied,
            "pending": sorted(state.pending),
        }
    return StateOutputDocument.model_validate(found)


def _output(output: StateOutput) -> dict[str, Any]:
    return {"sensitive": output.secret is not None, "value": output.value}


@dataclass(slots=True)
class _Module:
    """The objects of an instance of a module, and the instances inside of it, by address."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    inner: dict[str, _Module] = field(default_factory=dict)

    def document(self, address: str) -> dict[str, Any]:
        inner = [module.document(name) for name, module in sorted(self.inner.items())]
        found: dict[str, Any] = {"resources": self.resources, "child_modules": inner}
        return {"address": address, **found} if address else found


def _modules(records: Mapping[str, Record]) -> dict[str, Any]:
    root = _Module()
    for address, record in sorted(records.items()):
        module = root
        for outer in _modules_around(address):
            module = module.inner.setdefault(outer, _Module())
        module.resources.append(_resource(address, record, None))
        module.resources += [
            _resource(address, deposed, str(deposed.generation)) for deposed in record.deposed
        ]
    return root.document("")


def _modules_around(address: str) -> Iterator[str]:
    """The addresses of the modules that an object is in, the outermost first."""
    module = object_name(address).module
    if module:
        yield from _modules_around(module)
        yield module


def _resource(address: str, record: Record, deposed_key: str | None) -> dict[str, Any]:
    values = {**record.inputs.values, **record.outputs.values, **record.derived}
    hidden = [*record.inputs.secrets, *record.outputs.secrets]
    details: dict[str, Any] = {
        "name": record.name,
        "generation": record.generation,
        "identity": record.identity,
        "status": record.status,
        "protected": record.protected,
    }
    if record.held is not None:
        details["held"] = record.held
    found = {
        **identity_of(address, record.kind),
        "provider_name": record.provider,
        "schema_version": record.schema_version,
        "values": values,
        "sensitive_values": marks(values, hidden),
        "depends_on": record.depends_on,
        "tainted": record.status is Status.TAINTED,
        "x_amlplan": details,
    }
    return found if deposed_key is None else {**found, "deposed_key": deposed_key}
