"""An apply that is killed between any two calls to the engine leaves nothing for good."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.images.names import use_of
from amlplan_docker.images.use import next_of
from harness.project import IMPORT_PATHS

if TYPE_CHECKING:
    from amlplan.provider import Desired
    from docker_image_workbench import DockerImages
    from services.registry import Registry

KILLER = Path(__file__).parents[2] / "docker_image_killer.py"
KILLED = -9


def killed(bench: DockerImages, desired: Desired, where: str) -> subprocess.CompletedProcess[str]:
    place = bench.folder / "desired.pickle"
    place.write_bytes(pickle.dumps((bench, desired)))
    return subprocess.run(
        [sys.executable, str(KILLER), str(place), where],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATHS))},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def names_of(bench: DockerImages, *holders: str) -> dict[str, str]:
    """Every name on the engine that is of this test, with the id of its image."""
    return {
        name: image.id
        for image in bench.engine.images({})
        for name in image.tags
        if bench.name in name or name in holders
    }


@pytest.mark.slow
def test_a_create_killed_at_any_call_is_completed_by_the_next(
    bench: DockerImages, registry: Registry
) -> None:
    desired = bench.image(registry=registry.host)
    use, following = use_of(desired.identity), use_of(next_of(desired.identity))
    digest = desired.derived["digest"].removeprefix("sha256:")[:12]
    done = killed(bench, desired, "none")
    assert done.returncode == 0, done.stderr
    calls = int(done.stdout)
    assert calls >= 8
    bench.clear()
    for where in ("load", *map(str, range(1, calls + 1))):
        place = f"{registry.host}/{where}"  # else it would be pulled from the second time on
        inputs = desired.inputs.model_copy(update={"registry": place})
        wanted = replace(desired, inputs=inputs)
        whole = {f"amlplan/{bench.name}:{digest}", f"{place}/{bench.name}:{digest}", use}
        done = killed(bench, wanted, where)
        assert done.returncode == KILLED, (where, done.stderr)
        assert names_of(bench, use, following).keys() <= {*whole, following}, where
        outputs = bench.created(wanted).outputs.values
        assert names_of(bench, use, following) == dict.fromkeys(whole, outputs["image_id"]), where
        bench.clear()


def test_what_a_killed_create_loaded_is_found_by_gc(bench: DockerImages) -> None:
    desired = bench.image()
    done = killed(bench, desired, "none")
    assert done.returncode == 0, done.stderr
    calls = int(done.stdout)
    bench.clear()
    assert killed(bench, desired, str(calls)).returncode == KILLED  # loaded, and never recorded
    [item] = [
        each for each in bench.provider.stored(bench.builder, []) if bench.name in str(each.names)
    ]
    assert item.used_by  # its state goes on with it, or lets it go
    uses = {use_of(desired.identity), use_of(next_of(desired.identity))}
    [image] = [each for each in bench.engine.images({}) if uses & set(each.tags)]
    for name in uses & set(image.tags):
        bench.engine.remove_image(name)
    [item] = [
        each for each in bench.provider.stored(bench.builder, []) if bench.name in str(each.names)
    ]
    assert not item.used_by
    assert bench.provider.discard(bench.builder, [item]) == [item]
    assert not names_of(bench)
