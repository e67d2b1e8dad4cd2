"""Images from the configuration to the engine, by the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.testing import CANARY
from amlplan_docker.engine.failures import ConflictError, NotThereError
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker_workbench import DockerProject

SCRIPT = "def init(): ...\ndef run(data): return {word!r}\n"


def configured(project: DockerProject, index: str, word: str = "one", image: str = "") -> None:
    """A project with one image, which is called as the test is."""
    text = SCRIPT.format(word=f"{word} of {project.name}")  # content that no other test has
    (project.project.root / "score.py").write_text(text)
    (project.project.root / "weights.bin").write_bytes(b"weights")
    base = project.service.base
    project.configure(f"""
environment "sk" {{
  python       = "{base.rpartition(":")[2]}"
  requirements = ["thing==1.0"]
  index_url    = "{index}"
  docker {{
    base_image = "{base}"
  }}
}}
model "ridge" {{
  source = "weights.bin"
}}
image "scorer" {{
  name         = "{name_of(project)}"
  models       = [model.ridge]
  entry_script = "score.py"
  environment  = environment.sk
  builder      = compute.box
  {image}
}}
""")


def name_of(project: DockerProject) -> str:
    return project.name.removeprefix("amlplan-")


def images(project: DockerProject, *arguments: str) -> list[dict[str, Any]]:
    shown = project.run("image", *arguments, f"-name={name_of(project)}", "-json").out
    found: list[dict[str, Any]] = json.loads(shown)["images"]
    return found


@pytest.fixture
def imaged(docker_project: DockerProject) -> Iterator[DockerProject]:
    """The project; its images go with it."""
    yield docker_project
    engine = docker_project.engine
    for image in engine.images({}):
        if any(f"/{name_of(docker_project)}:" in name for name in image.tags):
            for name in image.tags:
                try:
                    engine.remove_image(name)
                except (ConflictError, NotThereError):
                    continue


def test_from_a_lock_to_images_that_are_cleared_away(imaged: DockerProject, index: str) -> None:
    configured(imaged, index)
    refused = imaged.run("plan", code=10)
    assert "image.scorer needs its base image resolved" in refused.err
    told = imaged.run("lock").out
    assert f"base image for {imaged.service.base}: sha256:" in told
    assert "image layers for Python" in told

    planned = imaged.run("plan").out
    assert "image_id       = (known" not in planned
    imaged.run("apply", "-auto-approve")
    first = imaged.outputs("image.scorer")
    assert first["image_id"][:19] in planned
    assert "No changes" in imaged.run("plan").out
    imaged.run("drift", code=0)

    configured(imaged, index, "two")
    assert "score.py changed" in imaged.run("plan").out
    imaged.run("apply", "-auto-approve")
    by_tag = {item["names"][0]: item["used_by"] for item in images(imaged, "list")}
    second = imaged.outputs("image.scorer")
    assert by_tag == {first["tag"]: [], second["tag"]: ["image.scorer"]}

    [planned_removal] = images(imaged, "gc", "-dry-run")
    assert planned_removal["id"] == first["image_id"]
    assert imaged.engine.image(first["tag"]) is not None
    asked = imaged.run("image", "gc", f"-name={name_of(imaged)}", code=1)
    assert "Approval is needed" in asked.err
    [removed] = images(imaged, "gc", "-auto-approve")
    assert removed["id"] == first["image_id"]
    assert imaged.engine.image(first["image_id"]) is None
    assert images(imaged, "gc", "-dry-run") == []
    assert second["image_id"] in imaged.run("image", "verify", "scorer").out


def test_what_changed_outside_is_drift_and_mended(imaged: DockerProject, index: str) -> None:
    configured(imaged, index)
    imaged.run("apply", "-auto-approve", "-update-lock")
    outputs = imaged.outputs("image.scorer")
    imaged.engine.remove_image(outputs["image_id"], force=True)
    drift = imaged.run("drift", code=2)
    assert "image.scorer" in drift.out
    imaged.run("apply", "-auto-approve")
    assert imaged.engine.image(outputs["tag"]) is not None
    assert imaged.outputs("image.scorer") == outputs

    repository, _, tag = outputs["tag"].rpartition(":")
    base = imaged.engine.image(imaged.service.base)
    assert base is not None
    imaged.engine.tag(base.id, repository, tag)
    assert "image_id" in imaged.run("drift", code=2).out
    imaged.run("apply", "-auto-approve")
    assert imaged.outputs("image.scorer") == outputs
    imaged.run("drift", code=0)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ('reference = "some/where:latest"', "reference"),
        ('registry = "https://registry.example.net"', "An invalid registry"),
        ('server = "azmlinfsrv"', "The scoring server is not in the environment"),
        ('platform = "linux/arm64"', "is for linux/amd64"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_made(
    imaged: DockerProject, index: str, image: str, told: str
) -> None:
    configured(imaged, index, image=image)
    assert told in imaged.run("lock", code=None).err + imaged.run("plan", code=None).err


def test_a_script_without_run_is_told_at_plan(imaged: DockerProject, index: str) -> None:
    configured(imaged, index)
    imaged.run("lock")
    (imaged.project.root / "score.py").write_text("def init(): ...\n")
    assert "defines no run(data)" in imaged.run("plan", code=10).err


def test_a_requirement_that_cannot_be_resolved_is_told(imaged: DockerProject, index: str) -> None:
    configured(imaged, index)
    text = (imaged.project.root / "main.hcl").read_text()
    imaged.project.hcl(text.replace("thing==1.0", "thing==9.9"))
    assert "thing" in imaged.run("lock", code=None).err


def test_an_engine_that_is_not_there_blocks_and_deletes_nothing(
    imaged: DockerProject, index: str
) -> None:
    configured(imaged, index)
    imaged.run("apply", "-auto-approve", "-update-lock")
    text = (imaged.project.root / "main.hcl").read_text()
    imaged.project.hcl(text.replace(imaged.service.host, "tcp://127.0.0.1:9"))
    planned = imaged.run("plan", code=None)
    assert "to destroy" not in planned.out.replace("0 to destroy", "")
    assert "image.scorer" in imaged.run("drift", code=1).out
    imaged.project.hcl(text)


def test_the_login_of_a_private_index_stays_on_this_machine(
    imaged: DockerProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "private" / "simple" / "thing", "thing", "1.0")
    with served(tmp_path / "private", f"ana:{CANARY}") as server:
        configured(imaged, "(secret)")
        text = (imaged.project.root / "main.hcl").read_text()
        imaged.project.hcl(text.replace('"(secret)"', 'env_secret("INDEX")'))
        monkeypatch.setenv("INDEX", f"http://ana:{CANARY}@{server.address}")
        done = imaged.run("apply", "-auto-approve", "-update-lock")
        planned = imaged.run("plan")
    told = done.out + done.err + planned.out + planned.err
    image_id = imaged.outputs("image.scorer")["image_id"]
    about = imaged.engine._calls.call("inspect_image", image_id)
    history = imaged.engine._calls.call("history", image_id)
    whole = b"".join(imaged.engine.save([image_id]))
    assert b"thing-1.0.dist-info" in whole
    for where in (told.encode(), repr((about, history)).encode(), whole):
        assert CANARY.encode() not in where
    for path in imaged.project.root.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
