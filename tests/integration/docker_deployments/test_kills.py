"""An apply that is killed between two calls of the engine is made good by the next one.

The process is ended without a farewell as it asks for its nth change. Then the same is done again,
and everything is there once: no orphan container, volume or name of an image, nothing twice.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.testing import StandInOperation
from amlplan_docker.deployment import DockerDeployment
from amlplan_docker.images.names import use_of
from amlplan_schemas.state import Tree
from docker_deployment_workbench import Asking
from engine_killer import counting_relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.provider import Desired, Targets
    from amlplan_schemas.state import Record
    from docker_deployment_workbench import DockerDeployments
    from engine_killer import CountingRelay


STEP = 7
"""Every so many changes one is killed at; 1 tries each."""


@dataclass(frozen=True)
class Course:
    """What is done by a process that may be killed, and what must be true after it was repeated."""

    bench: DockerDeployments
    relay: CountingRelay

    def through_relay(self, targets: Targets) -> Targets:
        connection = Tree(values={"host": f"unix://{self.relay.path}"})
        target = targets["target"].model_copy(update={"connection": connection})
        return {**targets, "target": target}

    def make(self, desired: Desired, prior: Record | None, nth: int) -> bool:
        """Create or update, killed at the nth change; whether it was."""
        wanted = replace(desired, targets=self.through_relay(desired.targets))

        def action() -> None:
            provider = DockerDeployment(self.bench.images.context)
            if prior is None:
                provider.create(wanted, StandInOperation())
            else:
                provider.update(wanted, prior, StandInOperation())

        return self.relay.killed_at(nth, action)

    def remove(self, record: Record, nth: int) -> bool:
        targets = self.through_relay(self.bench.targets)

        def action() -> None:
            provider = DockerDeployment(self.bench.images.context)
            provider.delete(record, targets, StandInOperation())

        return self.relay.killed_at(nth, action)

    def expect_whole(self, record: Record, word: str, replicas: int) -> None:
        """Just the containers and volumes that belong there, and the right answer."""
        number = record.outputs.values["revision"]
        names = self.bench.names(record)
        wanted = [names.front, *(names.replica(number, place + 1) for place in range(replicas))]
        assert sorted(item.name for item in self.bench.containers(record)) == sorted(wanted)
        volumes = self.bench.engine.volumes(names.own)
        assert [item.name for item in volumes] == sorted([names.data, names.link])
        assert self.bench.asked(record)[1]["said"] == word
        assert not self.bench.drift(record)

    def expect_nothing(self, record: Record) -> None:
        assert self.bench.leftovers() == []
        names = self.bench.names(record)
        holders = [names.front_holder, *(names.holder(number) for number in range(1, 6))]
        uses = {use_of(holder) for holder in holders}
        assert not [
            tag for image in self.bench.engine.images({}) for tag in image.tags if tag in uses
        ]


@pytest.fixture
def course(bench: DockerDeployments) -> Iterator[Course]:
    bench.target  # noqa: B018 - made by this process, not by one that is killed
    host = bench.images.service.host
    with tempfile.TemporaryDirectory() as folder, counting_relay(host, Path(folder)) as relay:
        yield Course(bench, relay)


@pytest.mark.slow
def test_kills_here_and_there_leave_nothing_behind(course: Course) -> None:
    assert kills(course, STEP) > 3


def kills(course: Course, step: int) -> int:
    """Kill at every so many changes of a create, an update and a delete; how often it was done."""
    bench, count = course.bench, 0
    one = bench.desired(bench.image("one"))
    two = bench.desired(bench.image("two"), replicas=2)
    nth = 1
    while course.make(one, None, nth):
        record = bench.created(one)
        course.expect_whole(record, "one", 1)
        bench.provider.delete(record, bench.targets, StandInOperation())
        course.expect_nothing(record)
        nth, count = nth + step, count + 1
    record = bench.created(one)
    nth, word, replicas = 1, "one", 1
    while True:
        word, replicas, wanted = ("two", 2, two) if word == "one" else ("one", 1, one)
        with Asking(bench, record):
            was_killed = course.make(wanted, record, nth)
            record = bench.updated(wanted, record)
        course.expect_whole(record, word, replicas)
        nth, count = nth + step, count + was_killed
        if not was_killed:
            break
    nth = 1
    while course.remove(record, nth):
        bench.provider.delete(record, bench.targets, StandInOperation())
        course.expect_nothing(record)
        record = bench.created(one)
        nth, count = nth + step, count + 1
    course.expect_nothing(record)
    return count
