"""The content of files and folders: a digest of each file, and one over all."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX, DigestMemory
from amlplan.errors import NotFoundError, ProviderError
from amlplan.files import failure_at, special_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Content:
    """The files of a source: digest by path with forward slashes, one over all, and their size."""

    digest: str
    files: Mapping[str, str]
    size: int


def content_of(
    source: Path, cache_folder: Path, check: Callable[[], None] = lambda: None
) -> Content:
    """The content of a file or a folder; modes, times and order have no part in it.

    Links inside a folder are followed while they stay in it. Raises ProviderError for what is
    missing, empty, special, leads outside, or cannot be read.
    """
    memory = DigestMemory(cache_folder, source)
    files: dict[str, str] = {}
    size = 0
    for name, path in sorted(files_of(source)):
        check()
        try:
            digest, length = memory.digest(path, check)
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        files[name] = PREFIX + digest
        size += length
    memory.save()
    return Content(digest_over(files), files, size)


def digest_over(files: Mapping[str, str]) -> str:
    """One digest over the paths and digests of files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{files[name]}\0".encode())
    return PREFIX + digest.hexdigest()


def files_of(source: Path) -> Iterator[tuple[str, Path]]:
    """Each file of a source with its path in it, in no order; a file is its own only one."""
    try:
        root = source.resolve(strict=True)
        if not root.is_dir():
            if not root.is_file():
                raise special_file(source)
            yield _readable_name(source.name, source), source
            return
        found = list(_walk(source, root, "", (root,)))
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A source is missing", f"{source} does not exist. Put it there, or correct the path."
        ) from failure
    except (OSError, RuntimeError) as failure:
        if isinstance(failure, RuntimeError):  # a link that leads to itself, before Python 3.13
            raise _leads_nowhere(source) from failure
        raise failure_at(source, "read", failure) from failure
    if not found:
        raise ProviderError("A source is empty", f"{source} holds no file. Put the content there.")
    yield from found


def _walk(
    folder: Path, root: Path, prefix: str, above: tuple[Path, ...]
) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in list(entries):
            path = Path(entry.path)
            name = prefix + _readable_name(entry.name, path)
            if entry.is_symlink():
                target = _target(path, root)
                if target in above:
                    raise ProviderError(
                        "A link leads to a folder it is in",
                        f"{path} would repeat itself without end. Remove the link.",
                    )
            else:
                target = path
            if target.is_dir():
                resolved = target.resolve()
                yield from _walk(path, root, f"{name}/", (*above, resolved))
            elif target.is_file():
                yield name, path
            else:
                raise special_file(path)


def _target(link: Path, root: Path) -> Path:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as failure:
        raise _leads_nowhere(link) from failure
    if not target.is_relative_to(root):
        raise ProviderError(
            "A link leads outside",
            f"{link} leads to {target}, outside of {root}. Put a copy in its place.",
        )
    return target


def _leads_nowhere(link: Path) -> ProviderError:
    return ProviderError(
        "A link leads nowhere", f"{link} cannot be followed. Remove it, or put the file in place."
    )


def _readable_name(name: str, path: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="replace")
        raise ProviderError(
            "A file name is no UTF-8",
            f"{shown} has a name that other machines cannot read. Rename it.",
        ) from None
    return name


def changed_since_plan(what: str) -> ProviderError:
    """The error for content that is not what the plan was made from."""
    return ProviderError(
        "Content changed since the plan",
        f"{what} is not what it was when the plan was made. Plan again, then apply.",
    )
