"""Bases that a Dockerfile makes, by BuildKit and by the engine's own builder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan.testing import StandInOperation
from amlplan_docker.images import base_built
from amlplan_docker.images.docker_command import build_command
from amlplan_docker.images.request import ground_of
from amlplan_docker.labels import BUILD, ROLE
from docker_image_workbench import draft_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.provider import Desired
    from amlplan_docker.engine.seen import ImageSeen
    from docker_image_workbench import DockerImages
    from services.registry import Registry


@pytest.fixture(params=["BuildKit", "classic"])
def builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "classic":
        monkeypatch.setattr(base_built, "build_command", lambda: None)
    elif build_command() is None:
        pytest.skip("no docker command with BuildKit is on the PATH")
    return str(request.param)


@pytest.fixture
def clean(bench: DockerImages) -> Iterator[None]:
    """Takes away what builds of this test leave: images whose label names it."""
    yield
    for image in bench.engine.images({ROLE: BUILD, "test": bench.name}):
        bench.engine.remove_image(image.id, force=True)


def steps_of(bench: DockerImages, *more: str) -> dict[str, object]:
    """Steps that no other test has, so that nothing built earlier is taken."""
    return {"docker": {"steps": [f"LABEL test={bench.name}", f"echo {bench.name}", *more]}}


def base_of(bench: DockerImages, desired: Desired) -> ImageSeen:
    ground = ground_of(draft_of(desired).values, desired.referred["environment"])
    assert ground is not None
    entry = desired.lock[ground.request.key]
    key = ground.built_request(str(entry["digest"])).key
    seen = bench.engine.image(f"amlplan/base:{key.removeprefix('sha256:')[:12]}")
    assert seen is not None
    return seen


@pytest.mark.usefixtures("clean")
def test_an_image_rests_on_what_its_steps_made(bench: DockerImages, builder: str) -> None:
    environment = steps_of(bench, "echo made > /made", "ENV MADE=yes")
    desired = bench.image(environment=environment)
    assert "dockerfile" in desired.derived["contents"]
    expected = bench.provider.refine(
        draft_of(desired), desired.derived, None, desired.targets
    ).expected
    assert "image_id" not in expected  # a build is another one wherever it is made
    outputs = bench.created(desired).outputs.values
    seen, base = bench.engine.image(outputs["image_id"]), base_of(bench, desired)
    assert seen is not None
    assert seen.layers[: len(base.layers)] == base.layers
    assert "MADE=yes" in seen.config["Env"]
    assert ROLE not in seen.labels


@pytest.mark.usefixtures("clean")
def test_a_base_is_built_once(bench: DockerImages, builder: str) -> None:
    environment = steps_of(bench)
    bench.created(bench.image(environment=environment))
    operation = StandInOperation()
    changed = bench.image(word="two", environment=environment)
    bench.provider.create(changed, operation)
    assert not [text for text in operation.texts if "RUN" in text]


@pytest.mark.usefixtures("clean")
def test_what_a_registry_has_is_not_built_again(bench: DockerImages, registry: Registry) -> None:
    """Neither the image nor its base, on an engine that has none of them."""
    desired = bench.image(environment=steps_of(bench), registry=registry.host)
    record = bench.created(desired)
    bench.engine.remove_image(record.outputs.values["image_id"], force=True)
    bench.engine.remove_image(base_of(bench, desired).id, force=True)
    operation = StandInOperation()
    outputs = bench.provider.create(desired, operation)
    assert outputs == record.outputs.values
    assert not [text for text in operation.texts if "RUN" in text or "sending" in text]


@pytest.mark.usefixtures("clean")
def test_a_step_that_fails_is_told_with_the_end_of_its_output(
    bench: DockerImages, builder: str
) -> None:
    environment = steps_of(bench, "echo almost; ls /nonexistent-thing")
    with pytest.raises(ProviderError) as raised:
        bench.image(environment=environment)
    assert raised.value.summary == "The base of an image could not be built"
    assert "almost" in raised.value.detail
    assert "/nonexistent-thing" in raised.value.detail
    left = [item for item in bench.engine.containers({ROLE: BUILD}) if not item.is_running]
    assert not [item for item in left if item.labels.get("test") == bench.name]


def test_a_step_that_needs_files_is_refused(bench: DockerImages) -> None:
    with pytest.raises(ProviderError, match="A step that an image cannot have"):
        bench.image(environment={"docker": {"steps": ["COPY . /app"]}})
