"""Where the files of models lie that the same apply will register: in the project still."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amlplan_schemas.base import JsonValue


def located(
    models: Iterable[Mapping[str, JsonValue]], root: Path, stored: Callable[[str], Path] | None
) -> Callable[[str], Path]:
    """What tells where the file with a digest lies: in the store, else in its model's source.

    `models` are inputs and facts of each, and `root` the project's folder. So a plan can tell the
    id of an image before its models are stored; what is sent later comes from the store.
    """
    sources = {digest: path for model in models for digest, path in _sources(model, root)}

    def locate(digest: str) -> Path:
        path = None if stored is None else stored(digest)
        if path is not None and (path.exists() or digest not in sources):
            return path
        return sources.get(digest, Path(digest))

    return locate


def _sources(model: Mapping[str, JsonValue], root: Path) -> Iterable[tuple[str, Path]]:
    if model.get("source") is None:
        return
    place = Path(os.path.normpath(root / str(model["source"])))
    is_folder = place.is_dir()
    for name, digest in (model.get("files") or {}).items():
        yield digest, place / name if is_folder else place
