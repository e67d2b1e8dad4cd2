"""What a worker says of its script once that is ready."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan_serve.cross_origin import CrossOrigin, origins_in
from amlplan_serve.swagger import ALIASES, ANYTHING, swagger_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Description:
    """How a script is asked, how its service is described, and which pages may ask it."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self._about = about
        self._documents: dict[str, bytes] = {}
        self.needs_only_body = bool(about.get("needs_only_body"))
        origins = origins_in(self._variables.get("AML_CORS_ORIGINS", ""))
        self.cross_origin: CrossOrigin | None = CrossOrigin(origins) if origins else None

    @property
    def versions(self) -> list[str]:
        """The versions of swagger that can describe the script."""
        known = {*self._about.get("files", {}), *self._schemas["versions"]}
        return sorted(version for version in set(ALIASES.values()) if version in known)

    def swagger(self, version: str) -> bytes | None:
        """The document of a version: the script's own, else a made one; None where none fits."""
        if version not in self.versions:
            return None
        if version not in self._documents:
            own = self._about.get("files", {}).get(version)
            document = own or swagger_of(version, self._schemas, self._variables)
            self._documents[version] = json.dumps(document).encode()
        return self._documents[version]

    @property
    def _schemas(self) -> Mapping[str, Any]:
        everything = {"input": ANYTHING, "output": ANYTHING, "versions": sorted(ALIASES.values())}
        return {**everything, **self._about.get("schemas", {})}

    @property
    def _variables(self) -> Mapping[str, str]:
        variables: Mapping[str, str] = self._about.get("variables", {})
        return variables


UNKNOWN = Description({})
"""Of a script that is not there yet."""


def description_of(payload: bytes) -> Description:
    """Read what a worker said; raises ValueError or TypeError where it makes no sense."""
    about = json.loads(payload)
    if not isinstance(about, dict):
        raise TypeError("a description is an object")
    return Description(about)
