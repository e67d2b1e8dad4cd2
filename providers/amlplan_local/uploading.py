"""Outputs of a completed run, copied into the folders of datastores."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_local.chosen import choose

if TYPE_CHECKING:
    from collections.abc import Mapping


def upload(work: Path, uploads: Mapping[str, str]) -> str | None:
    """Copy folders of a working folder to where each goes; why that failed, or None.

    Files of the same name are replaced, each whole; others there are left alone.
    """
    for folder, target in uploads.items():
        chosen = choose(work, [f"{folder}/**"], [], sys.maxsize)
        if chosen.left_out:
            name, why = next(iter(chosen.left_out.items()))
            return f"{name} cannot be copied to {target}: {why}"
        for name, path in chosen.files.items():
            try:
                _copy(path, Path(target) / os.path.relpath(name, folder))
            except OSError as failure:
                return f"{name} cannot be copied to {target}: {failure.strerror or failure}"
    return None


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        shutil.copyfile(path, part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
