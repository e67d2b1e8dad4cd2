"""What makes a revision of a deployment, and how a server starts it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError
from amlplan_deployments.revisions import (
    OF_A_REVISION,
    Revision,
    key_of,
    new_revision,
    with_workers,
)
from amlplan_deployments.variables import plain_variables
from amlplan_images.parts import MODELS, SOURCE
from amlplan_local.bundle import MANIFEST, corrupted, read_manifest, workspace_of
from amlplan_local.environment import interpreter_of
from amlplan_local.workspace import STORE
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.deployment import Deployment


def wanted_revision(
    folder: DeploymentFolder, document: Document, desired: Desired, context: ProviderContext
) -> Revision:
    """The revision that is desired: one that is kept already, or a new one.

    A number is given for good once its revision serves; until then another wish takes it over.
    Raises ProviderError for an image that is damaged.
    """
    key = key_of(desired, document.salt, OF_A_REVISION)
    number = document.last + 1
    for known in (document.active, document.last, number):
        kept = folder.revision(known) if known else None
        if kept is not None and kept.key == key:
            return with_workers(kept, desired.inputs.replicas)
    folder.drop_revision(number)  # one of that number never served
    return new_revision(number, key, desired, _spec(folder, number, desired, context))


def startable(
    revision: Revision, context: ProviderContext, operation: OperationHandle | None
) -> Revision:
    """The revision with all that its workers need there; builds the environment where it is gone.

    Blocks. Raises ProviderError for an image that is gone or damaged.
    """
    bundle = Path(str(revision.spec["manifest"])).parent
    manifest = _sound_manifest(bundle, context)
    store = workspace_of(bundle) / STORE
    interpreter = interpreter_of(store, str(manifest["environment"]), context, operation)
    return revision.model_copy(update={"spec": {**revision.spec, "interpreter": interpreter}})


def _sound_manifest(bundle: Path, context: ProviderContext) -> Mapping[str, Any]:
    bad = corrupted(bundle, context.cache_folder)
    if bad:
        raise NotFoundError(
            "The image is damaged",
            f"{bundle} lacks {', '.join(bad[:3])} or has it changed. Plan again: the plan builds "
            "the image anew where the configuration still asks for it.",
        )
    return read_manifest(bundle) or {}


def _spec(
    folder: DeploymentFolder, number: int, desired: Desired, context: ProviderContext
) -> dict[str, Any]:
    """How the server starts the revision, but for the interpreter."""
    inputs: Deployment = desired.inputs
    image = desired.targets["image"].outputs.values
    bundle = Path(str(image["path"]))
    manifest = _sound_manifest(bundle, context)
    view = view_of_models(bundle, image["model_versions"], folder.revision_folder(number))
    spec: dict[str, Any] = {
        "revision": str(number),
        "source": str(bundle / SOURCE),
        "entry_script": manifest["entry_script"],
        "model_dir": str(view),
        "log": str(folder.log_path(number)),
        "digest": str(desired.derived["image_digest"]),
        "manifest": str(bundle / MANIFEST),
        "variables": plain_variables(desired),
        "workers": inputs.replicas,
        "scoring_timeout": seconds_of(inputs.scoring_timeout),
        "startup_timeout": seconds_of(inputs.probes.startup_timeout),
    }
    if inputs.max_concurrency is not None:
        spec["max_concurrency"] = inputs.max_concurrency
    return spec


def view_of_models(bundle: Path, models: Sequence[Mapping[str, JsonValue]], folder: Path) -> Path:
    """Link the models of a bundle as Azure ML lays them out; gives what AZUREML_MODEL_DIR is.

    That is the folder of the version where there is one model, and the one above all where there
    are several.
    """
    root = folder / "azureml-models"
    for model in models:
        place = root / str(model["name"]) / str(model["version"])
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            place.symlink_to(bundle / MODELS / str(model["name"]))
    root.mkdir(parents=True, exist_ok=True)
    if len(models) == 1:
        return root / str(models[0]["name"]) / str(models[0]["version"])
    return root
