"""Archives that are put into a container: the working folder, what records it, and the task."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

PIECE = 1024 * 1024
BLOCK = 512
PACKAGE = "amlplan_docker"
_INSIDE = Path(__file__).parent.parent / "inside"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a container's files belong to: the user that its process is."""

    uid: int = 0
    gid: int = 0


def run_archive(
    work: Path, recorder: Path, task: Mapping[str, Any], owner: Owner
) -> Iterator[bytes]:
    """A run's folder as its container has it, named relative to its parent."""
    for name in ("run", "run/events", "run/inside", f"run/inside/{PACKAGE}"):
        yield _folder(name, owner)
    yield _file(f"run/inside/{PACKAGE}/__init__.py", b"", owner)
    yield _folder(f"run/inside/{PACKAGE}/inside", owner)
    for path in sorted(_INSIDE.glob("*.py")):
        yield _file(f"run/inside/{PACKAGE}/inside/{path.name}", path.read_bytes(), owner)
    yield _task("run/task.json", task, owner)
    yield from tree(recorder, "run/recorder", owner)
    yield from tree(work, "run/work", owner)
    yield bytes(2 * BLOCK)


def task_archive(task: Mapping[str, Any], owner: Owner) -> bytes:
    """The runner's task, which nobody else may read, for the run's folder."""
    return _task("task.json", task, owner) + bytes(2 * BLOCK)


def _task(name: str, task: Mapping[str, Any], owner: Owner) -> bytes:
    return _file(name, json.dumps(task).encode(), owner, 0o600)


def tree_archive(path: Path, name: str, owner: Owner) -> Iterator[bytes]:
    """A file or folder under another name."""
    yield from tree(path, name, owner)
    yield bytes(2 * BLOCK)


def tree(root: Path, name: str, owner: Owner) -> Iterator[bytes]:
    """A file or folder with all that is in it; links that lead out of it become what they mean.

    Raises OSError.
    """
    yield from _entry(root, name, owner, root.resolve())


def _entry(path: Path, name: str, owner: Owner, root: Path) -> Iterator[bytes]:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        target = path.readlink()
        if not target.is_absolute() and Path(os.path.realpath(path)).is_relative_to(root):
            info = _info(name, owner, 0o777)
            info.type, info.linkname = tarfile.SYMTYPE, str(target)
            yield _head(info)
            return
        path = path.resolve(strict=True)
        found, root = path.stat(), path
    if stat.S_ISDIR(found.st_mode):
        yield _folder(name, owner, found)
        for inner in sorted(path.iterdir()):
            yield from _entry(inner, f"{name}/{inner.name}", owner, root)
    elif stat.S_ISREG(found.st_mode):
        yield from _content(path, name, owner)


def _content(path: Path, name: str, owner: Owner) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        info = _info(name, owner, found.st_mode & 0o777 | 0o400)
        info.size, info.mtime = found.st_size, int(found.st_mtime)
        yield _head(info)
        left = found.st_size
        while left:
            piece = file.read(min(PIECE, left))
            if not piece:  # made shorter meanwhile; the archive stays one
                piece = bytes(min(PIECE, left))
            left -= len(piece)
            yield piece
        yield bytes(-found.st_size % BLOCK)


def _file(name: str, data: bytes, owner: Owner, mode: int = 0o644) -> bytes:
    info = _info(name, owner, mode)
    info.size = len(data)
    return _head(info) + data + bytes(-len(data) % BLOCK)


def _folder(name: str, owner: Owner, found: os.stat_result | None = None) -> bytes:
    info = _info(name, owner, 0o755 if found is None else found.st_mode & 0o777 | 0o700)
    info.type = tarfile.DIRTYPE
    return _head(info)


def _info(name: str, owner: Owner, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.uid, info.gid, info.mode = owner.uid, owner.gid, mode
    return info


def _head(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def users_in(archive: bytes) -> bytes:
    """What the only file of an archive holds."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            file = opened.extractfile(member)
            if file is not None:
                return file.read()
    return b""
