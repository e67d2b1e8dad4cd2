"""The configuration of an image, whose digest is the image's id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_images.base import BaseImage
    from amlplan_images.layers import Layer, Measured
    from amlplan_schemas.base import JsonValue

EPOCH = "1970-01-01T00:00:00Z"
_KEPT = ("Env", "User", "WorkingDir", "Cmd", "Entrypoint", "Labels", "StopSignal", "Shell")
"""What an image takes over from its base.

Not its health check, which is the deployment's, and not what it says of volumes, which would make
folders that nobody asked for.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """How containers of an image start; what is empty is as in the base image.

    `path` comes before what PATH is in the base image.
    """

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    working_dir: str = ""
    ports: tuple[int, ...] = ()


def configuration_of(
    base: BaseImage, layers: Sequence[tuple[str, Layer | Measured]], settings: Settings
) -> bytes:
    """The configuration's bytes: nothing of them depends on a machine, a day or an order.

    `layers` are those on top of the base, the lowest first, each with what it holds.
    """
    system, architecture, *variant = base.platform.split("/")
    document: dict[str, JsonValue] = {
        "architecture": architecture,
        "config": _config(base, settings),
        "created": EPOCH,
        "history": [
            *(_step(f"base image {base.digest}") for _ in base.layers),
            *(_step(f"amlplan: {name}") for name, _ in layers),
        ],
        "os": system,
        "rootfs": {
            "diff_ids": [*base.layers, *(layer.diff_id for _, layer in layers)],
            "type": "layers",
        },
    }
    if variant:
        document["variant"] = variant[0]
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def id_of(configuration: bytes) -> str:
    """The id by which engines know the image of a configuration."""
    return PREFIX + hashlib.sha256(configuration).hexdigest()


def _step(what: str) -> dict[str, JsonValue]:
    return {"created": EPOCH, "created_by": what}


def _config(base: BaseImage, settings: Settings) -> dict[str, JsonValue]:
    found = {name: base.config[name] for name in _KEPT if base.config.get(name)}
    if settings.entrypoint:
        found["Entrypoint"] = list(settings.entrypoint)
        found.pop("Cmd", None)
    if settings.command:
        found["Cmd"] = list(settings.command)
    if settings.working_dir:
        found["WorkingDir"] = settings.working_dir
    if settings.ports:
        found["ExposedPorts"] = {f"{port}/tcp": {} for port in settings.ports}
    found["Env"] = _variables(found.get("Env", []), settings)
    return found


def _variables(of_base: Sequence[str], settings: Settings) -> list[str]:
    """The variables of the base in their order, with ours in place of those of their name."""
    found = dict(text.partition("=")[::2] for text in of_base)
    if settings.path:
        found["PATH"] = ":".join([*settings.path, found.get("PATH", "/usr/bin:/bin")])
    found.update(sorted(settings.variables.items()))
    return [f"{name}={value}" for name, value in found.items()]
