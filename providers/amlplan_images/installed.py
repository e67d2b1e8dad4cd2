"""What was unpacked of packages, as entries of a layer that are equal on every machine."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import posixpath
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.digests import chunks
from amlplan.errors import ProviderError
from amlplan.files import failure_at
from amlplan_images.entries import File

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = "lib*/python*/site-packages"
_INSTALLERS = frozenset({"INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "RECORD"})
"""What installers note in the folder of a distribution, each in its own way."""
_STARTER = """#!{python}
# -*- coding: utf-8 -*-
import sys
from {module} import {name}
if __name__ == "__main__":
    sys.exit({call}())
"""
_OF_PYTHON = re.compile(rb"#!(?:\S*/env\s+)?(?:\S*/)?pythonw?[\d.]*(?P<options>\s.*)?$")
_MINOR = re.compile(r"python3\.\d+")
_THROUGH_SHELL = b"#!/bin/sh\n'''exec' "
"""How a script starts whose interpreter has a path that is too long for its first line."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Packages in a folder on this machine that are to lie elsewhere.

    `packages` is where site-packages will be and `prefix` the folder of `bin`, both as paths of a
    layer. Scripts that name any Python will name `python`. Without a `prefix` nothing is taken
    that lies beside the packages.
    """

    folder: Path
    prefix: str | None
    packages: str
    python: str

    def entries(self) -> list[File]:
        """The files of every distribution, with records of them as they will be."""
        found: dict[str, File] = {}
        for site in sorted(self.folder.glob(_PACKAGES)):
            for info in sorted(site.glob("*.dist-info")):
                for file in self._of_distribution(info):
                    found[file.path] = file
        return list(found.values())

    def _of_distribution(self, info: Path) -> Iterator[File]:
        starters = dict(self._starters(info))
        files: list[File] = []
        for path in sorted(_recorded(info)):
            place = self._place(info.parent, path)
            source = _inside(self.folder, info.parent / path)
            # Some records name what their wheels do not bring; installers let that pass.
            if place is not None and place not in starters and source.is_file():
                files.append(self._file(place, source))
        for place, content in sorted(starters.items()):
            files.append(File.of(place, content, executable=True))
        yield from files
        record = f"{self.packages}/{info.name}/RECORD"
        yield File.of(record, self._record(files, record))

    def _place(self, site: Path, path: str) -> str | None:
        """Where a recorded path will lie: in the packages, or beside them as in `bin`."""
        relative = posixpath.normpath(path)
        if not relative.startswith("../"):
            return f"{self.packages}/{relative}"
        if self.prefix is None:
            return None
        beside = os.path.relpath(os.path.normpath(site / path), self.folder)
        # Headers lie in a folder that is named for the Python that the installer ran under.
        steps = [self._minor if _MINOR.fullmatch(step) else step for step in beside.split("/")]
        return "/".join([self.prefix, *steps])

    @property
    def _minor(self) -> str:
        return self.packages.split("/")[-2]

    def _file(self, place: str, path: Path) -> File:
        status = path.stat()
        executable = bool(status.st_mode & stat.S_IXUSR)
        if self.prefix is not None and place.startswith(f"{self.prefix}/bin/"):
            content = self._script(path)
            if content is not None:
                return File.of(place, content, executable=True)
        return File(place, status.st_size, path, executable)

    def _script(self, path: Path) -> bytes | None:
        """A script for some Python, with the other one instead; None for what is none."""
        with path.open("rb") as file:
            if file.read(2) != b"#!":
                return None
        content = path.read_bytes()
        first = f"#!{self.python}".encode()
        if content.startswith(_THROUGH_SHELL):
            return first + b"\n" + content.split(b"\n", 3)[3]
        line, _, rest = content.partition(b"\n")
        found = _OF_PYTHON.fullmatch(line.rstrip(b"\r"))
        options = found["options"] or b"" if found is not None else b""
        return first + options + b"\n" + rest if found is not None else None

    def _starters(self, info: Path) -> Iterator[tuple[str, bytes]]:
        """The programs that entry points ask for, in our own words: installers' change."""
        points = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        points.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            points.read_string((info / "entry_points.txt").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (configparser.Error, UnicodeDecodeError):
            return  # the installer made what it could of it, which is taken
        if self.prefix is None:
            return
        for group in ("console_scripts", "gui_scripts"):
            for name, target in points.items(group) if points.has_section(group) else ():
                module, _, call = target.partition("[")[0].strip().partition(":")
                if call:
                    text = _STARTER.format(
                        python=self.python,
                        module=module.strip(),
                        name=call.strip().partition(".")[0],
                        call=call.strip(),
                    )
                    yield f"{self.prefix}/bin/{name.strip()}", text.encode()

    def _record(self, files: list[File], record: str) -> bytes:
        rows = []
        for file in files:
            path = posixpath.relpath(file.path, self.packages)
            rows.append((path, f"sha256={_digest(file)}", str(file.size)))
        rows.append((posixpath.relpath(record, self.packages), "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sorted(rows))
        return text.getvalue().encode()


def _recorded(info: Path) -> set[str]:
    """The paths of a distribution, but for what was compiled and what installers note."""
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            paths = {row[0] for row in csv.reader(file) if row}
    except (OSError, UnicodeDecodeError, csv.Error) as failure:
        raise ProviderError(
            "A package without a record",
            f"{info.name} has no RECORD that can be read: {failure}. Choose another version of it.",
        ) from failure
    return {
        path
        for path in paths
        if not (path.endswith(".pyc") and "__pycache__" in path)
        and not (path.startswith(f"{info.name}/") and path.split("/")[1] in _INSTALLERS)
    }


def _inside(folder: Path, path: Path) -> Path:
    """The path of a recorded file; raises ProviderError where it leads out of the folder."""
    full = Path(os.path.normpath(path))
    if not full.is_relative_to(folder) or not full.resolve().is_relative_to(folder.resolve()):
        raise ProviderError(
            "A package that leaves its folder",
            f"A package records {path.name} outside of its folder, and is not to be trusted.",
        )
    return full


def _digest(file: File) -> str:
    seen = hashlib.sha256()
    try:
        for piece in chunks(file.content) if isinstance(file.content, Path) else (file.content,):
            seen.update(piece)
    except OSError as failure:
        raise failure_at(Path(str(file.content)), "read", failure) from failure
    return base64.urlsafe_b64encode(seen.digest()).rstrip(b"=").decode()
