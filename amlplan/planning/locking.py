"""Resolves what `amlplan.lock` lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.addresses import node_of
from amlplan.config.reading.load import in_source_order
from amlplan.errors import ConfigError
from amlplan.planning.implied_environments import (
    ENVIRONMENT,
    implied_environment,
    lock_requests,
)
from amlplan.planning.outside import attached
from amlplan.planning.want import referred_blocks, resource_value, revealed_fields, want
from amlplan.provider import Locks, Present, has
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.diagnostics import Diagnostic
    from amlplan.lockfile import LockFile
    from amlplan.planning.want import Wanted
    from amlplan.provider import Draft, LockRequest, OperationHandle
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan.values import ResourceValue
    from amlplan_schemas.state import State


REFERENCE = "reference"
"""What a request for an image calls it by."""


def completed_lock(
    evaluation: Evaluation,
    state: State,
    registry: Registry,
    secrets: Secrets,
    lock: LockFile,
    handle: Callable[[str], OperationHandle],
    upgrade: AbstractSet[str] = frozenset(),
) -> LockFile:
    """The lock with every missing entry resolved, and without those that nothing asks for.

    What `upgrade` names, objects, blocks or images by their reference, is resolved again. Outputs
    are taken from the state; while something is unknown all the same, no entry goes. Blocks, and
    may use the network; changes no file. `handle` gives what the resolution at an address reports
    to. Raises ConfigError for a configuration that cannot be read that far.
    """
    problems: list[Diagnostic] = []
    needed: set[str] = set()
    is_whole = True
    done: set[str] = set()
    for address in evaluation.addresses():
        wanted, found = want(address, evaluation, registry, secrets, lock)
        while wanted is not None:
            asked = _asked(wanted, registry, evaluation.configuration.root)
            if asked is None:
                break
            provider, implied, requests = asked
            kept = [request for request in requests if not request.follows]
            open_requests = (item for item in kept if item.key not in done)
            request = next(
                (item for item in open_requests if _is_due(item, address, lock, upgrade)), None
            )
            if request is None:
                is_whole = is_whole and not wanted.draft.unknown
                needed.update(request.key for request in kept)
                break
            done.add(request.key)
            resolved = provider.resolve(
                request, implied or revealed(wanted, secrets), handle(address)
            )
            if resolved is not None:
                lock = lock.with_entry(request, resolved)
            elif request.key in lock.entries:
                handle(address).progress(f"{request.absent}; its entry stays as it is")
            # With this answer it may ask for more, and is what others are made from.
            wanted, found = want(address, evaluation, registry, secrets, lock)
        if wanted is None:
            problems.extend(found)
            evaluation.publish(address, UNKNOWN)
            continue
        evaluation.publish(address, recorded_value(wanted, state, registry))
    problems += evaluation.configuration.diagnostics
    if problems:
        raise ConfigError(in_source_order(problems))
    return lock.only(needed) if is_whole else lock


def _is_due(request: LockRequest, address: str, lock: LockFile, upgrade: AbstractSet[str]) -> bool:
    """Whether a request has no answer, or its block or what it is about is to be asked again."""
    names = {address, node_of(address), str(request.request.get(REFERENCE))}
    return request.key not in lock.entries or not names.isdisjoint(upgrade)


def _asked(
    wanted: Wanted, registry: Registry, root: Path
) -> tuple[Locks, Draft | None, tuple[LockRequest, ...]] | None:
    """Who resolves what a block asks for; with a draft where it is no block of its own."""
    kind = wanted.block.kind
    if not registry.is_configuration_only(kind):
        provider = registry.provider(kind)
        return (provider, None, wanted.requests) if has(provider, Locks) else None
    implied = implied_environment(kind, wanted.checked.values, root)
    builder = registry.provider(ENVIRONMENT)
    if implied is None or not implied.requirements or not has(builder, Locks):
        return None
    draft, requests = lock_requests(implied, wanted.block.address, registry)
    return builder, draft, requests


def recorded_value(wanted: Wanted, state: State, registry: Registry) -> ResourceValue:
    """A resource as others see it that rely on nothing but the state."""
    if registry.is_configuration_only(wanted.block.kind):
        return resource_value(wanted, {}, {}, UNKNOWN)
    provider = registry.provider(wanted.block.kind)
    if wanted.is_attached:
        observed = attached(wanted, state.records.get(wanted.block.address), provider)
        seen = observed.outputs if isinstance(observed, Present) else {}
        identity = str(seen["id"]) if seen else UNKNOWN
        return resource_value(wanted, provider.kind.outputs.model_fields, seen, identity)
    record = state.records.get(wanted.block.address)
    known, identity = (record.outputs.values, record.identity) if record else ({}, UNKNOWN)
    return resource_value(wanted, provider.kind.outputs.model_fields, known, identity)


def revealed(wanted: Wanted, secrets: Secrets) -> Draft:
    """What a resolution is told: the inputs that are known, with secrets in the clear."""
    checked = wanted.checked
    return replace(
        wanted.draft,
        values=revealed_fields(checked),
        referred=referred_blocks(checked, secrets),
    )
