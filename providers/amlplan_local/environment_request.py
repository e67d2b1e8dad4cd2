"""What an environment asks to be locked: its requirements, and all that decides about them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_local.conda_request import conda_wish
from amlplan_local.indexes import HIDDEN, public_address
from amlplan_local.requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue


def environment_request(
    root: Path, values: Mapping[str, JsonValue], address: str
) -> dict[str, JsonValue]:
    """The request of an environment with these inputs, the same on every machine.

    Reads requirement files, conda files and local wheels. Raises ProviderError.
    """
    wish, conda = None, {}
    if values.get("conda_file") is None:
        wanted = _requirements(root, values, address)
    else:
        path = path_in(root, values["conda_file"])
        wish, wanted = conda_wish(path, values), Requirements(root)
        conda = {"conda": wish.add_to(wanted, path)}
    return {
        "python": values["python"] if wish is None else wish.mapped.python,
        "requirements": wanted.wanted,
        "constraints": wanted.constraints,
        "wheels": wanted.wheels,
        "index_url": public(values.get("index_url", HIDDEN)),
        "extra_index_urls": public(values.get("extra_index_urls", HIDDEN)),
        "find_links": [public_address(link) for link in values.get("find_links") or []],
        "platforms": sorted(set(values.get("platforms") or [])),
        **conda,
    }


def path_in(root: Path, relative: str) -> Path:
    """The place of a path that is relative to a folder."""
    return Path(os.path.normpath(root / relative))


def _requirements(root: Path, values: Mapping[str, JsonValue], address: str) -> Requirements:
    found = Requirements(root)
    if values.get("requirements") is not None:
        found.add(values["requirements"], root, f"{address}.requirements")
    elif values.get("requirements_file") is not None:
        found.add_file(path_in(root, values["requirements_file"]))
    elif values.get("pyproject") is not None:
        found.add_pyproject(path_in(root, values["pyproject"]))
    else:
        raise ProviderError(
            "Requirements that cannot be written down",
            "The requirements are sensitive, and what they resolve to would stand in "
            "amlplan.lock. Take the secret out of them; index_url may hold one.",
        )
    return found


def public(addresses: JsonValue) -> JsonValue:
    """An address or a list of addresses, without credentials; what is hidden stays so."""
    if addresses is None or addresses == HIDDEN:
        return addresses
    if isinstance(addresses, str):
        return public_address(addresses)
    return [public_address(address) for address in addresses]
