"""What makes a revision of a deployment, and how a server starts it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError
from amlplan.pointers import tokens_of
from amlplan_local.bundle import MANIFEST, SOURCE, corrupted, read_manifest
from amlplan_local.deployment_folder import Revision
from amlplan_local.environment import interpreter_of
from amlplan_local.rollout import revision_key, view_of_models
from amlplan_local.workspace import STORE
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired, Draft, OperationHandle, ProviderContext
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.deployment import Deployment

OF_A_REVISION = ("env", "scoring_timeout", "max_concurrency", "probes")
"""The inputs that a new revision is made for; others change the deployment around it."""


def wanted_revision(
    folder: DeploymentFolder,
    document: Document,
    desired: Desired,
    context: ProviderContext,
    operation: OperationHandle,
) -> Revision:
    """The revision that is desired: one that is kept already, or a new one, kept now.

    Builds the environment where it is missing. Raises ProviderError for an image that is damaged.
    """
    image = desired.targets["image"].outputs.values
    inputs = desired.inputs.model_dump(mode="json")
    settings = {name: inputs[name] for name in OF_A_REVISION if name != "env"}
    settings["variables"] = _plain_variables(desired)
    digest = str(desired.derived["image_digest"])
    key = revision_key(document.salt, digest, settings, secrets_of(desired))
    for number in (document.active, document.last):
        kept = folder.revision(number) if number else None
        if kept is not None and kept.key == key:
            workers = {"workers": desired.inputs.replicas}
            return kept.model_copy(update={"spec": {**kept.spec, **workers}})
    number = document.last + 1
    bundle = _bundle(image, context)
    made = Revision(
        number=number,
        key=key,
        image_digest=digest,
        spec=_spec(folder, number, bundle, image, desired, context, operation),
        inputs=_without_secrets(inputs, desired.sensitive),
        derived=dict(desired.derived),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder.write_revision(made)
    folder.write(document.model_copy(update={"last": number}))
    return made


def _bundle(image: Mapping[str, JsonValue], context: ProviderContext) -> Path:
    bundle = Path(str(image["path"]))
    bad = corrupted(bundle, context.cache_folder)
    if bad:
        raise NotFoundError(
            "The image is damaged",
            f"{bundle} lacks {', '.join(bad[:3])} or has it changed. Plan again: the plan will "
            "build the image anew.",
        )
    return bundle


def _spec(
    folder: DeploymentFolder,
    number: int,
    bundle: Path,
    image: Mapping[str, JsonValue],
    desired: Desired,
    context: ProviderContext,
    operation: OperationHandle,
) -> dict[str, Any]:
    """How the server starts the revision."""
    inputs: Deployment = desired.inputs
    manifest = read_manifest(bundle) or {}
    workspace = Path(str(desired.targets["workspace"].outputs.values["path"]))
    interpreter = interpreter_of(
        workspace / STORE, str(manifest["environment"]), context, operation
    )
    revision_folder = folder.revision_folder(number)
    models = [dict(model) for model in image["model_versions"]]
    return {
        "revision": str(number),
        "interpreter": interpreter,
        "source": str(bundle / SOURCE),
        "entry_script": manifest["entry_script"],
        "model_dir": str(view_of_models(bundle, models, revision_folder)),
        "log": str(folder.log_path(number)),
        "digest": str(desired.derived["image_digest"]),
        "manifest": str(bundle / MANIFEST),
        "variables": _plain_variables(desired),
        "workers": inputs.replicas,
        "scoring_timeout": seconds_of(inputs.scoring_timeout),
        "startup_timeout": seconds_of(inputs.probes.startup_timeout),
        "max_concurrency": inputs.max_concurrency,
    }


def is_same_revision(
    draft: Draft,
    derived: Mapping[str, JsonValue],
    inputs: Mapping[str, JsonValue],
    derived_then: Mapping[str, JsonValue],
) -> bool:
    """Whether a wish is served by a revision that was made for these; secrets are not looked at."""
    same = all(draft.values.get(name) == inputs.get(name) for name in OF_A_REVISION)
    return same and dict(derived) == dict(derived_then)


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
