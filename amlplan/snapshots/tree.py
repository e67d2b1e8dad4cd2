"""The files of a source folder that a snapshot takes, found without reading them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError, NotFoundError
from amlplan.snapshots.ignore import GIT, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.snapshots.ignore import IgnoreRules, Levels


DEEPEST = 200
"""How many folders a file may lie in."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file or a link of a source.

    `path` is relative, with forward slashes; `link` is where a link leads, relative to its folder.
    """

    path: str
    status: os.stat_result
    link: str | None = None


def find(rules: IgnoreRules) -> list[Found]:
    """What a snapshot of the rules' source takes, in no order; folders without files do not count.

    Raises AmlplanError for what cannot be taken: pipes and devices, links that lead out of the
    source, names that are no UTF-8, folders that cannot be read.
    """
    source = rules.source
    if not source.exists():
        raise NotFoundError(
            "A source is missing", f"{source} does not exist. Put it there, or correct the path."
        )
    if not source.is_dir():
        raise AmlplanError(
            "A source is not a folder", f"{source} is a file. Name the folder that it is in."
        )
    return list(_walk(rules))


def _walk(rules: IgnoreRules) -> Iterator[Found]:
    folders: list[tuple[str, Levels]] = [("", rules.enter("", ()))]
    while folders:
        folder, levels = folders.pop()
        for entry in _entries(rules, folder):
            path = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                if rules.decide_folder(path, levels) is None:
                    _check_depth(rules, path)
                    inner = f"{path}/"
                    folders.append((inner, rules.enter(inner, levels)))
            elif rules.decide(path, levels, is_folder=False) is None:
                yield _found(rules, path, entry)


def _check_depth(rules: IgnoreRules, path: str) -> None:
    if path.count("/") >= DEEPEST - 1:
        raise AmlplanError(
            "Folders lie too deep",
            f"{rules.source / path} lies in {DEEPEST} folders or more, as only broken copies do. "
            f"Remove it, or {leave_out(rules, path)}.",
        )


def _entries(rules: IgnoreRules, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(rules.source / folder) as entries:
            return list(entries)
    except OSError as failure:
        raise unreadable(rules, folder, failure) from failure


def _found(rules: IgnoreRules, path: str, entry: os.DirEntry[str]) -> Found:
    _check_name(rules, path)
    try:
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            return Found(path, status)
        if stat.S_ISLNK(status.st_mode):
            return Found(path, status, _target(rules, path))
    except OSError as failure:
        raise unreadable(rules, path, failure) from failure
    raise AmlplanError(
        "Not a file",
        f"{entry.path} is a pipe, a socket or a device and has no content to keep. Remove it, "
        f"or {leave_out(rules, path)}.",
    )


def _target(rules: IgnoreRules, path: str) -> str:
    """Where a link leads, in words that hold wherever the tree lies."""
    link = rules.source / path
    target = os.readlink(link)  # noqa: PTH115 - as it is written
    _check_name(rules, target)
    root = os.path.realpath(rules.source)
    leads_to = os.path.realpath(link)
    if leads_to != root and not leads_to.startswith(f"{root}/"):
        raise AmlplanError(
            "A link leads outside",
            f"{link} leads to {target}, outside of {rules.source}, and would lead nowhere in a "
            f"copy. Put a copy of the content in its place, or {leave_out(rules, path)}.",
        )
    if stays_inside(path, target):
        return target
    return os.path.relpath(leads_to, os.path.dirname(os.path.join(root, path)))  # noqa: PTH118, PTH120


def stays_inside(path: str, target: str) -> bool:
    """Whether a link at a relative path, by its words alone, leads to something in the tree."""
    if target.startswith("/"):
        return False
    reached = os.path.normpath(f"{os.path.dirname(path) or '.'}/{target}")  # noqa: PTH120 - of text
    return reached != ".." and not reached.startswith("../")


def _check_name(rules: IgnoreRules, path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="replace")
        raise AmlplanError(
            "A file name is no UTF-8",
            f"{shown} in {rules.source} has a name that other machines cannot read. Rename it.",
        ) from None


def unreadable(rules: IgnoreRules, path: str, failure: OSError) -> AmlplanError:
    """The error for a file or folder that is to be taken and cannot be read."""
    return AmlplanError(
        "A file cannot be read",
        f"{rules.source / path} cannot be read: {failure.strerror}. Make it readable for this "
        f"user, or {leave_out(rules, path)}.",
    )


def leave_out(rules: IgnoreRules, path: str) -> str:
    """How a path is left out, as the end of a sentence."""
    line = line_for(path)
    if rules.file == GIT:
        return f"leave it out by a line {line} in {GIT}, or in an {OWN} that then decides alone"
    return f"leave it out by a line {line} in {rules.file}"


def line_for(path: str) -> str:
    """The line of an ignore file that leaves out this path and nothing else."""
    return "/" + "".join(f"\\{letter}" if letter in "\\*?[ " else letter for letter in path)
