"""Takes over objects that are there already: what an import block or option names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.addresses import parse_address
from amlplan.defects import defects_explained
from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import AmlplanError, UnreachableError
from amlplan.planning.compare import defaults_of
from amlplan.planning.echoes import without_echoes
from amlplan.pointers import tokens_of, value_at, with_value
from amlplan.provider import Imports, Missing, Present, Unreachable, has
from amlplan.values import UNKNOWN
from amlplan_schemas.base import reference_fields
from amlplan_schemas.plan import Import
from amlplan_schemas.state import Record, Secret, Target, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.check import SecretLeaf
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.diagnostics import SourceRange
    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.want import Wanted
    from amlplan.provider import Imported, Reads, Targets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import PlanOptions

WantedImport = tuple[str, "SourceRange | None"]
"""The id of an object that is to be taken over, and where it is written."""


def wanted_imports(
    evaluation: Evaluation, options: PlanOptions, records: Mapping[str, Record]
) -> tuple[dict[str, WantedImport], list[Diagnostic]]:
    """What is to be taken over: the id and where it is written, by address, and what is wrong.

    A block whose object is recorded already was carried out before; an option may not name one.
    """
    found: dict[str, WantedImport] = {}
    blocks, problems = evaluation.imports()
    for address, (value, place) in blocks.items():
        if address in records:
            continue
        if isinstance(value, str) and value:
            found[address] = value, place
        elif not problems:
            known = "known at plan" if value is UNKNOWN else "a text that names an object"
            problems.append(_wrong(address, f"The id of an import must be {known}.", place))
    for address, object_id in options.imports.items():
        if address in records:
            text = (
                f"{address} is managed already. To have it be another object, let go of this one "
                f"first: amlplan state rm {address}"
            )
            problems.append(_wrong(address, text, None))
        found[address] = object_id, None
    return found, problems


def not_configured(imports: Mapping[str, WantedImport], evaluation: Evaluation) -> list[Diagnostic]:
    """What is to be taken over for a block that is nowhere."""
    return [
        _wrong(
            address,
            f"The configuration has no {address}, which is to manage the object. Write its block "
            "first.",
            place,
        )
        for address, (_, place) in imports.items()
        if address not in evaluation.blocks and parse_address(address) is not None
    ]


def look_up(
    wanted: Wanted,
    provider: Reads,
    targets: Targets,
    object_id: str,
    identity: str,
    generation: int,
    place: SourceRange | None,
    records: Mapping[str, Record],
    digests: SecretDigests,
) -> tuple[Import, Present] | Unreachable | Diagnostic:
    """The object with the record it would get, or what is wrong.

    `identity` is what the object is known by where it carries nothing of its own.
    """
    address, kind = wanted.block.address, wanted.block.kind
    importer = provider if has(provider, Imports) else None
    if importer is None:
        text = f"Objects of {kind} cannot be imported: creating one takes over what is there."
        return _wrong(address, text, place)
    try:
        with defects_explained(kind):
            found = importer.look_up(wanted.draft, targets, object_id)
    except UnreachableError as failure:
        return Unreachable(failure.detail or failure.summary)
    except AmlplanError as failure:
        return _wrong(address, f"{failure.summary}. {failure.detail}", place)
    if isinstance(found, Missing):
        what = f'There is no {kind} "{object_id}"'
        text = f"{what}. Correct the id, or leave the import out to make one."
        return _wrong(address, text, place)
    taken = _taken_by(found, kind, targets, records)
    if taken is not None:
        text = f'{kind} "{object_id}" is managed as {taken} already. Use that, or move it there.'
        return _wrong(address, text, place)
    record = _record(
        wanted, provider, targets, found, found.identity or identity, generation, digests
    )
    seen = Present(dict(record.inputs.values), dict(record.outputs.values))
    return Import(address=address, id=object_id, record=record), seen


def _record(
    wanted: Wanted,
    provider: Reads,
    targets: Targets,
    found: Imported,
    identity: str,
    generation: int,
    digests: SecretDigests,
) -> Record:
    """The record of an object that is as it was found; blocks it refers to are the wanted ones.

    What its block has as a secret is told by its digest only, where it is the wanted one.
    """
    kind = provider.kind
    references = reference_fields(kind.inputs)
    checked = wanted.checked
    values = dict(defaults_of(kind.inputs))
    values.update({name: item for name, item in checked.values.items() if name in references})
    values["name"] = wanted.draft.name
    values.update(found.inputs)
    inputs = _without_secrets(values, checked.secrets, digests)
    outputs = kind.outputs.model_validate(dict(found.outputs)).model_dump(mode="json")
    facts = found.derived
    if facts is None:
        facts = {name: outputs[name] for name in wanted.derived if name in outputs}
    record = Record(
        address=wanted.block.address,
        kind=wanted.block.kind,
        name=str(values["name"]),
        generation=generation,
        identity=identity,
        provider=kind.provider,
        schema_version=kind.schema_version,
        inputs=inputs,
        derived=dict(facts),
        depends_on=tuple(sorted(record.address for record in targets.values())),
        targets={
            way: Target(address=item.address, kind=item.kind, identity=str(item.identity))
            for way, item in checked.referred.items()
            if item.address in {record.address for record in targets.values()}
        },
    )
    kept = without_echoes(outputs, record, digests.secrets, digests.salt)
    return record.model_copy(update={"outputs": Tree(values=kept)})


def _without_secrets(
    values: dict[str, JsonValue], leaves: Mapping[str, SecretLeaf], digests: SecretDigests
) -> Tree:
    """Inputs as they were found, with what is secret in them taken out and remembered for masks."""
    secrets: dict[str, Secret] = {}
    for path, leaf in leaves.items():
        try:
            seen = value_at(values, path)
        except (LookupError, TypeError, ValueError):
            seen = None
        digests.secrets.hide(seen)
        values = with_value(values, tokens_of(path), None)
        reference = leaf.reference
        secrets[path] = Secret(
            digest=digests.of(leaf) if seen is not None and seen == leaf.value else None,
            scheme=reference.scheme if reference is not None else None,
            argument=reference.argument if reference is not None else None,
        )
    return Tree(values=values, secrets=secrets)


def _taken_by(
    found: Imported, kind: str, targets: Targets, records: Mapping[str, Record]
) -> str | None:
    """The address of the record that manages an object already."""
    name = found.outputs.get("id")
    where = {target.identity for target in targets.values()}
    for record in records.values():
        for item in (record, *record.deposed):
            same_identity = found.identity is not None and item.identity == found.identity
            is_there = {target.identity for target in item.targets.values()} == where
            same_id = name is not None and is_there and item.outputs.values.get("id") == name
            if item.kind == kind and (same_identity or same_id):
                return record.address
    return None


def _wrong(address: str, text: str, place: SourceRange | None) -> Diagnostic:
    return error("cannot_import", "Import cannot be done", text, place, address=address)
