"""What a plan knows of a deployment on Docker: its facts, and what a change of it does."""

from __future__ import annotations

import contextlib
import hashlib
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import Refinement
from amlplan_deployments.requests import smoke_of
from amlplan_deployments.revisions import number_foreseen
from amlplan_docker.deployments.wanted import OF_A_REVISION, RESTART
from amlplan_schemas.base import bytes_of
from amlplan_schemas.deployment import DeploymentProbes, DeploymentSmoke

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Draft, Referred
    from amlplan_docker.deployments.documents import Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

IMAGE, TARGET, OURS = "image@docker", "compute.docker", "amlplan"
_OF_ASKING = ("period", "timeout", "failure_threshold")
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Architectures as kernels and as images call them."""


def facts_of(draft: Draft, root: Path) -> dict[str, JsonValue]:
    """The digest that will serve, the variables that come with it, and the certificate.

    Raises ProviderError for what can be known to fail: an image that the engine cannot run, files
    that are missing or do not belong together.
    """
    image, target = draft.referred.get("image"), draft.referred.get("target")
    if image is not None:
        refuse_image(draft, image, target)
    if target is not None:
        _refuse_gpus(draft, target)
    _refuse_probes(draft)
    _refuse_names(draft)
    if draft.values.get("smoke") is not None:
        smoke_of(DeploymentSmoke.model_validate(draft.values["smoke"]), root)
    facts: dict[str, JsonValue] = {}
    if draft.values.get("tls") is not None:
        facts["certificate"] = fingerprint_of(tls_files(draft.values["tls"], root)[0])
    if image is None or "digest" not in image.values or "variables" not in image.values:
        return facts
    return facts | {"image_digest": image.values["digest"], "variables": image.values["variables"]}


def refuse_image(draft: Draft, image: Referred, target: Referred | None) -> None:
    """Raise for an image that is no image of an engine, or is for another processor."""
    place = "compute" if target is None else target.address
    if image.kind != IMAGE:
        raise ProviderError(
            "An image that no engine has",
            f"{draft.address} runs on a Docker engine, and {image.address} is a bundle on this "
            f"host. Give it a builder: builder = {place}",
        )
    facts = {} if target is None else target.values.get("facts") or {}
    machine, platform = facts.get("architecture"), image.values.get("platform")
    known = _MACHINES.get(str(machine), machine)
    if machine and platform and platform.split("/")[1] != known:
        raise ProviderError(
            "The image is of another architecture",
            f"{image.address} is for {platform}, and the engine of {place} runs on {known}. Give "
            "the image "
            f'platform = "linux/{known}".',
        )
    _refuse_another_engine(image, target)
    if image.values.get("server", OURS) != OURS:
        _refuse_secrets(draft, image)


def _refuse_another_engine(image: Referred, target: Referred | None) -> None:
    """Raise for an image on one engine, in no registry, and a deployment on another."""
    there = image.values.get("engine")
    here = None if target is None else target.values.get("identity")
    if not there or not here or there == here:
        return
    if not image.values.get("registry") and not image.values.get("reference"):
        raise ProviderError(
            "The image is on another engine",
            f"{image.address} is on the engine {there}, and the deployment's is {here}. Give the "
            "image a registry that both reach, or build it where it is served.",
        )


def _refuse_secrets(draft: Draft, image: Referred) -> None:
    if "env" not in draft.values and "env" not in draft.unknown:
        raise ProviderError(
            "A secret that could not be handed over",
            f"{draft.address} has a sensitive variable, and {image.address} has a server of its "
            "own: the variable would stand in the container for everybody to read. Have that "
            'server fetch its secrets itself, or leave server at "amlplan".',
        )


def _refuse_gpus(draft: Draft, target: Referred) -> None:
    facts = target.values.get("facts") or {}
    asked = draft.values.get("gpu") or 0
    there = facts.get("gpus")
    if isinstance(there, int) and asked > there:
        raise ProviderError(
            "The engine has too few graphics processors",
            f"{draft.address} asks for gpu = {asked}, and the engine of {target.address} has "
            f"{there}. Ask for fewer, or use a target that has them.",
        )


def _refuse_probes(draft: Draft) -> None:
    """Raise for how often health is asked for: of replicas that are connected nobody asks it."""
    usual = DeploymentProbes().model_dump(mode="json")
    asked = draft.values.get("probes") or {}
    for name in _OF_ASKING:
        if asked.get(name, usual[name]) != usual[name]:
            raise ProviderError(
                "An argument that this target does not use",
                f"{draft.address} has probes.{name}. On {TARGET} the front knows at once when a "
                "replica ends, and a request that hangs is ended by scoring_timeout, so nothing is "
                "asked at intervals. Leave it out.",
            )


def _refuse_names(draft: Draft) -> None:
    """Raise for a variable that would be another one, or none, in a container."""
    for name in draft.values.get("env") or {}:
        if not name or "=" in name:
            raise ProviderError(
                "A variable without a proper name",
                f"{draft.address} has {name!r} in env. The name of a variable is not empty and "
                "has no = in it.",
            )


def tls_files(tls: Mapping[str, JsonValue], root: Path) -> tuple[bytes, bytes]:
    """Certificate and private key out of their files; raises ProviderError for no pair."""
    paths = [Path(os.path.normpath(root / str(tls[name]))) for name in ("cert_file", "key_file")]
    contents = []
    for path in paths:
        try:
            contents.append(path.read_bytes())
        except OSError as failure:
            raise NotFoundError(
                "A file of the certificate is missing",
                f"{path} could not be read: {failure.strerror}. Put it there, or correct tls.",
            ) from failure
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(paths[0], paths[1], password=lambda: b"")
    except (ssl.SSLError, ValueError) as failure:
        raise ProviderError(
            "The certificate cannot be used",
            f"{paths[0]} and {paths[1]} are no certificate with its private key, both as PEM and "
            f"the key without a passphrase: {failure}.",
        ) from failure
    return contents[0], contents[1]


def fingerprint_of(certificate: bytes) -> str:
    """What a certificate is known by: a digest of the first one in a file."""
    text = certificate.decode("ascii", errors="replace")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    with contextlib.suppress(ValueError):
        first = text[text.index(begin) : text.index(end) + len(end)]
        return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
    return "sha256:" + hashlib.sha256(certificate).hexdigest()


def refined(
    draft: Draft,
    derived: Mapping[str, JsonValue],
    prior: Record | None,
    document: Document | None,
    remade: list[str],
    *,
    moved: bool = False,
) -> Refinement:
    """Which revision a change makes, and what stays known through it.

    `document` is what the engine keeps, None where it could not be asked or has none. `remade`
    says why the front is made again, and `moved` that it is no longer where it was recorded.
    """
    now = draft.values
    expected: dict[str, JsonValue] = {"state": "healthy", "running": now.get("replicas")}
    expected |= {"limits": _limits(now), "corrupted": []}
    if "tls" in now:
        expected["certificate"] = derived.get("certificate")
    if "restart" in now:
        expected["restart_policy"] = now["restart"] or RESTART
    image = draft.referred.get("image")
    if image is not None and image.values.get("image_id"):
        expected["image_id"] = image.values["image_id"]
    if prior is None or not prior.outputs.values:
        return Refinement(expected={**expected, "revision": 1})
    was = prior.outputs.values
    stays = not remade and not moved and now.get("tls") == prior.inputs.values.get("tls")
    stable = frozenset({"scoring_uri", "swagger_uri"} if stays else ())
    if prior.inputs.values["auth"] == now.get("auth"):
        expected["keys"] = was["keys"]
    if stays and document is not None:
        expected |= {name: was[name] for name in ("address", "network") if was.get(name)}
        expected["front"] = {**was["front"], "state": "running"}
    notes = []
    if remade:
        gap = "requests wait or are refused for about a second"
        notes.append(f"the front is made again ({', '.join(remade)}): {gap}")
    number = _next_revision(draft, derived, document)
    if number is not None:
        expected["revision"] = number
        if number != was["revision"]:
            notes.insert(0, f"revision {was['revision']} -> {number}")
    if (now.get("rollout") or {}).get("strategy") == "recreate" and number != was["revision"]:
        notes.append("requests are refused until the new revision is ready")
    return Refinement(expected=expected, stable=stable, note="; ".join(notes) or None)


def _limits(values: Mapping[str, JsonValue]) -> dict[str, JsonValue] | None:
    if not {"cpu", "memory", "gpu"} <= values.keys():
        return None
    memory = values["memory"]
    return {
        "cpu": values["cpu"],
        "memory": None if memory is None else bytes_of(memory),
        "gpus": values["gpu"] or 0,
    }


def _next_revision(
    draft: Draft, derived: Mapping[str, JsonValue], document: Document | None
) -> int | None:
    """The number of the revision that will serve, None where it cannot be told."""
    if document is None:
        return None
    numbers = (document.active, document.last)
    kept = [document.revisions[number] for number in numbers if number in document.revisions]
    return number_foreseen(draft.values, derived, kept, document.last, OF_A_REVISION)
