"""The models of an image as Azure ML lays them out: NAME/VERSION, in folders with links."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_serve.image import UnusableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.image import Image

PLACE = "/var/azureml-app/azureml-models"
UNSAID = "1"
"""The version of a model of which nothing was said: an image has content, versions are told."""


def versions_in(text: str) -> dict[str, str]:
    """The version of each model, as AMLPLAN_MODEL_VERSIONS has them; raises UnusableImageError."""
    try:
        told = json.loads(text or "{}")
        return {str(name): str(version) for name, version in told.items()}
    except (ValueError, AttributeError) as failure:
        raise UnusableImageError(
            f"AMLPLAN_MODEL_VERSIONS must have a JSON object of names and versions: {failure}."
        ) from failure


def view_of_models(image: Image, versions: Mapping[str, str], place: str = PLACE) -> str:
    """Make the view, and give what AZUREML_MODEL_DIR is; may be repeated.

    That is the folder of the version where there is one model, and the one above all where there
    are none or several. Folders are real and files are links, so that scripts that walk find them.
    """
    root = _writable(Path(place))
    for name, folder in image.models.items():
        _link_files(Path(folder), root / name / versions.get(name, UNSAID))
    if len(image.models) == 1:
        name = next(iter(image.models))
        return str(root / name / versions.get(name, UNSAID))
    return str(root)


def _writable(place: Path) -> Path:
    """The place, or where a container lets nobody write there another one."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _elsewhere(place)
    return place if os.access(str(place), os.W_OK) else _elsewhere(place)


def _elsewhere(place: Path) -> Path:
    """A folder of the same name, by which scripts and `Model` know that models lie below."""
    return Path(tempfile.mkdtemp()) / place.name


def _link_files(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for parent, _, files in os.walk(str(source)):
        below = folder / Path(parent).relative_to(source)
        below.mkdir(exist_ok=True)
        for name in files:
            link = below / name
            if not link.is_symlink():
                link.symlink_to(Path(parent) / name)
