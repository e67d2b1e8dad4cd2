"""Where kills are tried, and projects to apply in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.kill.ranges import Range
from bench.kill.subjects import subject_of
from kill.course import Course

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    """Where kills of applies of things are tried."""
    made = Range(tmp_path_factory.mktemp("kills"), subject_of("bench"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def local_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    """Where kills of applies on this host are tried."""
    made = Range(tmp_path_factory.mktemp("local-kills"), subject_of("local"))
    yield made
    made.close()


@pytest.fixture
def course(project: Project) -> Course:
    """An empty project on a world that deduplicates nothing."""
    project.environment["AMLPLAN_BENCH_NAIVE"] = "1"
    return Course(project)
