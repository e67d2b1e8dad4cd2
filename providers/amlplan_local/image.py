"""Images for deployments of this host: bundles in the folder of their workspace."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from amlplan.errors import HistoryError, ProviderError, UnreachableError
from amlplan.provider import Kind, Missing, Present, Refinement, Unreachable
from amlplan.wording import counted
from amlplan_images.changes import change_of, models_in
from amlplan_images.collecting import parts_of
from amlplan_local.bundle import MANIFEST, build, corrupted, folder_of
from amlplan_local.cannot import refuse_what_bundles_cannot
from amlplan_local.environment import LocalEnvironment
from amlplan_local.store import ContentStore
from amlplan_local.workspace import is_stranded, store_of
from amlplan_schemas.image import Image, ImageOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Referred,
        Targets,
    )
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class LocalImage:
    """Puts models, script and environment into a bundle; what was built stays for rollbacks."""

    kind = Kind("local", Image, ImageOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest of each input and one over all; nothing while a model is not known.

        Checks the script by its text.
        """
        refuse_what_bundles_cannot(draft)
        parts = self._parts(draft.values, draft.referred)
        if parts is None:
            return {}
        variables = _variables(draft.referred["environment"], draft.address)
        return {"digest": parts.digest, "contents": parts.contents, "variables": variables}

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """Where the bundle will lie, and which inputs make it another one."""
        expected: dict[str, JsonValue] = {"corrupted": []}
        workspace = targets.get("workspace")
        if workspace is not None and "digest" in derived:
            folder = Path(str(workspace.outputs.values["path"]))
            expected["path"] = str(folder_of(folder, str(derived["digest"])))
        if prior is None or not prior.outputs.values or "contents" not in derived:
            return Refinement(expected=expected)
        was, now = prior.outputs.values, cast("Mapping[str, str]", derived["contents"])
        if models_in(was["contents"]) == models_in(now):
            expected["model_versions"] = was["model_versions"]
        if was["digest"] == derived["digest"]:
            note = f"content unchanged (same {counted(len(now), 'input')})"
            return Refinement(expected=expected, note=note)
        return Refinement(expected=expected, note=change_of(was["contents"], now))

    def read(self, record: Record, targets: Targets) -> Observed:
        """The bundle as it lies there; Missing where it is gone."""
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        if is_stranded(record, targets):
            return Missing()
        store = store_of(targets, self._context)
        if isinstance(store, Unreachable):
            return store
        folder = folder_of(store.parent, str(recorded["digest"]))
        bad = corrupted(folder, self._context.cache_folder)
        if bad == [MANIFEST]:
            return Missing()
        seen = {"digest": recorded["digest"], "path": str(folder), "corrupted": bad}
        return Present(outputs=seen)

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Build the bundle and the environment that it needs; adopts one of the same digest."""
        store = store_of(desired.targets, self._context)
        if isinstance(store, Unreachable):
            raise UnreachableError("The workspace cannot be reached", f"It was {store.reason}")
        parts = self._parts(desired.inputs.model_dump(mode="json"), desired.referred)
        if parts is None:
            raise ProviderError(
                "A part of the image is not known",
                f"{desired.address} refers to a model or an environment without a digest. Apply "
                "those first.",
            )
        content = ContentStore(store, self._context.cache_folder)
        environment = desired.targets["environment"]
        LocalEnvironment(self._context).build(
            environment,
            desired.targets,
            desired.referred["environment"].values,
            operation,
        )
        operation.step("environment", {"digest": parts.environment})
        folder = build(
            parts, store.parent, content, self._context.cache_folder, operation.check_cancelled
        )
        self._note_lineage(store.parent, parts, desired.targets)
        return {
            "digest": parts.digest,
            "contents": parts.contents,
            "variables": desired.derived["variables"],
            "path": str(folder),
            "model_versions": list(_models_of(desired.targets)),
            "corrupted": [],
        }

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Build the new bundle beside the old one."""
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Forget it; its folder stays for what still runs from it."""

    def _parts(
        self, values: Mapping[str, JsonValue], referred: Mapping[str, Referred]
    ) -> Parts | None:
        return parts_of(values, referred, self._context.root, self._context.cache_folder)

    def _note_lineage(self, workspace: Path, parts: Parts, targets: Targets) -> None:
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            history = self._context.open_history(workspace)
            image = f"image:{parts.digest}"
            history.add_edge(f"environment:{parts.environment}", "in", image)
            for model in _models_of(targets):
                history.add_edge(f"model:{model['name']}:{model['version']}", "in", image)


def _variables(environment: Referred, address: str) -> JsonValue:
    """The variables of the environment, which every deployment of the image gets."""
    if "variables" not in environment.values:
        raise ProviderError(
            "Secret variables in an image",
            f"{environment.address} has sensitive variables, and {address} would hand them to "
            "every deployment. Give them to the deployment's env instead.",
        )
    return environment.values["variables"]


def _models_of(targets: Targets) -> Iterator[dict[str, JsonValue]]:
    for way in sorted(targets):
        if way.startswith("models."):
            seen = targets[way].outputs.values
            name = targets[way].name
            yield {"name": name, "version": seen["version"], "digest": seen["digest"]}
