"""Collects what goes into an image from what its block says and refers to."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_images.parts import SCHEMA, SOURCE, Parts, PartsCollector
from amlplan_images.scoring_script import check_script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.provider import Referred
    from amlplan_schemas.base import JsonValue

_DECIDING = frozenset(
    {"models", "entry_script", "source_dir", "dependencies", "schema_files", "environment"}
)


def parts_of(
    values: Mapping[str, JsonValue],
    referred: Mapping[str, Referred],
    root: Path,
    cache_folder: Path,
) -> Parts | None:
    """What goes into an image with these inputs, None while something of it is not known.

    Checks a scoring script by its text. Raises ProviderError.
    """
    if not values.keys() >= _DECIDING:
        return None
    environment = referred["environment"].values.get("digest")
    models = _models(len(values["models"]), referred)
    if models is None or environment is None:
        return None
    entry = str(values["entry_script"])
    folder = values["source_dir"] or "."
    if values.get("server") != "none":  # there the script is the server
        check_script(root / folder / entry, str(PurePosixPath(folder, entry)))
    collector = PartsCollector(root, cache_folder)
    script = _add_source(collector, entry, values["source_dir"])
    for path in values["dependencies"]:
        collector.add(path, SOURCE)
    for path in values["schema_files"]:
        collector.add(path, SCHEMA)
    return Parts(script, collector.files, models, str(environment))


def _models(count: int, referred: Mapping[str, Referred]) -> dict[str, Mapping[str, str]] | None:
    models: dict[str, Mapping[str, str]] = {}
    for index in range(count):
        model = referred[f"models.{index}"].values
        if "files" not in model:
            return None
        if model["name"] in models:
            raise ProviderError(
                "Two models of one name",
                f"The image has two models called {model['name']}, and the script could not "
                "tell them apart. Take one of them out.",
            )
        models[model["name"]] = model["files"]
    return models


def _add_source(collector: PartsCollector, entry: str, folder: str | None) -> str:
    """Take the script, with its folder where one is named; gives its place among the sources."""
    if folder is None:
        collector.add(entry, SOURCE)
        return PurePosixPath(entry).name
    collector.add_source(folder)
    if f"{SOURCE}/{entry}" not in collector.files:
        raise ProviderError(
            "The scoring script is left out of the image",
            f"{entry} is in {folder} and an ignore file leaves it out. Change that rule, or "
            "write an .amlignore, which is used instead.",
        )
    return entry
