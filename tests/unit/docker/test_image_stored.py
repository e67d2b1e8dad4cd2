"""What counts as ours on an engine, who uses it, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from amlplan_docker.engine.failures import ConflictError
from amlplan_docker.engine.seen import ImageSeen
from amlplan_docker.images.names import use_of
from amlplan_docker.images.stored import discard_images, stored_images
from amlplan_docker.labels import BUILD, JOB, PROBE, ROLE
from amlplan_schemas.state import Record

RECORD = Record(
    address="image.scorer",
    kind="image@docker",
    name="scorer",
    generation=1,
    identity="lineage:image:1",
    provider="docker",
)


def image(image_id: str, *tags: str, layers: str = "", labels: Any = None) -> ImageSeen:
    return ImageSeen(image_id, tags, (), "linux", "amd64", "", tuple(layers), {}, 10, labels or {})


@dataclass
class Container:
    """The part of a container that is looked at."""

    id: str
    image_id: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    age: timedelta = timedelta()

    @property
    def name(self) -> str:
        return f"name-{self.id}"

    @property
    def created_at(self) -> str:
        return (datetime.now(UTC) - self.age).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")


@dataclass
class FakeEngine:
    """A fake engine with names of images, and containers."""

    there: list[ImageSeen]
    running: list[Container] = field(default_factory=list)
    in_use: frozenset[str] = frozenset()
    removed: list[str] = field(default_factory=list)

    def images(self, _labels: Any) -> list[ImageSeen]:
        return self.there

    def containers(self, _labels: Any, **_: Any) -> list[Container]:
        return self.running

    def image(self, image_id: str) -> ImageSeen | None:
        found = next((each for each in self.there if each.id == image_id), None)
        if found is None:
            return None
        tags = [name for name in found.tags if name not in self.removed]
        return image(found.id, *tags) if tags else None

    def remove_image(self, name: str) -> None:
        if name in self.in_use:
            raise ConflictError("In use", name)
        self.removed.append(name)

    def remove_container(self, container: str, *, force: bool) -> None:
        assert force
        self.removed.append(container)


def told(engine: FakeEngine) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = stored_images(engine, [RECORD])  # type: ignore[arg-type]
    return {item.id: (item.role, item.used_by) for item in found}


def test_what_is_not_ours_is_not_told() -> None:
    engine = FakeEngine(
        [image("1", "python:3.11"), image("2", "own/amlplan:1"), image("3", "amlplan/scorer:ab")]
    )
    assert told(engine) == {"3": ("image", ())}


def test_users_are_blocks_other_states_and_containers() -> None:
    mine, other = use_of(RECORD.identity), use_of("other:image:1")
    engine = FakeEngine(
        [
            image("1", "amlplan/scorer:ab", mine),
            image("2", "amlplan/scorer:cd", other),
            image("3", "amlplan/front:ef"),
            image("4", "amlplan/run:01"),
        ],
        [Container("c", image_id="3", labels={ROLE: JOB})],
    )
    assert told(engine) == {
        "1": ("image", ("image.scorer",)),
        "2": ("image", ("another state, or a kept revision",)),
        "3": ("front", ("container name-c",)),
        "4": ("run", ()),
    }


def test_a_base_is_used_by_the_images_that_rest_on_it() -> None:
    engine = FakeEngine(
        [
            image("1", "amlplan/base:ab", layers="ab"),
            image("2", "amlplan/base:cd", layers="cd"),
            image("3", "amlplan/scorer:ab", use_of(RECORD.identity), layers="abx"),
            image("4", "amlplan/scorer:cd", layers="cdx"),
            image("5", layers="c", labels={ROLE: BUILD}),
        ]
    )
    found = told(engine)
    assert found["1"] == ("base", ("image amlplan/scorer:ab",))
    assert found["2"] == found["5"] == ("base", ())


def test_only_what_lives_for_a_moment_and_is_old_was_left_behind() -> None:
    old = timedelta(hours=1)
    engine = FakeEngine(
        [],
        [
            Container("new", labels={ROLE: PROBE}),
            Container("old", labels={ROLE: PROBE}, age=old),
            Container("step", labels={ROLE: BUILD}, age=old),
            Container("job", labels={ROLE: JOB}, age=old),
        ],
    )
    assert told(engine) == {"old": ("probe", ()), "step": ("build", ())}
    found = stored_images(engine, [])  # type: ignore[arg-type]
    assert [item.id for item in discard_images(engine, found)] == ["step", "old"]  # type: ignore[arg-type]
    assert engine.removed == ["step", "old"]


def test_names_of_users_are_left_and_so_is_what_is_in_use() -> None:
    engine = FakeEngine(
        [
            image("1", "amlplan/base:ab", "python:3.11"),
            image("2", "amlplan/scorer:cd", "registry:5000/x/scorer:cd", "own/scorer:1"),
            image("3", "amlplan/scorer:ef"),
        ],
        in_use=frozenset({"amlplan/scorer:ef"}),
    )
    found = stored_images(engine, [])  # type: ignore[arg-type]
    gone = discard_images(engine, found)  # type: ignore[arg-type]
    assert [item.id for item in gone] == ["1", "2"]
    assert engine.removed == ["amlplan/base:ab", "amlplan/scorer:cd", "registry:5000/x/scorer:cd"]
