"""The kind `image@fake`: an image on a fake engine, with two answers of the lock."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from amlplan.provider import Kind, LockRequest, Missing, Present
from amlplan_fake.engine import FakeEngine, engine_of
from amlplan_schemas.image import DockerImageOutputs, Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class FakeImage:
    """Keeps the digest of what it was asked for on the engine of its builder."""

    kind = Kind("fake", Image, DockerImageOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def lock_requests(self, draft: Draft) -> tuple[LockRequest, ...]:
        """The base image; and once that is known, what is made on top of it."""
        base = _request("fake base", {"reference": "fake:1", "platform": "fake"})
        if base.key not in draft.lock:
            return (base,)
        layers = {"base": draft.lock[base.key]["digest"], "packages": _locked(draft)}
        return base, _request("fake layers", layers)

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue]:
        """The digest of the base as the engine has it, or of what is made on top."""
        if request.type == "fake layers":
            return {"layers": request.request}
        engine = FakeEngine(draft.referred["builder"].values["connection"]["host"])
        return {"digest": (engine.folder / "base").read_text()}

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        requests = self.lock_requests(draft)
        if not all(item.key in draft.lock for item in requests):
            return {}
        parts = {item.type: dict(draft.lock[item.key]) for item in requests}
        contents = {name: _digest(item) for name, item in parts.items()}
        contents["script"] = _digest(draft.values.get("entry_script"))
        return {"digest": _digest(contents), "contents": contents, "variables": {}}

    def read(self, record: Record, targets: Targets) -> Observed:
        there = engine_of(targets.get("builder")).object(record.identity)
        return Missing() if there is None else Present(outputs={"digest": there["digest"]})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        engine = engine_of(desired.targets.get("builder"))
        digest = desired.derived["digest"]
        engine.put(desired.identity, {"digest": digest})
        return {
            **desired.derived,
            "image_id": digest,
            "tag": desired.name,
            "engine": engine.identity,
            "size": 1,
        }

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        engine_of(targets.get("builder")).remove(prior.identity)


def _locked(draft: Draft) -> JsonValue:
    """What the environment was locked to."""
    return [dict(item) for item in draft.referred["environment"].lock.values()]


def _request(name: str, request: Mapping[str, JsonValue]) -> LockRequest:
    return LockRequest(_digest([name, request]), name, request)


def _digest(value: object) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
