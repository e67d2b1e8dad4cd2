"""What an environment with a conda file asks for: as requirements, and as conda has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.conda.files import broken, read_conda_file
from amlplan.conda.mapping import LEFT_OUT, mapped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.conda.files import CondaFile
    from amlplan.conda.mapping import Mapped
    from amlplan_local.requirements import Requirements


_LOGIN = re.compile(r"://[^/\s@]+@|/t/[A-Za-z]{2}-[0-9a-f-]{20,}/")
"""A login, or a token as channels have it, in an address."""


@dataclass(frozen=True, slots=True)
class CondaWish:
    """A conda file that was read; `given` is the Python that the block asks for."""

    file: CondaFile
    mapped: Mapped
    given: str | None
    relax: bool

    def add_to(self, found: Requirements, path: Path) -> dict[str, Any]:
        """Add the requirements, and give what of a request is for conda; raises ProviderError."""
        found.add(self.mapped.requirements, path.parent, str(path))
        pip: list[str] = []
        for line in self.file.pip:
            if line in self.mapped.pip:
                before = len(found.wanted)
                found.add_line(line, path)
                pip += found.wanted[before:]
            else:
                pip.append(line)  # conda gets what the index is not asked for
        python = [] if self.given is None else [f"python={self.given}"]
        return {
            "channels": list(self.file.channels),
            "dependencies": [*self.file.dependencies, *python],
            "pip": pip,
            "told": {
                # Why is not said here: other words would be another request.
                line: None if became.startswith(LEFT_OUT) else became
                for line, became in self.mapped.told.items()
            },
            "relax": self.relax,
        }


def conda_wish(path: Path, values: Mapping[str, Any]) -> CondaWish:
    """What the conda file of a block asks for; raises ProviderError."""
    file = read_conda_file(path)
    if any(_LOGIN.search(text) for text in (*file.channels, *file.dependencies)):
        raise broken(path, "an address in it holds a login: take it out, and keep it in ~/.condarc")
    given, relax = values.get("python"), bool(values.get("relax"))
    wish = CondaWish(file, mapped(file, path, given, relax=relax), given, relax)
    if not wish.mapped.python:
        raise broken(path, 'it names no Python: say which in the block, as in python = "3.11"')
    return wish
