"""Models of a served image: they lie below AZUREML_MODEL_DIR, as Azure ML lays them out."""

import os

from amlplan_run.azureml.errors import ModelNotFoundException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

VARIABLE = "AZUREML_MODEL_DIR"
FOLDER = "azureml-models"
"""The folder that has `NAME/VERSION` of each model."""


def are_there() -> bool:
    """Whether this process serves models, rather than being a run."""
    return "AMLPLAN_RUN_ID" not in os.environ and bool(os.environ.get(VARIABLE))


def path_of(name: str, version: "Optional[object]" = None) -> str:
    """The file or the folder of a model, of its newest version where none is named.

    A file or folder of this name in the working folder is taken where the image has no such model;
    raises ModelNotFoundException where there is neither.
    """
    folder = os.path.join(root(), name)
    wanted = _newest(folder) if version is None else str(version)
    place = os.path.join(folder, wanted or "")
    if wanted and os.path.isdir(place):
        inside = os.listdir(place)
        return os.path.join(place, inside[0]) if len(inside) == 1 else place
    if os.path.exists(name):
        return name
    raise ModelNotFoundException(_not_found(name, version))


def root() -> str:
    """The folder above all models."""
    given = os.path.join(os.environ.get(VARIABLE, ""), "")
    head, mark, _ = given.rpartition(os.sep + FOLDER + os.sep)
    return (head + mark).rstrip(os.sep) if mark else given


def _newest(folder: str) -> "Optional[str]":
    versions = _entries(folder)
    return max(
        versions, key=lambda version: (version.isdigit(), _number(version), version), default=None
    )


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0


def _entries(folder: str) -> "List[str]":
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _not_found(name: str, version: "Optional[object]") -> str:
    there = [
        "%s:%s" % (each, kept)
        for each in _entries(root())
        for kept in _entries(os.path.join(root(), each))
    ]
    return "Model %s%s is not in the image, which has %s, and nothing of this name is in %s." % (
        name,
        "" if version is None else ", version %s," % version,
        ", ".join(sorted(there)) or "no model",
        os.getcwd(),
    )
