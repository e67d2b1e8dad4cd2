"""What an image says of itself, in /amlplan/image.json: what to start, and with which models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROOT = "/amlplan"
FORMAT = 1


class UnusableImageError(Exception):
    """The container's image or its settings cannot be served; the text says what is amiss."""


@dataclass(frozen=True)
class Image:
    """What is in an image; paths are absolute. `models` has the digest of each by its name."""

    interpreter: str
    source: str
    entry_script: str
    models_folder: str
    models: Mapping[str, str]
    manifest: str
    digest: str


def read_image(root: Path) -> Image:
    """Read what lies in the folder that is ours in an image; raises UnusableImageError."""
    path = root / "image.json"
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as failure:
        raise UnusableImageError(f"{path} cannot be read: {failure}.") from failure
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise UnusableImageError(f"{path} is not of format {FORMAT}; build the image anew.")
    if not isinstance(told.get("entry_script"), str):
        raise UnusableImageError(f"{path} names no entry script: nothing can be served.")
    return _image(root, told)


def _image(root: Path, told: Mapping[str, Any]) -> Image:
    return Image(
        interpreter=str(told.get("interpreter") or root / "environment/bin/python"),
        source=str(told.get("source") or root / "source"),
        entry_script=told["entry_script"],
        models_folder=str(told.get("models_folder") or root / "models"),
        models=dict(told.get("models") or {}),
        manifest=str(told.get("manifest") or root / "manifest.json"),
        digest=str(told.get("digest") or ""),
    )
