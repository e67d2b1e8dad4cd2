"""What environments of earlier runs were made of, as a workspace's store remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_local.specification import read_specification

if TYPE_CHECKING:
    from pathlib import Path


def contents_of(store: Path, digest: str) -> dict[str, str]:
    """Python and packages by name, with their versions; {} where nothing is remembered."""
    spec = read_specification(store, digest)
    if spec is None:
        return {}
    found = {"python": spec.interpreter or spec.python or "-"}
    for package in spec.packages:
        name = str(package["name"])
        version = str(package.get("version") or package.get("path") or package.get("url") or "-")
        # One package may be locked in several versions, for different platforms.
        found[name] = f"{found[name]}, {version}" if name in found else version
    return found
