"""Functions that look outside: files, paths, the environment and secrets."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import ConversionError, convert
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import ANY, STRING, STRINGS, Type
from amlplan.values import UNKNOWN, SecretReference, is_sensitive, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value

_PATH: Final = Parameter("path", STRING)


def _expanded(path: str) -> str:
    if path != "~" and not path.startswith("~/"):
        return path
    try:
        return f"{Path.home()}{path[1:]}"
    except RuntimeError:
        raise FunctionFailure("the home folder of this user is not known.", 0) from None


def _located(folder: Path, path: str) -> Path:
    if "\0" in path:
        raise FunctionFailure("a path cannot hold the character U+0000.", 0)
    return folder / _expanded(path)


def _read(folder: Path, path: str) -> bytes:
    try:
        return _located(folder, path).read_bytes()
    except FileNotFoundError:
        raise FunctionFailure(
            f'there is no file "{path}" in {folder}. Relative paths start there.', 0
        ) from None
    except OSError as failure:
        raise FunctionFailure(f'"{path}" cannot be read: {failure.strerror}.', 0) from None


def _file(folder: Path, path: str) -> Value:
    try:
        return _read(folder, path).decode("utf-8")
    except UnicodeDecodeError:
        raise FunctionFailure(f'"{path}" is not UTF-8 text.', 0) from None


def _fileexists(folder: Path, path: str) -> Value:
    place = _located(folder, path)
    try:
        if not place.is_dir():
            return place.is_file()
    except OSError as failure:
        raise FunctionFailure(f'"{path}" cannot be read: {failure.strerror}.', 0) from None
    raise FunctionFailure(f'"{path}" is a folder, not a file.', 0)


def _filesha256(folder: Path, path: str) -> Value:
    return hashlib.sha256(_read(folder, path)).hexdigest()


def _abspath(folder: Path, path: str) -> Value:
    return os.path.normpath(folder.absolute() / path)


def _basename(path: str) -> Value:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _dirname(path: str) -> Value:
    folder, slash, _ = path.rpartition("/")
    return os.path.normpath(folder or slash or ".")


def _env(name: str) -> Value:
    value = os.environ.get(name)
    if value is None:
        raise FunctionFailure(
            f'the environment variable "{name}" is not set. Set it, or give another value with '
            f'try(env("{name}"), …).',
            0,
        )
    if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
        raise FunctionFailure(f'the environment variable "{name}" is not UTF-8 text.', 0)
    return value


def _secret(scheme: str, to: Type) -> Callable[[Value], Value]:
    def refer(argument: Value) -> Value:
        if not is_wholly_known(argument) or argument is UNKNOWN:
            raise FunctionFailure("where a secret is found must be known at plan.", 0)
        if is_sensitive(argument):
            raise FunctionFailure("where a secret is found must not be sensitive itself.", 0)
        try:
            found = convert(argument, to)
        except ConversionError as failure:
            raise FunctionFailure(f"{failure}.", 0) from None
        if not found or (isinstance(found, list) and None in found):
            raise FunctionFailure("where a secret is found must not be empty or null.", 0)
        if isinstance(found, list):
            return SecretReference(scheme, tuple(map(str, found)))
        return SecretReference(scheme, str(found))

    return refer


def _raw(name: str) -> tuple[Parameter, ...]:
    return (Parameter(name, ANY, allows_null=True),)


OUTSIDE: Final = (
    Function("abspath", _abspath, (_PATH,), uses_folder=True),
    Function("basename", _basename, (_PATH,)),
    Function("command_secret", _secret("command", STRINGS), _raw("command"), is_raw=True),
    Function("dirname", _dirname, (_PATH,)),
    Function("env", _env, (Parameter("name", STRING),)),
    Function("env_secret", _secret("env", STRING), _raw("name"), is_raw=True),
    Function("file", _file, (_PATH,), uses_folder=True),
    Function("file_secret", _secret("file", STRING), _raw("path"), is_raw=True),
    Function("fileexists", _fileexists, (_PATH,), uses_folder=True),
    Function("filesha256", _filesha256, (_PATH,), uses_folder=True),
    Function("pathexpand", _expanded, (_PATH,)),
)
