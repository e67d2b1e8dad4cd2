"""The two keys of a deployment: made, replaced, and refused where it asks for none."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

KEY_NAMES = ("primary", "secondary")


def new_keys() -> dict[str, str]:
    """Keys that nobody knows yet, by their names."""
    return {name: new_key() for name in KEY_NAMES}


def new_key() -> str:
    """A key that nobody knows yet."""
    return secrets.token_urlsafe(32)


def fingerprints_of(keys: Mapping[str, str]) -> dict[str, str]:
    """A digest of each key by its name, as a server tells them, that gives no key away."""
    return {
        name: hashlib.sha256(b"amlplan key fingerprint\0" + key.encode()).hexdigest()[:16]
        for name, key in keys.items()
    }


def asks_for_keys(inputs: Mapping[str, JsonValue]) -> bool:
    """Whether a request needs a key."""
    return bool(inputs["auth"]["mode"] == "key")


def refuse_without_keys(record: Record) -> None:
    """Raise NotFoundError for a deployment that asks for no key."""
    if not asks_for_keys(record.inputs.values):
        raise NotFoundError(
            "No keys here",
            f"{record.address} answers everybody, as its auth has the mode none.",
            address=record.address,
        )


def refuse_unknown_key(key: str) -> None:
    """Raise NotFoundError for a name that is none of a key's."""
    if key not in KEY_NAMES:
        raise NotFoundError(
            "No such key", f"There is no {key} key; rotate {' or '.join(KEY_NAMES)}."
        )
