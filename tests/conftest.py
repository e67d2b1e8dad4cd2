"""Fixtures that most tests use."""

from __future__ import annotations

import json
import secrets
import signal
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING

import pytest

from bench.kill.report import histogram_of
from harness.project import Project, project_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_docker.engine.client import Engine
    from docker_objects import Objects
    from docker_workbench import DockerProject
    from services.docker import Service
    from services.postgresql import Server
    from services.registry import Registry


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-cases",
        action="store_true",
        help="write what tests/cases print now into their files, to be read in review",
    )
    parser.addoption(
        "--fresh",
        type=int,
        default=0,
        metavar="N",
        help="repeat tests on made inputs N times, each with another seed, which is printed",
    )


def pytest_configure() -> None:
    """Let interrupts through also where a shell put the tests into the background.

    It has them ignored there, and so would the commands that the tests interrupt.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> list[Random]:
    """Sources of random numbers for made inputs: one that never changes, or new ones."""
    seeds = [secrets.randbits(32) for _ in range(request.config.getoption("--fresh"))] or [1]
    print("seeds:", *seeds)
    return [Random(seed) for seed in seeds]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project with a world, a home and a state of its own."""
    return project_in(tmp_path)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server for all tests of this process."""
    from services.postgresql import running_server, why_there_is_none

    why = why_there_is_none()
    if why is not None:
        pytest.skip(why)
    with running_server() as server:
        yield server


@pytest.fixture
def in_postgresql(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Have the histories of a test, and of its processes, in PostgreSQL."""
    from history_support import DSN

    monkeypatch.setenv(DSN, postgresql.dsn)
    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest) -> str:
    """Have a test made twice: with its histories in SQLite, and in PostgreSQL."""
    name: str = request.param
    if name == "postgresql":
        request.getfixturevalue("in_postgresql")
    return name


@pytest.fixture(scope="session")
def docker() -> Iterator[Service]:
    """The Docker engine of this machine's tests, shared with whoever else runs tests on it."""
    from services.docker import running_engine, why_there_is_none

    why = why_there_is_none()
    if why is not None:
        pytest.skip(why)
    with ExitStack() as stack:
        try:
            service = stack.enter_context(running_engine())
        except AssertionError as failure:  # a machine may have all of it and not let it run
            lines = str(failure).splitlines() or [""]
            pytest.skip(f"a Docker engine cannot be had here: {lines[0]} {lines[-1][:200]}")
        yield service


@pytest.fixture(scope="session")
def engine(docker: Service) -> Engine:
    """A client of the Docker engine."""
    return docker.engine


@pytest.fixture
def objects(docker: Service) -> Iterator[Objects]:
    """What a test makes on the Docker engine, all of which goes with it."""
    from docker_objects import Objects

    objects = Objects(docker.engine, docker.base)
    yield objects
    objects.clear()


@pytest.fixture
def docker_project(project: Project, docker: Service, objects: Objects) -> Iterator[DockerProject]:
    """A project whose compute target is the Docker engine."""
    from docker_workbench import DockerProject

    docker_project = DockerProject(project, docker, objects.name)
    yield docker_project
    docker_project.clear()


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A registry of images that lets everybody in."""
    yield from _registry(has_login=False)


@pytest.fixture(scope="session")
def closed_registry() -> Iterator[Registry]:
    """A registry of images that wants a login."""
    yield from _registry(has_login=True)


def _registry(*, has_login: bool) -> Iterator[Registry]:
    from services.registry import running_registry, why_there_is_none

    why = why_there_is_none()
    if why is not None:
        pytest.skip(why)
    with running_registry(has_login=has_login) as registry:
        yield registry


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
