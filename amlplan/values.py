"""The values that configuration expressions give.

A value is None, bool, int, Decimal, str, list or dict (with string keys), or one of the three
kinds below. Integers are int whatever their size; other numbers are Decimal, so that 0.1 + 0.2
is 0.3. Values are never changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = object


@final
class Unknown:
    """The type of `UNKNOWN`: a value that exists only after apply."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, _memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@final
@dataclass(frozen=True, slots=True)
class Sensitive:
    """A value that no screen and no file may show; operations on it give sensitive results."""

    value: Value

    def __repr__(self) -> str:
        return "(sensitive value)"


@final
@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is found, resolved only when used: scheme `env`, `file` or `command`."""

    scheme: str
    argument: str | tuple[str, ...]


class ResourceValue(dict[str, Value]):
    """A resource as expressions see it: its attributes, and what makes it a block reference.

    A field that takes a block (`workspace = workspace.main`) reads `address`, `kind` and
    `identity`; everything else reads the attributes. `identity` is None until created. `lock` has
    the answers of `amlplan.lock` that the block was given, by key.
    """

    __slots__ = ("address", "identity", "kind", "lock")

    def __init__(
        self,
        attributes: dict[str, Value],
        *,
        address: str,
        kind: str,
        identity: str | Unknown,
        lock: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(attributes)
        self.address = address
        self.kind = kind
        self.identity = identity
        self.lock = lock or {}


def exact(value: object) -> Value:
    """A value of JSON as expressions have it: numbers are decimal."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value


def is_sensitive(value: Value) -> bool:
    """Whether the value or anything inside it is sensitive."""
    if isinstance(value, Sensitive | SecretReference):
        return True
    if isinstance(value, dict):
        return any(is_sensitive(item) for item in value.values())
    if isinstance(value, list):
        return any(is_sensitive(item) for item in value)
    return False


def is_wholly_known(value: Value) -> bool:
    """Whether nothing in the value waits for apply; an unresolved secret counts as known."""
    if isinstance(value, Sensitive):
        return is_wholly_known(value.value)
    if isinstance(value, dict):
        return all(is_wholly_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_wholly_known(item) for item in value)
    return value is not UNKNOWN
