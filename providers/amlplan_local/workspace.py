"""Workspaces: a data folder with a document that says whose it is and who may do what."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
import os
import pwd
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError, UnreachableError
from amlplan.files import make_folder
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Unreachable
from amlplan_local import sweeping
from amlplan_local.active import refuse_while_active
from amlplan_local.document import (
    DOCUMENT,
    Document,
    UnreadableError,
    read_document,
    write_document,
)
from amlplan_local.history_store import lay_out
from amlplan_local.identity import elsewhere, host_identity
from amlplan_local.jobs import LocalJobs
from amlplan_local.store import ContentStore
from amlplan_schemas.state import Tree
from amlplan_schemas.workspace import Workspace, WorkspaceOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.abilities import Swept
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

STORE = "store"
_NAMESPACE = uuid.UUID("5b0f8a52-6f0e-5d0a-9d59-0e6b7a1f4c11")


class LocalWorkspace:
    """Keeps a workspace in a folder of this host; destroy detaches it and keeps every byte."""

    kind = Kind("local", Workspace, WorkspaceOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def read(self, record: Record, targets: Targets) -> Observed:
        """The workspace as its document tells; Missing where it is gone or detached."""
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        away = elsewhere(recorded.get("host"), self._context)
        if away is not None:
            return away
        folder = Path(str(recorded["path"]))
        try:
            document = read_document(folder)
        except UnreadableError as failure:
            return Unreachable(failure.why)
        if document is None or document.detached or document.identity != record.identity:
            return Missing()
        seen = _roles_seen(record.inputs.values, document)
        return Present(seen, {"id": document.id, "path": str(folder)})

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The workspace whose document carries the identity."""
        folder = self._folder(draft.identity, draft.inputs.values.get("history"))
        try:
            document = read_document(folder)
        except UnreadableError as failure:
            return Unreachable(failure.why)
        if document is None or document.detached or document.identity != draft.identity:
            return Missing()
        seen = _roles_seen(draft.inputs.values, document)
        return Present(seen, self._outputs(folder, document))

    def attach(self, draft: Draft) -> Observed:
        """The workspace of that name that somebody else manages: at its path, or among the user's.

        Raises ProviderError where several have the name.
        """
        try:
            found = [item for item in self._candidates(draft) if item[1].name == draft.name]
        except UnreadableError as failure:
            return Unreachable(failure.why)
        if len(found) > 1:
            raise ProviderError(
                "Several workspaces have this name",
                f"{' and '.join(str(folder) for folder, _ in found)} hold a workspace called "
                f"{draft.name}. Say which by its path in a history block.",
            )
        return Present(outputs=self._outputs(*found[0])) if found else Missing()

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """A workspace, by its id or its folder."""
        try:
            for folder, document in self._candidates(draft):
                if object_id in {document.id, str(folder)}:
                    seen = _roles_seen(draft.values, document)
                    inputs = {**seen, "history": draft.values.get("history")}
                    return Imported(inputs, self._outputs(folder, document), document.identity)
        except UnreadableError as failure:
            raise UnreachableError("A workspace cannot be read", failure.why) from failure
        return Missing()

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with its folder on this host."""
        folder = self._folder(record.identity, record.inputs.values.get("history"))
        now = {"host": host_identity(self._context), "path": str(folder)}
        outputs = {**record.outputs.values, **now}
        return record.model_copy(update={"outputs": Tree(values=outputs)})

    def _candidates(self, draft: Draft) -> Iterator[tuple[Path, Document]]:
        """The workspaces in use: the one at the block's path, or all of the user's."""
        history = draft.values.get("history") or {}
        folders = [self._folder("", history)]
        if history.get("path") is None:
            folders = sorted((self._context.data_folder / "workspaces").glob("*"))
        for folder in folders:
            document = read_document(folder)
            if document is not None and not document.detached:
                yield folder, document

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The workspaces among the user's, and those at the paths that records name."""
        own = (self._context.data_folder / "workspaces").glob("*")
        named = (
            Path(str(record.outputs.values["path"]))
            for record in records
            if record.kind == "workspace" and "path" in record.outputs.values
        )
        for folder in sorted({*own, *named}):
            try:
                document = read_document(folder)
            except UnreadableError:
                yield Listed(str(folder), None)
                continue
            if document is not None and not document.detached:
                yield Listed(document.name, document.identity)

    def content(self, outputs: Mapping[str, JsonValue]) -> ContentStore:
        """The content store in the workspace's folder."""
        return ContentStore(Path(str(outputs["path"])) / STORE, self._context.cache_folder)

    def referred(self, workspace: Path) -> set[str]:
        """The digests that the documents of a workspace name."""
        return sweeping.referred(workspace, workspace / STORE)

    def sweep(self, workspace: Path, kept: set[str], before: float, *, is_dry: bool) -> Swept:
        """Remove what is old and not among the digests; see SweepsContent."""
        return sweeping.sweep(workspace / STORE, kept, before, is_dry=is_dry)

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Make the folder and its document, or take back the detached workspace in it."""
        inputs: Workspace = desired.inputs
        folder = self._folder(desired.identity, inputs.history.model_dump())
        is_new = not folder.exists()
        make_folder(folder)
        creator = _user()
        owners = inputs.owners or (creator,)
        made = Document(
            id=_id(desired.identity),
            name=desired.name,
            identity=desired.identity,
            creator=creator,
            owners=owners,
            contributors=inputs.contributors,
            readers=inputs.readers,
        )
        found = self._readable(folder)
        try:
            if found is None and not write_document(folder, made, only_new=True):
                found = self._readable(folder)
        except ProviderError:
            if is_new:
                with contextlib.suppress(OSError):  # somebody else came, and it is theirs now
                    folder.rmdir()
            raise
        if found is not None:
            if found.identity != desired.identity and not found.detached:
                raise ProviderError(
                    "The folder holds another workspace",
                    f"{folder} belongs to the workspace {found.name}, which another block or "
                    "another state manages. Give this one a history path of its own, or destroy "
                    "the other one first.",
                )
            made = made.model_copy(update={"id": found.id, "creator": found.creator})
            made = made.model_copy(update={"owners": inputs.owners or (found.creator,)})
            if made != found:
                write_document(folder, made)
        lay_out(folder, folder / STORE, desired, self._context)
        return self._outputs(folder, made)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Write the roles."""
        inputs: Workspace = desired.inputs
        folder = self._reachable_folder(prior)
        found = self._readable(folder)
        if found is None or found.detached or found.identity != desired.identity:
            raise NotFoundError(
                "The workspace is gone",
                f"{folder / DOCUMENT} is no longer there or belongs to another workspace. "
                "Plan again: the plan will make it anew.",
            )
        roles = {
            "owners": inputs.owners or (found.creator,),
            "contributors": inputs.contributors,
            "readers": inputs.readers,
        }
        changed = found.model_copy(update=roles)
        if changed != found:
            write_document(folder, changed)
        lay_out(folder, folder / STORE, desired, self._context)
        return self._outputs(folder, changed)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Detach: the history and every stored byte stay where they are.

        Raises ProviderError while runs are active in it: nobody would find them any more.
        """
        folder = self._reachable_folder(prior)
        found = self._readable(folder)
        if found is None or found.detached or found.identity != prior.identity:
            return
        jobs = LocalJobs(self._context.cache_folder)
        refuse_while_active(prior.address, folder, jobs, self._context)
        write_document(folder, found.model_copy(update={"detached": True}))

    def _folder(self, identity: str, history: Mapping[str, object] | None) -> Path:
        path = (history or {}).get("path")
        if path is None:
            return self._context.data_folder / "workspaces" / _id(identity)
        return Path(os.path.normpath(self._context.root / str(path)))

    def _reachable_folder(self, record: Record) -> Path:
        recorded = record.outputs.values
        away = elsewhere(recorded.get("host"), self._context)
        if away is not None:
            raise UnreachableError("The host is another one", f"The workspace was {away.reason}")
        if "path" in recorded:
            return Path(str(recorded["path"]))
        return self._folder(record.identity, record.inputs.values.get("history"))

    def _readable(self, folder: Path) -> Document | None:
        try:
            return read_document(folder)
        except UnreadableError as failure:
            raise ProviderError("The workspace's document cannot be used", failure.why) from failure

    def _outputs(self, folder: Path, document: Document) -> Outputs:
        return {
            "id": document.id,
            "path": str(folder),
            "host": host_identity(self._context),
            "creator": document.creator,
        }


def store_of(targets: Targets, context: ProviderContext) -> Path | Unreachable:
    """The store of the workspace that a resource refers to, or why it cannot be looked at."""
    workspace = targets.get("workspace")
    path = None if workspace is None else workspace.outputs.values.get("path")
    if workspace is None or path is None:
        return Unreachable("its workspace is not in the state. Apply the workspace first.")
    away = elsewhere(workspace.outputs.values.get("host"), context)
    return away or Path(str(path)) / STORE


def is_stranded(record: Record, targets: Targets) -> bool:
    """Whether a record was made in a workspace that is no longer the one in the state.

    Then what it stands for went with that workspace: nothing of it can be looked for any more.
    """
    return "workspace" in record.targets and "workspace" not in targets


def _roles_seen(wanted: Mapping[str, JsonValue], document: Document) -> dict[str, object]:
    owners = list(document.owners)
    if not wanted.get("owners") and owners == [document.creator]:
        owners = []  # nobody was named: the creator stands in and is not compared
    return {
        "name": document.name,
        "owners": owners,
        "contributors": list(document.contributors),
        "readers": list(document.readers),
    }


def _id(identity: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, identity))


def _user() -> str:
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"user:{name}"
