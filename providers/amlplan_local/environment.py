"""Environments: specifications, locked and recorded here, built where they are used."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.errors import ProviderError
from amlplan.provider import Kind, LockRequest, Missing, Present
from amlplan_local.indexes import DEFAULT_INDEX, FURTHER_INDEXES, HIDDEN, public_address
from amlplan_local.requirements import Requirements
from amlplan_local.resolve import resolve_requirements
from amlplan_schemas.environment import Environment, EnvironmentOutputs

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

REQUEST_TYPE = "requirements"
SOURCES = ("requirements", "requirements_file", "pyproject")
_DECIDING = frozenset(
    {
        *SOURCES,
        "python",
        "user_managed",
        "interpreter",
        "index_url",
        "extra_index_urls",
        "find_links",
        "platforms",
    }
)


class LocalEnvironment:
    """Records what an environment is; nothing is made outside of the state."""

    kind = Kind("local", Environment, EnvironmentOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def lock_requests(self, draft: Draft) -> tuple[LockRequest, ...]:
        """The requirements with all that decides their resolution; none for user_managed.

        Reads requirement files and local wheels. Addresses stand there without credentials.
        """
        values = draft.values
        if draft.unknown & _DECIDING or values.get("user_managed"):
            return ()
        wanted = self._requirements(values, draft.address)
        request: dict[str, JsonValue] = {
            "python": values["python"],
            "requirements": wanted.wanted,
            "constraints": wanted.constraints,
            "wheels": wanted.wheels,
            "index_url": _public(values.get("index_url", HIDDEN)),
            "extra_index_urls": _public(values.get("extra_index_urls", HIDDEN)),
            "find_links": [public_address(link) for link in values.get("find_links") or []],
            "platforms": sorted(set(values.get("platforms") or [])),
        }
        return (LockRequest(_digest_of(request), REQUEST_TYPE, request),)

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue]:
        """Ask uv; the addresses of `draft` bring the credentials that the request leaves out."""
        context = self._context
        return resolve_requirements(
            request.request, _indexes(draft.values), context.root, context.cache_folder, operation
        )

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest and the number of packages; nothing while the lock has no answer."""
        values = draft.values
        if draft.unknown & _DECIDING:
            return {}
        packages: list[JsonValue] = []
        for request in self.lock_requests(draft):
            if request.key not in draft.lock:
                return {}
            packages = list(draft.lock[request.key]["packages"])
        settings = {
            "python": values.get("python"),
            "user_managed": values.get("user_managed"),
            "interpreter": values.get("interpreter"),
            "platforms": sorted(set(values.get("platforms") or [])),
            "packages": packages,
        }
        return {"digest": _digest_of(settings), "packages": len(packages)}

    def read(self, record: Record, targets: Targets) -> Observed:
        """What was recorded: there is nothing outside that could differ."""
        return Present(outputs=record.outputs.values)

    def find(self, draft: Record, targets: Targets) -> Observed:
        """Missing: recording it leaves nothing outside that could be found."""
        return Missing()

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Give the outputs."""
        return _outputs(desired)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Give the outputs."""
        return _outputs(desired)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Forget it; nothing was made."""

    def _requirements(self, values: Mapping[str, JsonValue], address: str) -> Requirements:
        root = self._context.root
        found = Requirements(root)
        if values.get("requirements") is not None:
            found.add(values["requirements"], root, f"{address}.requirements")
        elif values.get("requirements_file") is not None:
            found.add_file(_path(root, values["requirements_file"]))
        elif values.get("pyproject") is not None:
            found.add_pyproject(_path(root, values["pyproject"]))
        else:
            raise ProviderError(
                "Requirements that cannot be written down",
                "The requirements are sensitive, and what they resolve to would stand in "
                "amlplan.lock. Take the secret out of them; index_url may hold one.",
            )
        return found


def _path(root: Path, relative: str) -> Path:
    return Path(os.path.normpath(root / relative))


def _indexes(values: Mapping[str, JsonValue]) -> dict[str, str]:
    """The variables that tell uv its indexes, with credentials."""
    found: dict[str, str] = {}
    if values.get("index_url"):
        found[DEFAULT_INDEX] = values["index_url"]
    if values.get("extra_index_urls"):
        found[FURTHER_INDEXES] = " ".join(values["extra_index_urls"])
    return found


def _public(addresses: JsonValue) -> JsonValue:
    if addresses is None or addresses == HIDDEN:
        return addresses
    if isinstance(addresses, str):
        return public_address(addresses)
    return [public_address(address) for address in addresses]


def _digest_of(document: JsonValue) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def _outputs(desired: Desired) -> Outputs:
    if "digest" not in desired.derived:
        raise ProviderError(
            "The requirements are not locked",
            f"amlplan.lock has no answer for {desired.address}. Run: amlplan init",
        )
    return {"digest": desired.derived["digest"], "packages": desired.derived["packages"]}
