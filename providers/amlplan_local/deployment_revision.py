"""What makes a revision of a deployment, and how a server starts it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError
from amlplan.pointers import tokens_of
from amlplan_images.parts import MODELS, SOURCE
from amlplan_local.bundle import MANIFEST, corrupted, read_manifest, workspace_of
from amlplan_local.deployment_folder import Revision
from amlplan_local.environment import interpreter_of
from amlplan_local.workspace import STORE
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.deployment import Deployment

OF_A_REVISION = ("env", "scoring_timeout", "max_concurrency", "probes")
"""The inputs that a new revision is made for; others change the deployment around it."""


def wanted_revision(
    folder: DeploymentFolder, document: Document, desired: Desired, context: ProviderContext
) -> Revision:
    """The revision that is desired: one that is kept already, or a new one.

    A number is given for good once its revision serves; until then another wish takes it over.
    Raises ProviderError for an image that is damaged.
    """
    inputs = desired.inputs.model_dump(mode="json")
    settings = {name: inputs[name] for name in OF_A_REVISION if name != "env"}
    settings["variables"] = _plain_variables(desired)
    digest = str(desired.derived["image_digest"])
    key = revision_key(document.salt, digest, settings, secrets_of(desired))
    number = document.last + 1
    for known in (document.active, document.last, number):
        kept = folder.revision(known) if known else None
        if kept is not None and kept.key == key:
            return with_workers(kept, desired.inputs.replicas)
    folder.drop_revision(number)  # one of that number never served
    return Revision(
        number=number,
        key=key,
        image_digest=digest,
        spec=_spec(folder, number, desired, context),
        inputs=_without_secrets(inputs, desired.sensitive),
        derived=dict(desired.derived),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def with_workers(revision: Revision, workers: int) -> Revision:
    """The revision with another number of workers, which makes it no other one."""
    return revision.model_copy(update={"spec": {**revision.spec, "workers": workers}})


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
        "variables": _plain_variables(desired),
        "workers": inputs.replicas,
        "scoring_timeout": seconds_of(inputs.scoring_timeout),
        "startup_timeout": seconds_of(inputs.probes.startup_timeout),
    }
    if inputs.max_concurrency is not None:
        spec["max_concurrency"] = inputs.max_concurrency
    return spec


def is_same_revision(
    wanted: Mapping[str, JsonValue],
    derived: Mapping[str, JsonValue],
    inputs: Mapping[str, JsonValue],
    derived_then: Mapping[str, JsonValue],
) -> bool | None:
    """Whether a wish is served by a revision that was made for these; None where secrets decide.

    A wish with secrets among its variables has no `env` here.
    """
    given = [name for name in OF_A_REVISION if name in wanted]
    same = all(wanted[name] == inputs.get(name) for name in given)
    if not same or dict(derived) != dict(derived_then):
        return False
    return True if len(given) == len(OF_A_REVISION) else None


def revision_key(
    salt: str, image_digest: str, settings: Mapping[str, JsonValue], secrets: Mapping[str, str]
) -> str:
    """What makes a revision another one, as a digest that gives no secret away."""
    text = json.dumps(dict(secrets), sort_keys=True, ensure_ascii=True)
    hidden = hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    document = [image_digest, dict(settings), hidden.hex() if secrets else ""]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


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


def secrets_of(desired: Desired) -> dict[str, str]:
    """The variables that are secrets."""
    return {name: desired.inputs.env[name] for name in desired.inputs.env if _hides(name, desired)}


def _hides(name: str, desired: Desired) -> bool:
    ways = {tokens_of(path) for path in desired.sensitive}
    return ("env",) in ways or ("env", name) in ways


def _plain_variables(desired: Desired) -> dict[str, str]:
    """The variables of the workers but the secret ones; the deployment's own win."""
    own = {name: value for name, value in desired.inputs.env.items() if not _hides(name, desired)}
    return {**dict(desired.derived["variables"]), **own}


def _without_secrets(
    inputs: dict[str, JsonValue], sensitive: frozenset[str]
) -> dict[str, JsonValue]:
    """The inputs as a record keeps them, with null at each secret."""
    for path in sensitive:
        *way, last = tokens_of(path)
        inner = inputs
        for step in way:
            inner = inner[step]
        inner[last] = None
    return inputs
