"""Models: content in the store of their workspace, registered as versions 1, 2, 3."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from amlplan.content import changed_since_plan, content_of, files_of
from amlplan.errors import HistoryError, NotFoundError, ProviderError, UnreachableError
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Refinement, Unreachable
from amlplan.wording import difference, few, in_shell
from amlplan_local.attached import REQUEST_TYPE as REGISTERED
from amlplan_local.attached import WORKSPACE as ATTACHED
from amlplan_local.attached import (
    registered_files,
    registered_offer,
    registered_request,
    registered_version,
)
from amlplan_local.catalogue import claims_in, registered_models
from amlplan_local.identity import elsewhere
from amlplan_local.registration import Registration, release, seen_aliases
from amlplan_local.selection import metric_change, run_name, run_offer, run_request, selected_run
from amlplan_local.store import ContentStore
from amlplan_local.versions import ModelVersions
from amlplan_local.workspace import STORE, is_stranded, store_of
from amlplan_schemas.model import Model, ModelOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.abilities import ModelVersion
    from amlplan.history import History
    from amlplan.provider import (
        Desired,
        Draft,
        LockRequest,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_local.versions import Version
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class LocalModel:
    """Registers content under a number; bytes and versions stay when a record goes."""

    kind = Kind("local", Model, ModelOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def lock_requests(self, draft: Draft) -> tuple[LockRequest, ...]:
        """The run or the registered version that becomes the model; none for a source."""
        request = run_request(draft) or registered_request(draft)
        return () if request is None else (request,)

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue] | None:
        """Take what runs left into the history, and choose."""
        history = None if request.type == REGISTERED else self._history(draft)
        if history is not None:
            history.sync()
        return self.current(request, draft)

    def current(self, request: LockRequest, draft: Draft) -> Mapping[str, JsonValue] | None:
        """The run or version that would be chosen now."""
        if request.type == REGISTERED:
            return registered_version(request.request, draft)
        history = self._history(draft)
        return None if history is None else selected_run(request.request, history)

    def lacks(self, locked: Mapping[str, JsonValue], draft: Draft) -> str | None:
        """Why a run's output cannot be taken: it lies in the store of another workspace, or went.

        What a registered version lacks is told when it is copied.
        """
        workspace = draft.referred.get("workspace")
        if "run" not in locked or workspace is None:
            return None
        name, path = run_name(locked["lineage"]), workspace.values.get("path")
        if path is None:
            taken_back = (workspace.values.get("history") or {}).get("path")
            return None if taken_back else f"{name} is not in this workspace, which is new"
        if elsewhere(workspace.values.get("host"), self._context) is not None:
            return None
        store = ContentStore(Path(str(path)) / STORE, self._context.cache_folder)
        gone = [
            file for file, digest in locked["files"].items() if not store.path(digest).is_file()
        ]
        return f"{few(gone)} of {name} is not in this workspace" if gone else None

    def offer(
        self, locked: Mapping[str, JsonValue] | None, current: Mapping[str, JsonValue]
    ) -> str | None:
        """What would be chosen now, where that is another one."""
        return (run_offer if "run" in current else registered_offer)(locked, current)

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """Digest, files and size of the content, named like the outputs they become."""
        for request in self.lock_requests(draft):
            if request.key in draft.lock:
                entry = draft.lock[request.key]
                return {name: entry[name] for name in ("digest", "files", "size", "lineage")}
        source = draft.values.get("source")
        if source is None:
            return {}
        content = content_of(self._source(str(source)), self._context.cache_folder)
        return {"digest": content.digest, "files": dict(content.files), "size": content.size}

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """The version that would be claimed now, and which files make it a new one."""
        expected = self._expected(draft, derived, prior, targets)
        foreseen = (
            {} if expected is None else {"version": expected, "id": f"{draft.name}:{expected}"}
        )
        if prior is None or not prior.outputs.values or expected is None:
            return Refinement(expected=foreseen)
        was = prior.outputs.values
        if expected == was["version"] and derived.get("digest") == was["digest"]:
            stable = frozenset({"version", "id", "digest", "files", "size", "corrupted"})
            if "lineage" not in derived:
                stable |= {"lineage"}
            return Refinement(expected=foreseen, stable=stable)
        files = difference(was.get("files") or {}, derived.get("files") or {})
        metric = metric_change(was.get("lineage") or {}, derived.get("lineage") or {})
        changed = "; ".join(item for item in (metric, files) if item) or "properties changed"
        note = f"v{was['version']} -> v{expected}: {changed}"
        return Refinement(expected=foreseen, stable=frozenset({"corrupted"}), note=note)

    def read(self, record: Record, targets: Targets) -> Observed:
        """The claimed version, and which of its stored files are damaged."""
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        if is_stranded(record, targets):
            return Missing()
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            return store
        try:
            versions = _versions(store, record.name)
            version = versions.get(int(recorded["version"]))
            if version is None or version.digest != recorded["digest"]:
                return Missing()
            outputs = self._seen(store, record.name, version)
            aliases = seen_aliases(versions, record.inputs.values.get("aliases") or {}, version)
        except ProviderError as failure:
            return Unreachable(failure.detail)
        return Present({"aliases": aliases}, outputs)

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The version that carries the identity, once its files and aliases are complete."""
        if is_stranded(draft, targets):
            return Missing()
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            return store
        try:
            versions = _versions(store, draft.name)
            version = versions.claimed_by(draft.identity)
            if version is None or version.digest != draft.derived.get("digest"):
                return Missing()
            wanted = draft.inputs.values.get("aliases") or {}
            if seen_aliases(versions, wanted, version) != wanted:
                return Missing()
            outputs = self._seen(store, draft.name, version)
        except ProviderError as failure:
            return Unreachable(failure.detail)
        return Missing() if outputs["corrupted"] else Present(outputs=outputs)

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """A version of the workspace's, as in `ridge:2`; its source is that of the block."""
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace's store cannot be reached", store.reason)
        name, _, number = object_id.rpartition(":")
        if not number.isdecimal() or not (store / "models" / name).is_dir():
            return Missing()
        versions = _versions(store, name)
        version = versions.get(int(number))
        if version is None:
            return Missing()
        wanted = draft.values.get("aliases") or {}
        inputs = {
            **{way: draft.values.get(way) for way in ("source", "run", "registered")},
            "name": name,
            "framework": version.framework,
            "properties": dict(version.properties),
            "aliases": seen_aliases(versions, wanted, version),
        }
        return Imported(inputs, self._seen(store, name, version))

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Store the content and claim a version: the one with the same content, or the next."""
        return self._register(desired, None, operation)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Claim another version for other content or properties; repair damaged files."""
        return self._register(desired, prior, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Give the version up; it stays, and so do its bytes."""
        if is_stranded(prior, targets):
            return
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace's store cannot be reached", store.reason)
        if not (store / "models" / prior.name).is_dir():
            return
        release(_versions(store, prior.name), prior)

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The versions that records claim, in the stores of the state's workspaces."""
        for record in records:
            path = record.outputs.values.get("path")
            away = elsewhere(record.outputs.values.get("host"), self._context)
            if record.kind == "workspace" and path is not None and away is None:
                yield from claims_in(Path(str(path)) / STORE)

    def models(self, workspace: Path) -> Mapping[str, Sequence[ModelVersion]]:
        """What the store of a workspace's folder has."""
        return registered_models(workspace / STORE)

    def _register(
        self, desired: Desired, prior: Record | None, operation: OperationHandle
    ) -> Outputs:
        store = store_of(desired.targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace's store cannot be reached", store.reason)
        inputs: Model = desired.inputs
        digest = str(desired.derived["digest"])
        content_store = ContentStore(store, self._context.cache_folder)
        resumed = operation.steps.get("blobs") == {"digest": digest}
        if not resumed or content_store.corrupted(_files(desired)):
            self._store_blobs(inputs, desired, content_store, operation)
            operation.step("blobs", {"digest": digest})
        operation.check_cancelled()
        registration = Registration(
            identity=desired.identity,
            digest=digest,
            files=_files(desired),
            size=cast("int", desired.derived["size"]),
            framework=inputs.framework,
            properties=inputs.properties,
            aliases=inputs.aliases,
            lineage=cast("Mapping[str, JsonValue]", desired.derived.get("lineage", {})),
        )
        version = registration.claim(
            _versions(store, desired.name), prior, lambda number: operation.step("version", number)
        )
        operation.progress(f"registered as {desired.name}:{version.version}")
        self._note_lineage(desired, version)
        return _outputs(desired.name, version, [])

    def _store_blobs(
        self,
        inputs: Model,
        desired: Desired,
        content_store: ContentStore,
        operation: OperationHandle,
    ) -> None:
        cancelled = operation.check_cancelled
        if inputs.run is not None:
            gone = content_store.corrupted(_files(desired))
            if gone:
                raise _run_output_gone(desired, gone)
            return
        if inputs.registered is not None:
            cache = self._context.cache_folder
            there = registered_files(desired.referred.get(ATTACHED), _files(desired), cache)
            content_store.put(there, cancelled, operation.progress)
            return
        source = self._source(str(inputs.source))
        content = content_of(source, self._context.cache_folder, cancelled)
        if content.digest != desired.derived["digest"]:
            changed = difference(_files(desired), content.files)
            raise changed_since_plan(f"{source} ({changed})")
        files = {name: (path, content.files[name]) for name, path in files_of(source)}
        content_store.put(files, cancelled, operation.progress)

    def _note_lineage(self, desired: Desired, version: Version) -> None:
        """Tell the history where the version came from; it is in the version's document too."""
        origin = version.lineage.get("run") or version.lineage.get("registered")
        workspace = desired.targets["workspace"].outputs.values["path"]
        if origin is None:
            return
        kind = "run" if "run" in version.lineage else "model"
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            self._context.open_history(Path(str(workspace))).add_edge(
                f"{kind}:{origin}", "registered", f"model:{desired.name}:{version.version}"
            )

    def _history(self, draft: Draft) -> History | None:
        """The history of the model's workspace, None before that is there."""
        workspace = draft.referred.get("workspace")
        path = None if workspace is None else workspace.values.get("path")
        if workspace is None or path is None:
            return None
        if elsewhere(workspace.values.get("host"), self._context) is not None:
            return None
        return self._context.open_history(Path(str(path)))

    def _expected(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> int | None:
        """The number that registering would give now, None where that cannot be told."""
        if "digest" not in derived or "properties" not in draft.values:
            return None
        if "workspace" not in targets:
            return 1  # its workspace is to be made, so its store is empty
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            return None
        registration = Registration(
            identity="",
            digest=str(derived["digest"]),
            files={},
            size=0,
            framework=None,
            properties=draft.values["properties"],
            aliases={},
        )
        try:
            return registration.foreseen(_versions(store, draft.name), prior)
        except ProviderError:
            return None

    def _source(self, source: str) -> Path:
        return Path(os.path.normpath(self._context.root / source))

    def _seen(self, store: Path, name: str, version: Version) -> dict[str, JsonValue]:
        content_store = ContentStore(store, self._context.cache_folder)
        return _outputs(name, version, content_store.corrupted(version.files))


def _outputs(name: str, version: Version, corrupted: list[str]) -> dict[str, JsonValue]:
    return {
        "version": version.version,
        "id": f"{name}:{version.version}",
        "digest": version.digest,
        "files": version.files,
        "size": version.size,
        "lineage": version.lineage,
        "corrupted": corrupted,
    }


def _versions(store: Path, name: str) -> ModelVersions:
    return ModelVersions(store / "models" / name)


def _files(desired: Desired) -> Mapping[str, str]:
    return cast("Mapping[str, str]", desired.derived["files"])


def _run_output_gone(desired: Desired, gone: list[str]) -> ProviderError:
    lineage = cast("Mapping[str, JsonValue]", desired.derived["lineage"])
    return NotFoundError(
        "The output of a run is gone",
        f"{few(gone)} of {run_name(lineage)} ({lineage['path']}) can no longer be read from the "
        "workspace's store. Choose another run with: amlplan lock -upgrade "
        f"{in_shell(desired.address)}",
        address=desired.address,
    )
