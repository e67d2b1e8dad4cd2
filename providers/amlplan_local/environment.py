"""Environments: specifications, locked and kept in the workspace, built where they are used."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError, UnreachableError
from amlplan.provider import Kind, LockRequest, Missing, Present, Unreachable
from amlplan_local.built import Building, build
from amlplan_local.conda_resolve import resolve_conda
from amlplan_local.environment_facts import environment_facts
from amlplan_local.environment_request import environment_request, path_in
from amlplan_local.indexes import DEFAULT_INDEX, FURTHER_INDEXES, HIDDEN, public_address
from amlplan_local.remembered import contents_of
from amlplan_local.resolve import resolve_requirements
from amlplan_local.specification import (
    EnvironmentSpec,
    digest_of,
    digest_of_settings,
    read_specification,
    specification_of,
    write_specification,
)
from amlplan_local.store import ContentStore
from amlplan_local.workspace import STORE, is_stranded, store_of
from amlplan_schemas.environment import Environment, EnvironmentOutputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.abilities import EnvironmentFacts, ToUnpack
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
SOURCES = ("requirements", "requirements_file", "pyproject", "conda_file")
_INDEXES = ("index_url", "extra_index_urls")
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
        "relax",
    }
)


class LocalEnvironment:
    """Keeps what an environment is in the store of its workspace, by digest.

    Wheels of the project are kept there too, so that runs and deployments build it without the
    project. What is kept stays when a record goes: runs of the past refer to it.
    """

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
        request = environment_request(self._context.root, values, draft.address)
        return (LockRequest(digest_of(request), REQUEST_TYPE, request),)

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue]:
        """Ask uv; the addresses of `draft` bring the credentials that the request leaves out."""
        context = self._context
        resolve = resolve_conda if "conda" in request.request else resolve_requirements
        return resolve(
            request.request, _indexes(draft.values), context.root, context.cache_folder, operation
        )

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest and the number of packages; nothing while the lock has no answer."""
        values = draft.values
        if draft.unknown & _DECIDING:
            return {}
        locked: Mapping[str, JsonValue] = {}
        for request in self.lock_requests(draft):
            if request.key not in draft.lock:
                return {}
            locked = draft.lock[request.key]
        packages = list(locked.get("packages", []))
        conda = locked.get("conda")
        digest = digest_of_settings(
            python=values.get("python") if conda is None else locked["python"],
            user_managed=values.get("user_managed"),
            interpreter=values.get("interpreter"),
            platforms=sorted(set(values.get("platforms") or [])),
            packages=packages,
            conda=conda,
        )
        told = {} if conda is None else {"from_conda": locked["from_conda"]}
        return {"digest": digest, "packages": len(packages), **told}

    def read(self, record: Record, targets: Targets) -> Observed:
        """The specification that was recorded; Missing where the store no longer has it.

        A record of an amlplan that kept none reads as Missing too: the next apply writes it.
        """
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        if is_stranded(record, targets):
            return Missing()
        return self._look(str(recorded["digest"]), int(recorded["packages"]), targets)

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The specification that was to be kept; it has no identity, as equal ones are one."""
        derived = draft.derived
        if "digest" not in derived:
            return Missing()
        return self._look(str(derived["digest"]), int(derived["packages"]), targets)

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Keep the specification and the project's wheels; gives the outputs."""
        outputs = _outputs(desired)
        store = store_of(desired.targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace cannot be reached", f"It was {store.reason}")
        spec = self._specification(desired)
        wheels = {
            package["path"]: (path_in(self._context.root, package["path"]), package["hashes"][0])
            for package in spec.packages
            if "path" in package and package["hashes"]
        }
        if wheels:
            content = ContentStore(store, self._context.cache_folder)
            content.put(wheels, operation.check_cancelled, operation.progress)
        write_specification(store, spec)
        return outputs

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Keep the new specification beside the old one; gives the outputs."""
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Forget it; the specification stays for the runs that were made in it."""

    def contents(self, workspace: Path, digest: str) -> Mapping[str, str]:
        """What the environment with a digest is made of; see RemembersEnvironments."""
        return contents_of(workspace / STORE, digest)

    def _look(self, digest: str, packages: int, targets: Targets) -> Observed:
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            return store
        try:
            spec = read_specification(store, digest)
        except ProviderError as failure:
            return Unreachable(failure.detail)
        if spec is None:
            return Missing()
        return Present(outputs={"digest": digest, "packages": packages})

    def _specification(self, desired: Desired) -> EnvironmentSpec:
        values = desired.inputs.model_dump(mode="json")
        index_url, further = self._public_indexes(values, desired)
        packages: list[JsonValue] = []
        python, conda = values["python"], None
        for entry in desired.lock.values():
            packages += entry["packages"]
            if "conda" in entry:
                python, conda = entry["python"], entry["conda"]
        return EnvironmentSpec(
            digest=str(desired.derived["digest"]),
            python=python,
            conda=conda,
            packages=tuple(packages),
            user_managed=values["user_managed"],
            interpreter=values["interpreter"],
            platforms=tuple(sorted(set(values["platforms"]))),
            index_url=index_url,
            extra_index_urls=further,
            find_links=tuple(public_address(link) for link in values["find_links"]),
        )

    def _public_indexes(
        self, values: Mapping[str, JsonValue], desired: Desired
    ) -> tuple[str | None, tuple[str, ...]]:
        """The addresses as the locked request has them, where one that is a secret is hidden.

        Here they are all in the clear, so the request that has the key of the lock tells which
        are secrets; where none has, as files changed meanwhile, all count as secrets.
        """
        given = [name for name in _INDEXES if values[name]]
        if values["user_managed"] or not given:
            return None, ()
        for count in range(len(given) + 1):
            for hidden in itertools.combinations(given, count):
                known = {name: value for name, value in values.items() if name not in hidden}
                request = environment_request(self._context.root, known, desired.address)
                if digest_of(request) in desired.lock:
                    return _addresses(request)
        return _addresses({name: values[name] and HIDDEN for name in _INDEXES})

    def build(
        self,
        record: Record,
        targets: Targets,
        values: Mapping[str, JsonValue],
        operation: OperationHandle,
    ) -> str:
        """Build it on this host, by uv, into a folder named by its digest."""
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace cannot be reached", f"It was {store.reason}")
        digest = str(record.outputs.values["digest"])
        return interpreter_of(store, digest, self._context, operation, _indexes(values))

    def unpack(self, wanted: ToUnpack, folder: Path, operation: OperationHandle) -> None:
        """Unpack packages by uv, from the indexes that the environment's inputs name."""
        from amlplan_local.unpacking import unpack

        unpack(wanted, folder, _indexes(wanted.values), self._context, operation)

    def describe(self, record: Record, targets: Targets) -> EnvironmentFacts:
        """What the store has of it, and whether it is built on this host."""
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace cannot be reached", f"It was {store.reason}")
        spec = specification_of(store, str(record.outputs.values["digest"]))
        return environment_facts(spec, self._context.data_folder, record.derived)


def _indexes(values: Mapping[str, JsonValue]) -> dict[str, str]:
    """The variables that tell uv its indexes, with credentials."""
    found: dict[str, str] = {}
    if values.get("index_url"):
        found[DEFAULT_INDEX] = values["index_url"]
    if values.get("extra_index_urls"):
        found[FURTHER_INDEXES] = " ".join(values["extra_index_urls"])
    return found


def _addresses(request: Mapping[str, JsonValue]) -> tuple[str | None, tuple[str, ...]]:
    further = request["extra_index_urls"]
    return request["index_url"], (HIDDEN,) if further == HIDDEN else tuple(further)


def _outputs(desired: Desired) -> Outputs:
    if "digest" not in desired.derived:
        raise ProviderError(
            "The requirements are not locked",
            f"amlplan.lock has no answer for {desired.address}. Run: amlplan init",
        )
    return {"digest": desired.derived["digest"], "packages": desired.derived["packages"]}


def interpreter_of(
    store: Path,
    digest: str,
    context: ProviderContext,
    operation: OperationHandle | None,
    credentials: Mapping[str, str] | None = None,
) -> str:
    """The interpreter of the environment with a digest, built on this host where it is missing.

    `credentials` are variables that tell uv its indexes. Blocks; raises ProviderError.
    """
    building = Building(
        root=context.root,
        data_folder=context.data_folder,
        cache_folder=context.cache_folder,
        credentials=credentials or {},
        content=ContentStore(store, context.cache_folder),
        progress=operation.progress if operation is not None else lambda _text: None,
        check=operation.check_cancelled if operation is not None else lambda: None,
    )
    return str(build(specification_of(store, digest), building).interpreter)
