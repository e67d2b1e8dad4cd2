"""Servers for processes that are killed, and the histogram of the kills after the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kill.course import Course
from kill.forks import Forks
from kill.sweep import Range, histogram_of

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print where the kills of all tests fell."""
    told = [
        tuple(item)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "kills" and getattr(report, "when", "") == "call"
        for item in json.loads(str(value))
    ]
    if told:
        terminalreporter.section("kills")
        terminalreporter.write_line(histogram_of(told))
