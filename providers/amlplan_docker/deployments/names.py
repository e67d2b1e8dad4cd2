"""What the containers and volumes of a deployment are called, and the labels that they carry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_docker.labels import ADDRESS, IDENTITY, LINEAGE, REVISION

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "amlplan.name"
"""The label with what its deployment is called."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one deployment's objects; they follow from its name and identity alone.

    So a second create of the same object is refused by the engine, and the first one is adopted.
    """

    name: str
    identity: str

    @property
    def base(self) -> str:
        """What all names begin with."""
        return f"amlplan-{self.name}-{hashlib.sha256(self.identity.encode()).hexdigest()[:8]}"

    @property
    def front(self) -> str:
        """The container that has the port."""
        return f"{self.base}-front"

    @property
    def leaving(self) -> str:
        """The front of before, while the one that takes over from it is made."""
        return f"{self.base}-front-before"

    @property
    def data(self) -> str:
        """The volume of the front alone: documents, keys, certificate."""
        return f"{self.base}-data"

    @property
    def link(self) -> str:
        """The volume in which front and replicas meet."""
        return f"{self.base}-link"

    @property
    def own(self) -> dict[str, str]:
        """The label that all of its objects have, and no others."""
        return {IDENTITY: self.identity}

    def replica(self, revision: int, place: int) -> str:
        """The container of a replica; the first one has place 1."""
        return f"{self.base}-r{revision}-{place}"

    @property
    def front_holder(self) -> str:
        """By what it holds the image of its front on the engine."""
        return f"{self.identity}/front"

    def holder(self, revision: int) -> str:
        """By what a kept revision holds its image on the engine."""
        return f"{self.identity}/revision/{revision}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of each of its objects, by which it is found again."""
        lineage, _, rest = self.identity.partition("/")
        return {
            IDENTITY: self.identity,
            LINEAGE: lineage,
            ADDRESS: rest.rpartition("/")[0] or self.identity,
            NAME: self.name,
        }


def revision_of(labels: Mapping[str, str]) -> int:
    """The revision of a replica; 0 where its label tells none."""
    text = labels.get(REVISION, "")
    return int(text) if text.isdecimal() else 0
