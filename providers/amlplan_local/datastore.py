"""Datastores in a folder of this host. The bytes in it are the user's: none is ever deleted."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from amlplan.errors import NotFoundError, ProviderError, UnreachableError
from amlplan.files import make_folder
from amlplan.provider import Imported, Kind, Missing, Present, Refinement, Unreachable
from amlplan_local.identity import elsewhere, host_identity
from amlplan_schemas.datastore import LocalDatastore as DatastoreInputs
from amlplan_schemas.datastore import LocalDatastoreOutputs
from amlplan_schemas.state import Tree

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


class LocalDatastore:
    """Registers a folder, and makes it where it is asked to."""

    kind = Kind("local", DatastoreInputs, LocalDatastoreOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def read(self, record: Record, targets: Targets) -> Observed:
        """Whether the folder is there.

        A file in its place is Unreachable: no apply can put that right, so none is planned
        until somebody moved the file.
        """
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        away = elsewhere(recorded.get("host"), self._context)
        if away is not None:
            return away
        folder = Path(unquote(urlsplit(str(recorded["uri"])).path))
        return self._look(folder)

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The folder, since registering it leaves nothing else outside."""
        return self._look(self._folder(str(draft.inputs.values["path"])))

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """Whether the folder that a create needs is there, where it may not make it."""
        path, makes = draft.values.get("path"), draft.values.get("create_if_missing")
        if prior is not None or path is None or makes is not False:
            return Refinement()
        if not isinstance(self._look(self._folder(str(path))), Missing):
            return Refinement()
        text = f"{path} does not exist: apply fails unless it is made, or create_if_missing = true"
        return Refinement(note=text)

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """A folder, by its path or URI; only the block knows what is to be made of it."""
        folder = self._folder(unquote(urlsplit(object_id).path))
        found = self._look(folder)
        if isinstance(found, Unreachable):
            raise UnreachableError("The folder cannot be looked at", found.reason)
        if isinstance(found, Missing):
            return found
        wanted = draft.values.get("path")
        same = wanted is not None and self._folder(str(wanted)) == folder
        inputs = {**draft.values, "path": wanted if same else str(folder)}
        return Imported(inputs, found.outputs)

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with the folder of that path on this host."""
        folder = self._folder(str(record.inputs.values["path"]))
        outputs = {**record.outputs.values, **self._outputs(folder)}
        return record.model_copy(update={"outputs": Tree(values=outputs)})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Make the folder where that is asked for; it is an error for it to be absent else."""
        return self._registered(desired.inputs)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Make a folder that vanished again, where that is asked for."""
        return self._registered(desired.inputs)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Forget the folder; it stays as it is."""

    def _folder(self, path: str) -> Path:
        return Path(os.path.normpath(self._context.root / path))

    def _registered(self, inputs: DatastoreInputs) -> Outputs:
        folder = self._folder(inputs.path)
        found = self._look(folder)
        if isinstance(found, Unreachable):
            raise ProviderError("The datastore's folder cannot be used", found.reason)
        if isinstance(found, Missing):
            if not inputs.create_if_missing:
                raise NotFoundError(
                    "The datastore's folder is missing",
                    f"{folder} does not exist. Make it, or set create_if_missing = true, then "
                    "apply again.",
                )
            make_folder(folder)
        return self._outputs(folder)

    def _look(self, folder: Path) -> Observed:
        try:
            is_folder = _is_folder(folder)
        except OSError as failure:
            return Unreachable(
                f"{folder} cannot be looked at: {failure.strerror}. Mount it, or give this user "
                "the right to it, then try again."
            )
        if is_folder is None:
            return Missing()
        if not is_folder:
            return Unreachable(f"{folder} is a file, not a folder. Move it away, then try again.")
        return Present(outputs=self._outputs(folder))

    def _outputs(self, folder: Path) -> Outputs:
        return {"uri": folder.as_uri(), "exists": True, "host": host_identity(self._context)}


def _is_folder(path: Path) -> bool | None:
    """Whether a path is a folder; None where nothing is there."""
    try:
        os.scandir(path).close()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return False if path.exists() else None
    return True
