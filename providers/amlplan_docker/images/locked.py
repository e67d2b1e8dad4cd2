"""What `amlplan.lock` keeps for images: asked for step by step, and resolved at the builder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError, ProviderError
from amlplan_docker.images.base_built import built_base
from amlplan_docker.images.base_found import (
    base_again,
    base_now,
    config_of,
    digest_of_base,
    platform_of,
)
from amlplan_docker.images.base_python import python_of
from amlplan_docker.images.by_reference import INPUT
from amlplan_docker.images.composed import serving_of
from amlplan_docker.images.request import (
    BUILT,
    LAYERS,
    Ground,
    base_entry,
    check_base,
    ground_of,
    layers_request,
)
from amlplan_docker.images.writing import Writer
from amlplan_docker.reaching import engine_at, login_of
from amlplan_images.base import BaseImage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Draft, LockRequest, OperationHandle, ProviderContext
    from amlplan_docker.engine.client import Engine
    from amlplan_images.base import BasePython
    from amlplan_schemas.base import JsonValue

_SERVING = {"server", "routes", "enable_gpu"}


def asked_of_lock(draft: Draft) -> tuple[LockRequest, ...]:
    """What can be asked for with the answers so far: each answer lets one more question be asked.

    Raises ProviderError for an environment that cannot be put on its base.
    """
    ground = _ground(draft)
    if ground is None:
        return ()
    requests = [ground.request]
    entry = draft.lock.get(ground.request.key)
    if entry is not None and ground.is_built:
        requests.append(ground.built_request(entry["digest"]))
    base = _locked_base(draft, ground)
    if base is None or not draft.values.keys() >= _SERVING:
        return tuple(requests)
    layers = layers_request(base, draft.referred["environment"], serving_of(draft.values))
    return (*requests, layers) if layers is not None else tuple(requests)


def _locked_base(draft: Draft, ground: Ground) -> BaseImage | None:
    entry = base_entry(ground, draft.lock)
    if entry is None:
        return None
    check_base(ground, entry, draft.referred["environment"].address)
    return BaseImage.from_lock(entry)


def _ground(draft: Draft) -> Ground | None:
    if draft.values.get(INPUT) is not None or "environment" not in draft.referred:
        return None
    return ground_of(draft.values, draft.referred["environment"])


def resolved_for_lock(
    request: LockRequest, draft: Draft, context: ProviderContext, operation: OperationHandle
) -> Mapping[str, JsonValue]:
    """The answer to one of these requests; asks the builder, pulls, runs and builds there."""
    try:
        return _resolved(request, draft, context, operation)
    except AmlplanError as failure:
        failure.address = failure.address or draft.address
        raise


def _resolved(
    request: LockRequest, draft: Draft, context: ProviderContext, operation: OperationHandle
) -> Mapping[str, JsonValue]:
    ground = _ground(draft)
    assert ground is not None  # noqa: S101 - it asked
    if request.type == LAYERS:
        return _layers(draft, ground, context, operation)
    with engine_at(draft.referred["builder"], context) as engine:
        if request.type == BUILT:
            return _built_python(draft, ground, engine, operation)
        return _base(request, draft, ground, engine, operation)


def _base(
    request: LockRequest,
    draft: Draft,
    ground: Ground,
    engine: Engine,
    operation: OperationHandle,
) -> Mapping[str, JsonValue]:
    """The base image as it is now; asked anew where the lock has an answer already."""
    login = login_of(draft.values, ground.reference)
    is_anew = request.key in draft.lock
    seen = base_now(engine, ground.reference, login, operation, anew=is_anew)
    if platform_of(seen) != ground.platform:
        raise ProviderError(
            "The base image is for another platform",
            f"{ground.reference} is for {platform_of(seen)}, and {draft.address} asks for "
            f"{ground.platform}. Choose another base image, or set platform.",
        )
    python = python_of(engine, seen.id, ground.python)
    return {
        "digest": digest_of_base(seen, ground.reference),
        "id": seen.id,
        "platform": platform_of(seen),
        "layers": list(seen.layers),
        "config": config_of(seen),
        "python": None if python is None else _document(python),
    }


def _built_python(
    draft: Draft, ground: Ground, engine: Engine, operation: OperationHandle
) -> Mapping[str, JsonValue]:
    entry = draft.lock[ground.request.key]
    base = base_again(
        engine, ground.reference, entry, login_of(draft.values, ground.reference), operation
    )
    key = ground.built_request(entry["digest"]).key
    built = built_base(engine, base, key, ground.labelled_text, operation)
    python = python_of(engine, built.id, ground.python)
    return {"python": None if python is None else _document(python)}


def _layers(
    draft: Draft, ground: Ground, context: ProviderContext, operation: OperationHandle
) -> Mapping[str, JsonValue]:
    base = _locked_base(draft, ground)
    assert base is not None  # noqa: S101 - else it was not asked for
    environment = draft.referred["environment"]
    built = Writer(context).built_layers(base, environment, serving_of(draft.values), operation)
    return {name: layer.to_lock() for name, layer in sorted(built.items())}


def _document(python: BasePython) -> dict[str, JsonValue]:
    return {
        "version": python.version,
        "executable": python.executable,
        "libc": python.libc,
    }
