"""The folder on a script's path: `amlplan_run`, what Python runs first, and shims."""

from __future__ import annotations

import hashlib
import importlib.util
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.files import failure_at, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "amlplan_run"
BESIDE = "on_path"
"""What of the package lies beside it on the path, and not in it."""
_KEPT = {".py", ".typed", ".json"}


def recorder_folder(data_folder: Path) -> Path:
    """The folder to put on a script's path, made where it is missing; raises AmlplanError.

    The package stands beside all others that amlplan needs, and those must not get into a
    user's environment: so it is copied, once per version of it.
    """
    source = _package()
    digest = hashlib.sha256()
    for path in _files(source):
        name, seen = path.relative_to(source), path.stat()
        digest.update(f"{name}\0{seen.st_size}\0{seen.st_mtime_ns}\0".encode())
    folder = data_folder / "recorder" / digest.hexdigest()[:16]
    if not folder.is_dir():
        _copy(source, folder)
    return folder


def _copy(source: Path, folder: Path) -> None:
    make_folder(folder.parent)
    part = folder.parent / f".{secrets.token_hex(8)}"
    try:
        for path in _files(source):
            target = part / _place(path.relative_to(source))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        try:
            part.rename(folder)
        except OSError:
            # Another run was first: its copy is the same.
            if not folder.is_dir():
                raise
    except OSError as failure:
        raise failure_at(folder, "written", failure) from failure
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _place(inner: Path) -> Path:
    return Path(*inner.parts[1:]) if inner.parts[0] == BESIDE else PACKAGE / inner


def _package() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RunError(
            "amlplan is not whole",
            f"The package {PACKAGE}, which records what scripts do, is not installed. Install "
            "amlplan again.",
        )
    return Path(spec.origin).parent


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in _KEPT)
