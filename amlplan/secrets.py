"""Secrets: found by reference when they are used, kept only as salted digests."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.masking import MASK, forms_of
from amlplan.values import UNKNOWN, SecretReference, Sensitive

if TYPE_CHECKING:
    from amlplan.values import Value

_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
COMMAND_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A secret that could not be found, and why; never holds the secret."""

    reference: SecretReference
    why: str


@dataclass(slots=True)
class Secrets:
    """Resolves references for one command, each once.

    With `enabled` false nothing is read or run and every secret is unknown. `unresolved` lists
    what was asked for and not found. `folder` is where relative paths start.
    """

    folder: Path
    enabled: bool = True
    unresolved: dict[SecretReference, Unresolved] = field(default_factory=dict)
    _resolved: dict[SecretReference, str] = field(default_factory=dict, repr=False)
    _digests: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _hidden: set[str] = field(default_factory=set, repr=False)

    def resolve(self, reference: SecretReference) -> Value:
        """`Sensitive` around the secret, or around `UNKNOWN` where it cannot be had."""
        found = self.find(reference)
        return Sensitive(UNKNOWN if found is None else found)

    def find(self, reference: SecretReference) -> str | None:
        """The secret itself, or None where it cannot be had."""
        if reference in self._resolved:
            return self._resolved[reference]
        if not self.enabled or reference in self.unresolved:
            return None
        try:
            found = _FINDERS[reference.scheme](reference, self.folder)
        except _NotFoundError as failure:
            self.unresolved[reference] = Unresolved(reference, failure.why)
            return None
        self._resolved[reference] = found
        self.hide(found)
        return found

    def look_for(self, reference: SecretReference) -> None:
        """Let `masked` know a secret that texts may hold; that it cannot be had is no fault."""
        if reference not in self.unresolved and self.find(reference) is None:
            self.unresolved.pop(reference, None)

    def hide(self, value: Value) -> None:
        """Remember the strings of a sensitive value, so that `masked` takes them out of texts."""
        if isinstance(value, str):
            if value not in self._hidden:
                self._hidden |= forms_of(value)
        elif isinstance(value, dict):
            for item in value.values():
                self.hide(item)
        elif isinstance(value, list):
            for item in value:
                self.hide(item)

    def masked(self, value: Any) -> Any:
        """A text, or JSON with texts in it, without any hidden value in it."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            for hidden in sorted(self._hidden, key=len, reverse=True):
                value = value.replace(hidden, MASK)
            return value
        if isinstance(value, dict):
            return {self.masked(key): self.masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.masked(item) for item in value]
        return value

    def digest(self, value: Value, salt: str) -> str:
        """A salted scrypt digest (RFC 7914) that tells only whether a value is the same."""
        text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
        known = self._digests.get((text, salt))
        if known is None:
            raw = hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), dklen=32, **_SCRYPT)
            known = self._digests[(text, salt)] = f"scrypt:{raw.hex()}"
        return known


def reveal(value: Value, secrets: Secrets) -> Value:
    """The JSON behind a value's marks, or `UNKNOWN` where a part of it cannot be had."""
    if isinstance(value, Sensitive):
        return reveal(value.value, secrets)
    if isinstance(value, SecretReference):
        found = secrets.find(value)
        return UNKNOWN if found is None else found
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        revealed = {key: reveal(item, secrets) for key, item in value.items()}
        return UNKNOWN if any(item is UNKNOWN for item in revealed.values()) else revealed
    if isinstance(value, list):
        items = [reveal(item, secrets) for item in value]
        return UNKNOWN if any(item is UNKNOWN for item in items) else items
    return value


def number(value: Decimal) -> int | float:
    """A decimal as JSON has it."""
    return int(value) if value == value.to_integral_value() else float(value)


class _NotFoundError(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def describe(reference: SecretReference) -> str:
    """The reference as it stands in the configuration; a command shows its program only."""
    if isinstance(reference.argument, tuple):
        return f'command_secret(["{reference.argument[0]}", …])'
    return f'{reference.scheme}_secret("{reference.argument}")'


def _from_environment(reference: SecretReference, _folder: Path) -> str:
    name = str(reference.argument)
    value = os.environ.get(name)
    if not value:
        raise _NotFoundError(f"the environment variable {name} is not set")
    return value


def _from_file(reference: SecretReference, folder: Path) -> str:
    path = folder / Path(str(reference.argument)).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8 text"
        raise _NotFoundError(f"the file {reference.argument} cannot be read: {why}") from None
    return text.removesuffix("\n").removesuffix("\r")


def _from_command(reference: SecretReference, folder: Path) -> str:
    arguments = list(reference.argument)
    try:
        finished = subprocess.run(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        why = failure.strerror if isinstance(failure, OSError) else "it did not end in time"
        raise _NotFoundError(f"the command {arguments[0]} could not be run: {why}") from None
    if finished.returncode != 0:
        # Its output may hold the secret, so only the code is told.
        raise _NotFoundError(f"the command {arguments[0]} ended with code {finished.returncode}")
    try:
        return finished.stdout.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _NotFoundError(f"the command {arguments[0]} printed no UTF-8 text") from None


_FINDERS = {"env": _from_environment, "file": _from_file, "command": _from_command}
