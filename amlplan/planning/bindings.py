"""What a plan is made from, and whether that still holds."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from amlplan.config.evaluating.variables import personal_variables
from amlplan.errors import StalePlanError
from amlplan.pointers import top_field
from amlplan.secrets import reveal
from amlplan.values import is_sensitive, is_wholly_known
from amlplan_schemas.plan import Action, Bindings

if TYPE_CHECKING:
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.lockfile import LockFile
    from amlplan.provider import Kinds
    from amlplan.secrets import Secrets
    from amlplan_schemas.plan import Operation, Plan
    from amlplan_schemas.state import State

ZERO_SALT = "00" * 16
"""Salts digests where no state gives a salt yet; such a plan has nothing to compare with."""


def bindings_of(
    evaluation: Evaluation,
    state: State,
    *,
    exists: bool,
    lock: LockFile,
    registry: Kinds,
    secrets: Secrets,
    amlplan_version: str,
    salt: str | None = None,
) -> Bindings:
    """What a plan over these is bound to; `exists` tells whether the state was ever written.

    `salt` is that of a saved plan to compare with, made before there was a state, for one.
    """
    if salt is None:
        # Before the first apply there is no salt of the state's, and a known one would hide little.
        salt = state.salt if exists else os.urandom(16).hex()
    configuration = evaluation.configuration
    sensitive = {name: value for name, value in evaluation.variables.items() if is_sensitive(value)}
    personal = personal_variables(configuration)
    kinds = configuration.kinds() | {record.kind for record in state.records.values()}
    return Bindings(
        lineage=state.lineage if exists else None,
        serial=state.serial if exists else 0,
        configuration={
            source.filename: "sha256:" + hashlib.sha256(source.text.encode()).hexdigest()
            for source in configuration.every_file()
        },
        amlplan_version=amlplan_version,
        provider_versions={kind: registry.version(kind) for kind in sorted(kinds)},
        variables={
            name: reveal(value, secrets) if is_wholly_known(value) else None
            for name, value in sorted(evaluation.variables.items())
            if name not in sensitive and name not in personal
        },
        sensitive_variables={
            name: secrets.digest(reveal(value, secrets), salt)
            for name, value in sorted(sensitive.items())
            if name not in personal
        },
        salt=salt if sensitive else None,
        lock=lock.digest(),
    )


def check_saved(saved: Plan, fresh: Plan, *, resumes: bool) -> None:
    """Raise StalePlanError, naming the reason, where a saved plan is not what would be planned.

    `fresh` is the plan made now from the same variables. With `resumes` an interrupted apply of
    this very plan goes on: then what is left to do must be a part of what was planned.
    """
    old, new = saved.bindings, fresh.bindings
    if old.amlplan_version != new.amlplan_version:
        raise _stale(f"it was made by amlplan {old.amlplan_version}, not {new.amlplan_version}")
    if old.provider_versions != new.provider_versions:
        raise _stale("another version of a provider is installed")
    changed = sorted(
        name
        for name in {*old.configuration, *new.configuration}
        if old.configuration.get(name) != new.configuration.get(name)
    )
    if changed:
        raise _stale(f"the configuration changed: {', '.join(changed)}")
    if old.lock != new.lock:
        raise _stale("amlplan.lock changed")
    if old.sensitive_variables != new.sensitive_variables:
        raise _stale(
            "a sensitive variable has another value, or none; a plan keeps no secret, so give it "
            "again as it was"
        )
    if not resumes and old.lineage is not None and old.lineage != new.lineage:
        raise _stale("the state is another one (its lineage differs)")
    if not resumes and old.serial != new.serial:
        raise _stale(f"the state moved on from serial {old.serial} to {new.serial}")
    if not resumes and not same_imports(saved, fresh):
        raise _stale("an object that it imports is another one")
    if not resumes and saved.outputs != fresh.outputs:
        raise _stale("an output would be another one")
    _check_operations(saved, fresh, resumes=resumes)


def same_imports(plan: Plan, other: Plan) -> bool:
    """Whether two plans take over the same objects; only operations tell what they are like."""
    said = [[(item.address, item.id) for item in one.imports] for one in (plan, other)]
    return said[0] == said[1]


def _check_operations(saved: Plan, fresh: Plan, *, resumes: bool) -> None:
    planned = {item.key: item for item in saved.operations}
    now = {item.key: item for item in fresh.operations}
    for key, operation in now.items():
        address, before = operation.address, planned.get(key)
        if before is None and operation.deposed is not None:
            before = planned.get(address)
        goes_on = before is not None and resumes and _is_rest_of(operation, before)
        if before != operation and not goes_on:
            raise _stale(f"{address} changed since: its content, or the object outside")
    stuck = {item.address for item in fresh.blocked}
    for key in sorted(planned.keys() - now.keys()):
        address = planned[key].address
        if address in stuck:
            raise _stale(f"{address} is blocked now")
        if not resumes:
            raise _stale(f"{address} is as planned already")


_RESTS = {
    Action.REPLACE: {Action.REPLACE, Action.CREATE},
    Action.CREATE: {Action.CREATE},
    Action.UPDATE: {Action.UPDATE},
    Action.DELETE: {Action.DELETE},
    Action.FORGET: {Action.FORGET},
    Action.REFRESH: {Action.REFRESH},
}


def _is_rest_of(operation: Operation, planned: Operation) -> bool:
    """Whether an operation does what is left of a planned one: to the same end, no more."""
    if operation.deposed is not None:
        return planned.deposed == operation.deposed or planned.create_first
    if operation.action not in _RESTS[planned.action] or operation.kind != planned.kind:
        return False
    open_fields = {top_field(path) for path in (*planned.unknown, *operation.unknown)}
    wanted, now = planned.after or {}, operation.after or {}
    return operation.secrets == planned.secrets and all(
        now.get(name) == value for name, value in wanted.items() if name not in open_fields
    )


def _stale(why: str) -> StalePlanError:
    return StalePlanError(
        "Saved plan is stale", f"The plan cannot be applied, because {why}. Plan again."
    )
