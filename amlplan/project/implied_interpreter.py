"""Builds an environment that no block describes, as if a block did and had been applied."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from amlplan.abilities import BuildsEnvironments
from amlplan.errors import CanceledError, ProviderError, RunError
from amlplan.lockfile import LOCK_NAME, write_lock
from amlplan.planning.implied_environments import ENVIRONMENT, lock_requests
from amlplan.provider import Derives, Desired, Locks, has
from amlplan_schemas.state import Record, Target, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.lockfile import LockFile
    from amlplan.planning.implied_environments import ImpliedEnvironment
    from amlplan.provider import Draft, LockRequest, OperationHandle, Provider
    from amlplan.registry import Registry
    from amlplan_schemas.base import JsonValue


@dataclass(frozen=True, slots=True)
class Builder:
    """What an environment is built with; `workspace` keeps what it is.

    With `fills_lock` a missing entry of amlplan.lock is resolved and written, else it is an error.
    """

    root: Path
    registry: Registry
    lock: LockFile
    workspace: Record
    handle: OperationHandle
    fills_lock: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """An interpreter to run a script with; `digest` is its environment's, None for one of yours."""

    interpreter: str
    digest: str | None = None
    notes: tuple[str, ...] = ()


def built(implied: ImpliedEnvironment, address: str, builder: Builder) -> Built:
    """The interpreter of an implied environment, built where it is missing.

    Blocks, and may use the network. Raises AmlplanError.
    """
    if implied.interpreter is not None:
        return Built(found_interpreter(implied.interpreter, builder.root), notes=implied.notes)
    try:
        return _built(implied, address, builder)
    except ProviderError as failure:
        if isinstance(failure, CanceledError):
            raise
        if implied.requirements:
            raise RunError(
                failure.summary,
                f"{failure.detail} It is asked for by {address}; name another Python there, or "
                "give the run an environment of your own.",
                address=failure.address,
            ) from failure
    # A template of 2018 names a Python of 2017 and nothing else: any Python does as well.
    note = f"Python {implied.python} cannot be had here; no package is asked for, so the Python "
    notes = (*implied.notes, f"{note}on the PATH runs the script.")
    return Built(found_interpreter("python", builder.root), notes=notes)


def _built(implied: ImpliedEnvironment, address: str, builder: Builder) -> Built:
    registry = builder.registry
    provider = registry.provider(ENVIRONMENT)
    builds = provider if has(provider, BuildsEnvironments) else None
    if builds is None:
        raise RunError("The environment cannot be built", "No installed package builds any.")
    draft, requests = lock_requests(implied, address, registry)
    draft, notes = _locked(
        draft, requests, builder, provider, has_packages=bool(implied.requirements)
    )
    derived = provider.derive(draft) if has(provider, Derives) else {}
    record = _kept(draft, derived, builder, provider)
    targets = {"workspace": builder.workspace}
    interpreter = builds.build(record, targets, draft.values, builder.handle)
    return Built(interpreter, str(derived["digest"]), (*implied.notes, *notes))


def found_interpreter(interpreter: str, root: Path) -> str:
    """The interpreter of a name on the PATH, or of a path in the project."""
    has_folder = os.sep in interpreter
    found = shutil.which(str(root / interpreter) if has_folder else interpreter)
    if found is None and interpreter == "python":
        found = shutil.which("python3")
    if found is None:
        raise RunError(
            "The interpreter is missing",
            f"The runconfig file says to use {interpreter}, and there is no such program. Correct "
            "interpreterPath, or let userManagedDependencies be false.",
        )
    return found


def _locked(
    draft: Draft,
    requests: tuple[LockRequest, ...],
    builder: Builder,
    provider: Provider,
    *,
    has_packages: bool,
) -> tuple[Draft, tuple[str, ...]]:
    """The draft with its answers, resolved now where that is allowed."""
    lock = builder.lock
    missing = [item for item in requests if item.key not in lock.entries]
    fills = builder.fills_lock or not has_packages
    if missing and not fills:
        raise RunError(
            "The requirements are not locked",
            f"{LOCK_NAME} has no answer for the packages of {draft.address}. Run: amlplan lock",
            address=draft.address,
        )
    for request in missing:
        resolved = cast("Locks", provider).resolve(request, draft, builder.handle)
        if resolved is not None:
            lock = lock.with_entry(request, resolved)
    notes: tuple[str, ...] = ()
    if missing and has_packages:
        write_lock(builder.root, lock)
        notes = (f"The packages were locked now: {LOCK_NAME} was written.",)
    return replace(draft, lock=lock.resolved(requests)), notes


def _kept(
    draft: Draft, derived: Mapping[str, JsonValue], builder: Builder, provider: Provider
) -> Record:
    """Keep what the environment is in the workspace, and give it as a record."""
    workspace = builder.workspace
    inputs = provider.kind.inputs.model_validate(draft.values)
    desired = Desired(
        address=draft.address,
        kind=ENVIRONMENT,
        name=draft.name,
        identity=f"implied/{draft.address}",
        inputs=inputs,
        derived=derived,
        targets={"workspace": workspace},
        lock=draft.lock,
    )
    outputs = provider.create(desired, builder.handle)
    target = Target(address=workspace.address, kind=workspace.kind, identity=workspace.identity)
    return Record(
        address=draft.address,
        kind=ENVIRONMENT,
        name=draft.name,
        generation=1,
        identity=desired.identity,
        provider=provider.kind.provider,
        inputs=Tree(values=dict(draft.values)),
        derived=dict(derived),
        outputs=Tree(values=dict(outputs)),
        targets={"workspace": target},
    )
