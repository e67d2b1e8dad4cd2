"""Servers for processes that are killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kill.course import Course
from kill.forks import Forks
from kill.sweep import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Servers that are started on their first use."""
    made = Forks()
    yield made
    made.close()


@pytest.fixture(scope="session")
def place(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Range:
    """Where kills are tried."""
    return Range(tmp_path_factory.mktemp("kills"), forks)


@pytest.fixture
def course(project: Project) -> Course:
    """An empty project on a world that deduplicates nothing."""
    project.environment["AMLPLAN_BENCH_NAIVE"] = "1"
    return Course(project)
