"""Functions of files and paths."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import STRING

if TYPE_CHECKING:
    from amlplan.values import Value

PATH: Final = Parameter("path", STRING)


def _expanded(path: str) -> str:
    if path != "~" and not path.startswith("~/"):
        return path
    try:
        return f"{Path.home()}{path[1:]}"
    except RuntimeError:
        raise FunctionFailure("the home folder of this user is not known.", 0) from None


def located(folder: Path, path: str) -> Path:
    """Give the place of a path, which starts at the folder where it is relative."""
    if "\0" in path:
        raise FunctionFailure("a path cannot hold the character U+0000.", 0)
    return folder / _expanded(path)


def read(folder: Path, path: str) -> bytes:
    """Give the content of a file; raises FunctionFailure where it cannot be had."""
    try:
        return located(folder, path).read_bytes()
    except FileNotFoundError:
        raise FunctionFailure(
            f'there is no file "{path}" in {folder}. Relative paths start there.', 0
        ) from None
    except OSError as failure:
        raise FunctionFailure(f'"{path}" cannot be read: {failure.strerror}.', 0) from None


def text_of(folder: Path, path: str) -> str:
    """Give the text of a file; raises FunctionFailure where it cannot be had."""
    try:
        return read(folder, path).decode("utf-8")
    except UnicodeDecodeError:
        raise FunctionFailure(f'"{path}" is not UTF-8 text.', 0) from None


def _fileexists(folder: Path, path: str) -> Value:
    place = located(folder, path)
    try:
        if not place.is_dir():
            return place.is_file()
    except OSError as failure:
        raise FunctionFailure(f'"{path}" cannot be read: {failure.strerror}.', 0) from None
    raise FunctionFailure(f'"{path}" is a folder, not a file.', 0)


def _filebase64(folder: Path, path: str) -> Value:
    return base64.b64encode(read(folder, path)).decode("ascii")


def _abspath(folder: Path, path: str) -> Value:
    return os.path.normpath(folder.absolute() / path)


def _basename(path: str) -> Value:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _dirname(path: str) -> Value:
    folder, slash, _ = path.rpartition("/")
    return os.path.normpath(folder or slash or ".")


FILES: Final = (
    Function("abspath", _abspath, (PATH,), uses_folder=True),
    Function("basename", _basename, (PATH,)),
    Function("dirname", _dirname, (PATH,)),
    Function("file", text_of, (PATH,), uses_folder=True),
    Function("filebase64", _filebase64, (PATH,), uses_folder=True),
    Function("fileexists", _fileexists, (PATH,), uses_folder=True),
    Function("pathexpand", _expanded, (PATH,)),
)
