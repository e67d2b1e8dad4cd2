"""Images on a real engine: written, adopted, changed, and seen as they are."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import ProviderError
from amlplan.provider import Missing, Present
from amlplan.testing import StandInOperation
from amlplan_docker.engine.specification import ContainerSpec
from docker_image_workbench import DockerImages, draft_of, names_on

if TYPE_CHECKING:
    from amlplan.provider import Desired


def foreseen(bench: DockerImages, desired: Desired) -> Any:
    refinement = bench.provider.refine(draft_of(desired), desired.derived, None, desired.targets)
    return refinement.expected


def told_by(bench: DockerImages, desired: Desired) -> list[str]:
    operation = StandInOperation()
    bench.provider.create(desired, operation)
    return operation.texts


def test_the_id_is_known_before_the_image_is_made(bench: DockerImages) -> None:
    desired = bench.image()
    expected = foreseen(bench, desired)
    outputs = bench.created(desired).outputs.values
    assert {name: outputs[name] for name in expected} == expected
    assert expected["image_id"].startswith("sha256:")


def test_another_machine_foresees_the_same_id(
    bench: DockerImages, index: str, tmp_path: Path
) -> None:
    one = foreseen(bench, bench.image())
    other = DockerImages(tmp_path / "other", bench.service, index, tmp_path / "cache")
    other.name = bench.name
    assert foreseen(other, other.image()) == one


def test_what_the_engine_has_is_adopted(bench: DockerImages) -> None:
    desired = bench.image()
    first = bench.created(desired)
    texts = told_by(bench, replace(desired, identity=f"{bench.name}:other:1"))
    bench.engine.remove_image(next(iter(names_on(bench.engine, first.outputs.values["image_id"]))))
    assert not [text for text in texts if text.startswith("sending")]


def test_only_what_the_engine_lacks_is_sent(bench: DockerImages) -> None:
    bench.created(bench.image(model={"weights.bin": b"w" * 3_000_000}))
    changed = bench.image(word="two", model={"weights.bin": b"w" * 3_000_000})
    [sent] = [text for text in told_by(bench, changed) if text.startswith("sending")]
    assert "KB" in sent, sent


def test_a_touched_file_changes_nothing_and_a_changed_one_is_named(bench: DockerImages) -> None:
    desired = bench.image()
    record = bench.created(desired)
    (bench.root / "score.py").touch()
    again = bench.completed(desired)
    assert again.derived == desired.derived

    changed = bench.image(word="two")
    note = bench.provider.refine(draft_of(changed), changed.derived, record, changed.targets).note
    assert note is not None
    assert "score.py" in note
    assert "inputs unchanged" in note


def test_the_manifest_inside_has_facts_of_the_content(bench: DockerImages) -> None:
    desired = bench.image()
    record = bench.created(desired)
    outputs = record.outputs.values
    name = f"{bench.name}-look"
    bench.engine.create_container(ContainerSpec(name, outputs["image_id"]))
    try:
        packed = b"".join(bench.engine.get(name, "/amlplan/manifest.json"))
    finally:
        bench.engine.remove_container(name, force=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.load(file)
    assert manifest["digest"] == outputs["digest"]
    assert manifest["contents"] == outputs["contents"]
    assert manifest["models"]["ridge"]["digest"] == outputs["model_versions"][0]["digest"]
    assert "thing==1.0" in manifest["packages"]


def test_drift_is_seen_for_what_it_is(bench: DockerImages) -> None:
    desired = bench.image()
    record = bench.created(desired)
    outputs, engine = record.outputs.values, bench.engine
    repository, _, tag = outputs["tag"].rpartition(":")

    other = bench.created(bench.image(f"{bench.name}:other:1", "two")).outputs.values
    engine.tag(other["image_id"], repository, tag)
    moved = bench.provider.read(record, desired.targets)
    assert isinstance(moved, Present)
    assert moved.outputs["image_id"] == other["image_id"]

    engine.remove_image(outputs["tag"])
    nameless = bench.provider.read(record, desired.targets)
    assert isinstance(nameless, Present)
    assert nameless.outputs == {"image_id": outputs["image_id"], "tag": ""}

    with pytest.raises(ProviderError, match="changed"):
        bench.created(desired)  # its script is another one meanwhile
    assert bench.created(bench.image()).outputs.values == outputs
    engine.remove_image(outputs["image_id"], force=True)
    assert bench.provider.read(record, desired.targets) == Missing()


def test_an_engine_that_lost_the_locked_base_is_told(bench: DockerImages) -> None:
    desired = bench.image()
    key, entry = next((key, entry) for key, entry in desired.lock.items() if "layers" in entry)
    other = "sha256:" + "0" * 64
    gone = {**entry, "id": other, "digest": other, "layers": [other]}
    wanted = bench.completed(replace(desired, lock={**desired.lock, key: gone}))
    with pytest.raises(ProviderError, match="The locked base image cannot be had"):
        bench.created(wanted)


def test_a_base_image_that_does_not_exist_is_told_when_it_is_locked(bench: DockerImages) -> None:
    with pytest.raises(ProviderError, match="The base image does not exist") as raised:
        bench.image(environment={"docker": {"base_image": "127.0.0.1:9/no/such:1"}})
    assert "127.0.0.1:9/no/such:1 is not at the engine" in raised.value.detail


def test_the_locked_base_stays_until_it_is_upgraded(bench: DockerImages) -> None:
    """The engine's tag moves; the lock has the image that it was."""
    name = f"amlplan/{bench.name}:moving"
    repository, tag = name.split(":")
    base = bench.engine.image(bench.service.base)
    assert base is not None
    bench.engine.tag(base.id, repository, tag)
    environment = {"docker": {"base_image": name}}
    desired = bench.image(environment=environment)
    digest = bench.created(desired).outputs.values["digest"]
    other = bench.created(bench.image(f"{bench.name}:other:1", "two")).outputs.values
    bench.engine.tag(other["image_id"], repository, tag)

    kept = bench.image(environment=environment, lock=desired.lock)
    assert kept.derived["digest"] == digest
    [request, *_] = bench.provider.lock_requests(draft_of(kept))
    anew = bench.provider.resolve(request, draft_of(kept), StandInOperation())
    assert anew["id"] == other["image_id"]


def test_an_image_of_a_moved_base_is_built_on_the_locked_one(bench: DockerImages) -> None:
    name = f"amlplan/{bench.name}:moving"
    base = bench.engine.image(bench.service.base)
    assert base is not None
    bench.engine.tag(base.id, *name.split(":"))
    desired = bench.image(environment={"docker": {"base_image": name}})
    bench.engine.remove_image(name)
    outputs = bench.created(desired).outputs.values
    seen = bench.engine.image(outputs["image_id"])
    assert seen is not None
    assert seen.layers[: len(base.layers)] == base.layers


def test_an_image_for_gpus_says_so(bench: DockerImages) -> None:
    plain, gpus = bench.image(), bench.image(enable_gpu=True)
    assert plain.derived["digest"] != gpus.derived["digest"]
    seen = bench.engine.image(bench.created(gpus).outputs.values["image_id"])
    assert seen is not None
    assert "NVIDIA_VISIBLE_DEVICES=all" in seen.config["Env"]


def test_azure_mls_server_has_to_be_in_the_environment(bench: DockerImages) -> None:
    with pytest.raises(ProviderError, match="The scoring server is not in the environment"):
        bench.image(server="azmlinfsrv")


def test_a_script_may_be_the_server(bench: DockerImages) -> None:
    (bench.root / "serve.py").write_text("print('listening')\n")
    routes = {"port": 8000, "scoring": "/predict"}
    desired = bench.image(entry_script="serve.py", server="none", routes=routes)
    seen = bench.engine.image(bench.created(desired).outputs.values["image_id"])
    assert seen is not None
    assert seen.config["Entrypoint"][-1] == "/amlplan/source/serve.py"
    assert seen.config["ExposedPorts"] == {"8000/tcp": {}}


def test_changed_bytes_are_found_when_all_of_them_are_read(bench: DockerImages) -> None:
    desired = bench.image()
    record = bench.created(desired)
    assert bench.provider.damage(record, desired.targets) == []
    about = bench.engine._calls.call("inspect_image", record.outputs.values["image_id"])
    layer = Path(about["GraphDriver"]["Data"].get("UpperDir", "/nowhere"))
    script = layer / "amlplan/source/score.py"
    if not script.exists():
        pytest.skip("the layers of this engine are not files that can be reached")
    text = script.read_text()
    script.write_text(text.replace(bench.name, bench.name[::-1]))
    [damage] = bench.provider.damage(record, desired.targets)
    assert "score.py" in damage
    script.write_text(text)
    bench.engine.remove_image(record.outputs.values["image_id"], force=True)
    assert bench.provider.damage(record, desired.targets) == ["the engine has no such image"]
