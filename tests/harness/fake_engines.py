"""A project with fake engines, which are folders; see `amlplan_fake`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.project import Project

BLOCKS = f"""
workspace "main" {{}}

environment "py" {{
  user_managed = true
  interpreter  = "{sys.executable}"
}}
"""


@dataclass
class FakeEngines:
    """The engines of a project, and what happened at them."""

    project: Project

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.project.environment["AMLPLAN_FAKE_ENGINES"] = str(self.folder)
        self.project.write("score.py", "def init(): ...\ndef run(data): return data\n")

    @property
    def folder(self) -> Path:
        return self.project.world.parent / "engines"

    def start(self, host: str, identity: str, base: str = "base 1") -> None:
        """Have an engine answer at a host."""
        place = self.folder / host
        place.mkdir(exist_ok=True)
        (place / "id").write_text(identity)
        (place / "base").write_text(base)

    def move(self, host: str, other: str) -> None:
        """Have an engine be reached at another host."""
        (self.folder / host).rename(self.folder / other)

    def notes(self) -> list[str]:
        """What was done at the engines since this was asked last, in its order."""
        path = self.folder / "notes"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def hcl(self, *blocks: str) -> None:
        """Make these blocks the configuration, with a workspace and an environment."""
        self.project.hcl("\n".join([BLOCKS, *blocks]))
