"""Which object something is about, as documents and streams name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.addresses import Address, key_text, parse_address

if TYPE_CHECKING:
    from amlplan.addresses import Key


@dataclass(frozen=True, slots=True)
class ObjectName:
    """The parts of an address: its module, and within that a label and a key."""

    address: str
    module: str
    block: str
    label: str
    key: Key | None

    @property
    def within_module(self) -> str:
        """The address without the module."""
        return self.address.removeprefix(f"{self.module}.") if self.module else self.address


def object_name(address: str) -> ObjectName:
    """The parts of an address of the configuration or state."""
    parsed = parse_address(address)
    if parsed is None:
        block, _, label = address.partition(".")
        return ObjectName(address, "", block, label, None)
    return ObjectName(address, module_of(parsed), parsed.block, parsed.label, parsed.key)


def module_of(address: Address) -> str:
    """The address of the module that an object is in, empty for the root."""
    return ".".join(f"module.{name}{key_text(key)}" for name, key in address.calls)


def identity_of(address: str, kind: str) -> dict[str, object]:
    """The fields of an `ObjectIdentity`."""
    name = object_name(address)
    found: dict[str, object] = {"address": address}
    if name.module:
        found["module_address"] = name.module
    found |= {"mode": "managed", "type": kind, "name": name.label}
    if name.key is not None:
        found["index"] = name.key
    return found
