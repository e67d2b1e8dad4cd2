"""Settles operations that were begun and never answered, by asking what is outside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlplan.defects import defects_explained
from amlplan.errors import UnreachableError
from amlplan.planning.echoes import without_echoes
from amlplan.planning.observe import targets_of
from amlplan.provider import Finds, Missing, Present, Unreachable, has
from amlplan_schemas.state import Record, Status, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Kinds, Observed
    from amlplan.secrets import Secrets
    from amlplan_schemas.state import Intent, State


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one interrupted operation: the record it left, or None; `text` tells."""

    address: str
    record: Record | None
    text: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """The answers found, and why the others are still open, by address."""

    settled: tuple[Settled, ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)


def settle(state: State, registry: Kinds, secrets: Secrets) -> Settlement:
    """Ask for each pending operation; changes nothing, here or outside.

    What is found has no secret in it, as far as `secrets` has those that can be had.
    """
    settled: list[Settled] = []
    unanswered: dict[str, str] = {}
    for address, intent in state.pending.items():
        answer = _ask(intent, state, registry)
        if isinstance(answer, Unreachable):
            unanswered[address] = answer.reason
        else:
            if isinstance(answer, Present):
                outputs = without_echoes(answer.outputs, intent.draft, secrets, state.salt)
                answer = replace(answer, outputs=outputs)
            settled.append(_SETTLERS[intent.action](intent, answer, state.records.get(address)))
    return Settlement(tuple(settled), unanswered)


def with_settled(state: State, settlement: Settlement) -> State:
    """The state as it is once the answers are written."""
    if not settlement.settled:
        return state
    records = dict(state.records)
    pending = dict(state.pending)
    for item in settlement.settled:
        pending.pop(item.address, None)
        if item.record is None:
            records.pop(item.address, None)
        else:
            records[item.address] = item.record
    return state.model_copy(update={"records": records, "pending": pending})


def _ask(intent: Intent, state: State, registry: Kinds) -> Observed:
    provider = registry.provider(intent.draft.kind)
    targets = targets_of(intent.draft, state.records)
    try:
        with defects_explained(intent.draft.kind):
            if intent.action != "create":
                return provider.read(intent.draft, targets)
            # A provider that finds nothing adopts what it finds when it creates again.
            return provider.find(intent.draft, targets) if has(provider, Finds) else Missing()
    except UnreachableError as failure:
        return Unreachable(failure.detail or failure.summary)


def _created(intent: Intent, answer: Observed, _recorded: Record | None) -> Settled:
    address = intent.address
    if isinstance(answer, Present):
        outputs = Tree(values=dict(answer.outputs))
        record = intent.draft.model_copy(update={"outputs": outputs, "status": Status.OK})
        return Settled(address, record, "its object was made and is recorded now")
    # Missing does not rule out that something was begun, or still arrives: only a record keeps the
    # identity under which create takes that over, and delete removes it.
    begun = {"status": Status.INCOMPLETE, "steps": dict(intent.steps)}
    text = "it was half made and goes on from there" if intent.steps else "its creation goes on"
    return Settled(address, intent.draft.model_copy(update=begun), text)


def _updated(intent: Intent, _answer: Observed, recorded: Record | None) -> Settled:
    prior = recorded if recorded is not None else intent.draft
    begun = {
        "status": Status.INCOMPLETE,
        "steps": dict(intent.steps),
        "steps_for": intent.draft.steps_for,
    }
    record = prior.model_copy(update=begun)
    return Settled(intent.address, record, "its update goes on")


def without_deposed(record: Record, identity: str) -> Record:
    """A record without an object that was replaced and is gone now."""
    left = tuple(item for item in record.deposed if item.identity != identity)
    return record.model_copy(update={"deposed": left})


def _deleted(intent: Intent, answer: Observed, recorded: Record | None) -> Settled:
    identity = intent.draft.identity
    if recorded is not None and any(item.identity == identity for item in recorded.deposed):
        if isinstance(answer, Missing):
            left = without_deposed(recorded, identity)
            return Settled(intent.address, left, "the object it replaced was deleted")
        text = "the object it replaced had not been deleted"
        return Settled(intent.address, recorded, text)
    if isinstance(answer, Missing):
        return Settled(intent.address, None, "it was deleted")
    return Settled(intent.address, recorded or intent.draft, "it had not been deleted")


_SETTLERS = {"create": _created, "update": _updated, "delete": _deleted}
