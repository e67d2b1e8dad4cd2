"""Files that are fetched out of a container, as archives that it is not trusted to have made."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from amlplan_docker.carrying.task import WORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 1024 * 1024


def unpack(archive: Iterable[bytes], target: Path, root: Path) -> list[str]:
    """Unpack an archive into a folder below `root`; gives the links that would lead out of that.

    What is there under the same names is replaced; other files stay. Pipes, sockets and devices
    are left out. Raises OSError.
    """
    links: list[Path] = []
    target.mkdir(parents=True, exist_ok=True)
    real = root.resolve()
    with tarfile.open(fileobj=cast("IO[bytes]", _Stream(archive)), mode="r|") as opened:
        for member in opened:
            place = _place(member.name, target)
            if place is None or not Path(os.path.realpath(place.parent)).is_relative_to(real):
                continue
            _put(opened, member, place, target)
            if member.issym():
                links.append(place)
    return sorted(_drop_leading_out(links, root))


def _place(name: str, target: Path) -> Path | None:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    return target.joinpath(*parts)


def _put(opened: tarfile.TarFile, member: tarfile.TarInfo, place: Path, target: Path) -> None:
    if member.isdir():
        if place.is_symlink() or not place.is_dir():
            _remove(place)
            place.mkdir(parents=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        _remove(place)
        place.symlink_to(_meant(member.linkname, place, target))
    elif member.islnk():
        source = _place(member.linkname, target)
        if source is not None and source.is_file() and not source.is_symlink():
            _remove(place)
            place.hardlink_to(source)
    elif member.isfile():
        _remove(place)
        _write(opened, member, place)


def _write(opened: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    content = opened.extractfile(member)
    if content is None:
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(place, flags, 0o644), "wb", buffering=0) as file:
        shutil.copyfileobj(content, file, PIECE)
    place.chmod(member.mode & 0o777 | 0o600)


def _meant(link: str, place: Path, target: Path) -> str:
    """Where a link leads here; one to an absolute path of the working folder is made relative."""
    if link == WORK or link.startswith(f"{WORK}/"):
        top = target
        while top.name != "work" and top != top.parent:
            top = top.parent
        return os.path.relpath(top / link[len(WORK) :].lstrip("/"), place.parent)
    return link


def _drop_leading_out(links: Iterable[Path], root: Path) -> Iterator[str]:
    """Remove the links that lead out of a folder, also those that do through others."""
    real = root.resolve()
    for link in links:
        if link.is_symlink() and not Path(os.path.realpath(link)).is_relative_to(real):
            link.unlink()
            yield os.path.relpath(link, root)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


class _Stream:
    """The chunks of an archive as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end."""
        while size < 0 or len(self._held) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
        taken = bytes(self._held) if size < 0 else bytes(self._held[:size])
        del self._held[: len(taken)]
        return taken


def roots_of(patterns: Iterable[str], asked: Iterable[str]) -> tuple[str, ...]:
    """The fewest paths of a working folder below which everything lies that may be wanted."""
    found = {*map(_root_of, patterns), *(path.strip("/") for path in asked)}
    clean = {os.path.normpath(root) if root else "." for root in found}
    inside = {root for root in clean if not root.startswith(("..", "/"))}
    if "." in inside:
        return (".",)
    return tuple(
        root
        for root in sorted(inside)
        if not any(str(parent) in inside for parent in Path(root).parents)
    )


def _root_of(pattern: str) -> str:
    """The part of a pattern that is a plain path."""
    plain: list[str] = []
    for part in pattern.removeprefix("./").split("/"):
        if "*" in part or "?" in part:
            break
        plain.append(part)
    return "/".join(plain).strip("/")
