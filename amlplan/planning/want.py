"""What the configuration wants of one resource: checked inputs, derived facts, locked answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlplan.config.check import check
from amlplan.config.lifecycle import Lifecycle, fits
from amlplan.config.locate import argument_range
from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import AmlplanError, UnreachableError
from amlplan.planning.files_of_runs import mistakes_in_files
from amlplan.planning.ignored import with_ignored
from amlplan.planning.recorded import shown_values
from amlplan.pointers import pointer, tokens_of, top_field, with_value
from amlplan.provider import Derives, Draft, Offers, Referred, Requests, has
from amlplan.secrets import reveal
from amlplan.values import (
    UNKNOWN,
    ResourceValue,
    Sensitive,
    exact,
    is_sensitive,
    is_wholly_known,
)
from amlplan.wording import suggestion
from amlplan_schemas.base import LocalPath, marked_fields, reference_fields
from amlplan_schemas.state import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.check import Checked
    from amlplan.config.evaluating.evaluation import Evaluation, FoundTrigger
    from amlplan.lockfile import LockFile
    from amlplan.provider import Kind, Kinds, LockRequest
    from amlplan.secrets import Secrets
    from amlplan.values import Unknown, Value
    from amlplan_schemas.base import JsonValue, ResourceInputs
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """One resource as the configuration asks for it, as far as it is known now."""

    block: ResourceBlock
    checked: Checked
    draft: Draft
    derived: Mapping[str, JsonValue] = field(default_factory=dict)
    requests: tuple[LockRequest, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Why a locked answer cannot be used here, by the request's key."""
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    triggers: tuple[FoundTrigger, ...] = ()

    @property
    def unanswered(self) -> tuple[LockRequest, ...]:
        """The requests that neither the lock nor the moment answers."""
        return tuple(request for request in self.requests if request.key not in self.draft.lock)

    @property
    def is_attached(self) -> bool:
        """Whether somebody else manages the object, and it is only read and referred to."""
        return self.checked.values.get("attach") is True


def want(
    address: str,
    evaluation: Evaluation,
    registry: Kinds,
    secrets: Secrets,
    lock: LockFile,
    record: Record | None = None,
) -> tuple[Wanted | None, list[Diagnostic]]:
    """What is wanted at an address, or None with the mistakes that keep it from being known.

    Inputs whose changes are ignored are those of the `record`. A file that cannot be read is a
    mistake of the block that names it; what the lock lacks is for the caller to judge, by
    `requests`.
    """
    block = evaluation.blocks[address]
    inputs = registry.inputs_of(block.kind)
    values, problems = evaluation.resource(address, inputs)
    lifecycle, found = evaluation.lifecycle(address)
    triggers, wrong = evaluation.triggers(address)
    found += [*wrong, *_unknown_fields(block, lifecycle, triggers, evaluation, registry)]
    if values is None or found:
        return None, list(dict.fromkeys([*problems, *found]))
    if record is not None and "name" not in block.body.attributes:
        values["name"] = record.name  # what was chosen once stays, wherever its block moves
    if record is not None and lifecycle.ignored:
        values = with_ignored(values, record, lifecycle, inputs)
    checked, problems = check(block, inputs, values, secrets)
    if checked is None:
        return None, problems
    draft = Draft(
        address=address,
        kind=block.kind,
        name=str(checked.values.get("name") or block.default_name),
        values=known_fields(checked),
        unknown=unknown_fields(checked),
        referred=referred_blocks(checked),
    )
    if registry.is_configuration_only(block.kind):
        wrong = mistakes_in_files(block, checked, evaluation.configuration.root)
        if wrong:
            return None, wrong
        return Wanted(block, checked, draft, lifecycle=lifecycle), []
    provider = registry.provider(block.kind)
    requests: tuple[LockRequest, ...] = ()
    unusable: dict[str, str] = {}
    try:
        if has(provider, Requests):
            requests, draft, unusable = _locked(provider, draft, lock)
        derived = provider.derive(draft) if has(provider, Derives) else {}
    except UnreachableError:
        raise
    except AmlplanError as failure:
        problem = error(
            failure.code,
            failure.summary,
            failure.detail,
            block.header,
            context=block.context,
            address=address,
        )
        return None, [problem]
    if record is not None and _keeps_content(lifecycle, inputs):
        derived = record.derived
    wanted = Wanted(block, checked, draft, derived, requests, unusable, lifecycle, tuple(triggers))
    return wanted, []


def _keeps_content(lifecycle: Lifecycle, inputs: type[ResourceInputs]) -> bool:
    """Whether what an object is made of is ignored, so that facts of its content are too."""
    return any(
        not way or any(fits(name, way[0]) for name in marked_fields(inputs, LocalPath))
        for way in lifecycle.ignored
    )


def _unknown_fields(
    block: ResourceBlock,
    lifecycle: Lifecycle,
    triggers: Sequence[FoundTrigger],
    evaluation: Evaluation,
    registry: Kinds,
) -> Iterator[Diagnostic]:
    """What a lifecycle block names that is no field, or may not be ignored."""
    inputs = registry.inputs_of(block.kind)
    for way in lifecycle.ignored:
        name = way[0] if way else None
        if not isinstance(name, str):
            continue
        if name not in inputs.model_fields:
            hint = suggestion(name, inputs.model_fields)
            text = f'ignore_changes names "{name}", and there is no such argument.{hint}'
            yield _of_lifecycle(block, text)
        elif name in reference_fields(inputs):
            text = f'ignore_changes names "{name}", which refers to a block and cannot be ignored.'
            yield _of_lifecycle(block, text)
    for objects, attribute in triggers:
        kinds = {evaluation.blocks[name].kind for name in objects}
        known = {name for kind in kinds for name in _fields_of(kind, registry)}
        if kinds and attribute is not None and attribute not in known:
            hint = suggestion(attribute, known)
            text = f'replace_triggered_by names "{attribute}", and there is no such field.{hint}'
            yield _of_lifecycle(block, text)


def _fields_of(kind: str, registry: Kinds) -> Iterator[str]:
    yield from registry.inputs_of(kind).model_fields
    if not registry.is_configuration_only(kind):
        yield from registry.provider(kind).kind.outputs.model_fields


def _of_lifecycle(block: ResourceBlock, text: str) -> Diagnostic:
    return error(
        "invalid_lifecycle",
        "Invalid lifecycle argument",
        text,
        argument_range(block, ("lifecycle",)),
        context=block.context,
        address=block.address,
    )


def _locked(
    provider: Requests, draft: Draft, lock: LockFile
) -> tuple[tuple[LockRequest, ...], Draft, dict[str, str]]:
    """What is asked of the lock, the draft with the answers, and why some cannot be used.

    An answer may let the provider ask for more.
    """
    offers = provider if has(provider, Offers) else None
    requests = provider.lock_requests(draft)
    while True:
        answers, unusable = _answers(requests, draft, lock, offers)
        draft = replace(draft, lock=answers)
        again = provider.lock_requests(draft) if answers else requests
        if {item.key for item in again} <= {item.key for item in requests}:
            return again, draft, unusable
        requests = again


def _answers(
    requests: tuple[LockRequest, ...], draft: Draft, lock: LockFile, offers: Offers | None
) -> tuple[dict[str, Mapping[str, JsonValue]], dict[str, str]]:
    """The answers by key, and why a locked one cannot be used.

    They are those of the lock, and of now where a request follows what is there.
    """
    answers = lock.resolved(tuple(item for item in requests if not item.follows))
    unusable: dict[str, str] = {}
    if offers is None:
        return answers, unusable
    for request in requests:
        answer = offers.current(request, draft) if request.follows else answers.get(request.key)
        if answer is None:
            continue
        answers[request.key] = answer
        why = offers.lacks(answer, draft)
        if why is not None:
            unusable[request.key] = why
            del answers[request.key]
    return answers, unusable


def referred_blocks(checked: Checked, secrets: Secrets | None = None) -> dict[str, Referred]:
    """The blocks that a resource refers to, as far as known; in the clear only with `secrets`."""
    return {
        way: Referred(value.address, value.kind, _known_attributes(value, secrets), value.lock)
        for way, value in checked.referred.items()
    }


def _known_attributes(value: ResourceValue, secrets: Secrets | None) -> dict[str, JsonValue]:
    known: dict[str, JsonValue] = {}
    for name, attribute in value.items():
        if not is_wholly_known(attribute) or (secrets is None and is_sensitive(attribute)):
            continue
        plain = attribute if secrets is None else reveal(attribute, secrets)
        if plain is not UNKNOWN:
            known[name] = plain
    return known


def unknown_fields(checked: Checked) -> frozenset[str]:
    """The top-level inputs that are not known; a block that is still to be made is."""
    identities = {pointer((*way.split("."), "identity")) for way in checked.referred}
    return frozenset(top_field(path) for path in checked.whole.unknown - identities)


def known_fields(checked: Checked) -> dict[str, JsonValue]:
    """The top-level inputs that are known and not sensitive."""
    whole = checked.whole
    hidden = unknown_fields(checked) | {top_field(path) for path in whole.secrets}
    if not hidden:
        return whole.values
    return {name: value for name, value in whole.values.items() if name not in hidden}


def revealed_fields(checked: Checked) -> dict[str, JsonValue]:
    """The top-level inputs that are known, secrets in the clear: never to be written."""
    whole = checked.whole
    values = dict(whole.values)
    for path, leaf in whole.secrets.items():
        if leaf.value is not UNKNOWN:
            values = with_value(values, tokens_of(path), leaf.value)
    hidden = unknown_fields(checked)
    return {name: value for name, value in values.items() if name not in hidden}


def resource_value(
    wanted: Wanted,
    output_fields: Mapping[str, object],
    known_outputs: Mapping[str, JsonValue],
    identity: str | Unknown,
) -> ResourceValue:
    """The resource as other blocks see it; outputs that are not known wait for apply."""
    whole = wanted.checked.whole
    attributes: dict[str, Value] = dict(whole.values)
    for path in whole.unknown:
        _put(attributes, path, UNKNOWN)
    for path, leaf in whole.secrets.items():
        _put(attributes, path, leaf.reference or Sensitive(leaf.value))
    for name in output_fields:
        if name in known_outputs:
            attributes[name] = known_outputs[name]
        else:
            attributes[name] = wanted.derived.get(name, UNKNOWN)
    return ResourceValue(
        attributes,
        address=wanted.block.address,
        kind=wanted.block.kind,
        identity=identity,
        lock=wanted.draft.lock,
    )


def value_as_recorded(record: Record, kind: Kind) -> ResourceValue:
    """An object as the last apply left it, for other blocks.

    What is secret in it is unknown, and so is what is not recorded: of an object that was only
    begun, and of fields that came since.
    """
    attributes: dict[str, Value] = dict.fromkeys(
        (*kind.inputs.model_fields, *kind.outputs.model_fields), UNKNOWN
    )
    connection = record.connection or Tree()
    known = {**shown_values(record), **connection.values}
    attributes |= {name: exact(value) for name, value in known.items()}
    for path in (*record.inputs.secrets, *connection.secrets):
        _put(attributes, path, UNKNOWN)
    return ResourceValue(
        attributes, address=record.address, kind=record.kind, identity=record.identity
    )


def _put(attributes: dict[str, Value], path: str, value: Value) -> None:
    *way, last = tokens_of(path)
    inner: dict[str, Value] = attributes
    for step in way:
        deeper = inner.get(step)
        inner[step] = dict(deeper) if isinstance(deeper, dict) else {}
        inner = inner[step]  # type: ignore[assignment]
    inner[last] = value
