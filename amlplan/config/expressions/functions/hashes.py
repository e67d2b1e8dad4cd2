"""Functions that hash texts and files."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.files import PATH, read
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import STRING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan.values import Value

_STRING: Final = Parameter("string", STRING)
_PLAIN_UUID: Final = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_UUID: Final = re.compile(
    rf"(?:urn:uuid:)?{_PLAIN_UUID}|\{{{_PLAIN_UUID}\}}|[0-9a-f]{{32}}", re.ASCII | re.IGNORECASE
)
_NAMESPACES: Final = {"dns", "url", "oid", "x500"}


def _digest(algorithm: str, content: bytes) -> bytes:
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def _hex(digest: bytes) -> str:
    return digest.hex()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _hash(name: str, algorithm: str, write: Callable[[bytes], str] = _hex) -> Function:
    def of_text(text: str) -> Value:
        return write(_digest(algorithm, text.encode()))

    return Function(name, of_text, (_STRING,))


def _file_hash(name: str, algorithm: str, write: Callable[[bytes], str] = _hex) -> Function:
    def of_file(folder: Path, path: str) -> Value:
        return write(_digest(algorithm, read(folder, path)))

    return Function(name, of_file, (PATH,), uses_folder=True)


def _uuidv5(namespace: str, name: str) -> Value:
    """Give the UUID of a name in a namespace: dns, url, oid, x500 or a UUID."""
    import uuid

    if namespace in _NAMESPACES:
        within = getattr(uuid, f"NAMESPACE_{namespace.upper()}")
    elif _UUID.fullmatch(namespace):
        within = uuid.UUID(namespace.lower())
    else:
        raise FunctionFailure("the namespace is dns, url, oid, x500 or a UUID.", 0)
    return str(uuid.uuid5(within, name))


HASHES: Final = (
    _hash("base64sha256", "sha256", _base64),
    _hash("base64sha512", "sha512", _base64),
    _file_hash("filebase64sha256", "sha256", _base64),
    _file_hash("filebase64sha512", "sha512", _base64),
    _file_hash("filemd5", "md5"),
    _file_hash("filesha1", "sha1"),
    _file_hash("filesha256", "sha256"),
    _file_hash("filesha512", "sha512"),
    _hash("md5", "md5"),
    _hash("sha1", "sha1"),
    _hash("sha256", "sha256"),
    _hash("sha512", "sha512"),
    Function("uuidv5", _uuidv5, (Parameter("namespace", STRING), Parameter("name", STRING))),
)
