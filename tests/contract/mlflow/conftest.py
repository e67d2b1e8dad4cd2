"""A folder in which scripts are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[CommandLine]:
    found = CommandLine(project, tmp_path)
    yield found
    found.end_all()
