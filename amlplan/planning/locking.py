"""Resolves what `amlplan.lock` lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.load import in_source_order
from amlplan.errors import ConfigError
from amlplan.planning.want import resource_value, revealed_fields, want
from amlplan.provider import Locks, has
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.config.evaluation import Evaluation
    from amlplan.diagnostics import Diagnostic
    from amlplan.lockfile import LockFile
    from amlplan.planning.want import Wanted
    from amlplan.provider import OperationHandle
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan_schemas.state import State


def completed_lock(
    evaluation: Evaluation,
    state: State,
    registry: Registry,
    secrets: Secrets,
    lock: LockFile,
    handle: Callable[[str], OperationHandle],
) -> LockFile:
    """The lock with every missing entry resolved, and without those that nothing asks for.

    Outputs are taken from the state; while something is unknown all the same, no entry goes.
    Blocks, and may use the network; changes no file. `handle` gives what the resolution at an
    address reports to. Raises ConfigError for a configuration that cannot be read that far.
    """
    problems: list[Diagnostic] = []
    needed: set[str] = set()
    is_whole = True
    for address in evaluation.order:
        wanted, found = want(address, evaluation, registry, secrets, lock)
        if wanted is None:
            problems.extend(found)
            evaluation.publish(address, UNKNOWN)
            continue
        provider = registry.provider(wanted.block.kind)
        record = state.records.get(address)
        known, identity = (record.outputs.values, record.identity) if record else ({}, UNKNOWN)
        value = resource_value(wanted, provider.kind.outputs.model_fields, known, identity)
        evaluation.publish(address, value)
        is_whole = is_whole and not (has(provider, Locks) and _open_inputs(wanted))
        needed.update(request.key for request in wanted.requests)
        if has(provider, Locks):
            for request in lock.missing(wanted.requests):
                values = revealed_fields(wanted.checked)
                resolved = provider.resolve(request, values, handle(address))
                lock = lock.with_entry(request, resolved)
    problems += evaluation.configuration.diagnostics
    if problems:
        raise ConfigError(in_source_order(problems))
    return lock.only(needed) if is_whole else lock


def _open_inputs(wanted: Wanted) -> bool:
    """Whether inputs are unknown that a request may need; who a block belongs to is none."""
    return any(not path.endswith("/identity") for path in wanted.checked.unknown)
