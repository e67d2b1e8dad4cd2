"""The keys that open /score: read from a private file, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("primary", "secondary")


class UnusableKeysError(Exception):
    """The file of keys cannot be used; the text says why and what to do."""


class Keys:
    """The keys as they were when the file was last read."""

    _keys: Mapping[str, bytes]

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._keys = {}
        self.reload()

    def reload(self) -> None:
        """Read the file again; raises UnusableKeysError and keeps the keys it has."""
        try:
            mode = self._path.stat().st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise UnusableKeysError(
                    f"{self._path} may be read by others than its owner; set its mode to 0600."
                )
            content = json.loads(self._path.read_text(encoding="utf-8"))
            keys = {name: content[name] for name in NAMES if content.get(name)}
        except OSError as failure:
            raise UnusableKeysError(
                f"{self._path} cannot be read: {failure.strerror}."
            ) from failure
        except (ValueError, AttributeError, TypeError) as failure:
            raise UnusableKeysError(
                f'{self._path} must hold {{"primary": …, "secondary": …}} as JSON.'
            ) from failure
        if not keys or not all(isinstance(key, str) for key in keys.values()):
            raise UnusableKeysError(f"{self._path} holds no key; write a primary one.")
        self._keys = {name: key.encode() for name, key in keys.items()}

    def accept(self, authorization: bytes) -> bool:
        """Whether the value of an Authorization header has one of the keys."""
        if authorization[:7].lower() != b"bearer ":
            return False
        given = authorization[7:].strip()
        fits = False
        for key in self._keys.values():
            fits |= hmac.compare_digest(given, key)
        return fits

    def fingerprints(self) -> dict[str, str]:
        """A digest of each key, by its name, that does not give the key away."""
        return {
            name: hashlib.sha256(b"amlplan key fingerprint\0" + key).hexdigest()[:16]
            for name, key in self._keys.items()
        }


class NoKeys(Keys):
    """Keys that nobody has: before there are any, nobody gets in."""

    def __init__(self) -> None:
        self._keys = {}

    def reload(self) -> None:
        """Stay as it is: there is no file."""
