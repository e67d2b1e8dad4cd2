"""The layer of code holds what the plan saw, and what an image says of itself."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_images.changes import change_of
from amlplan_images.code import code_layer
from amlplan_images.contents import content_digest, contents_of
from amlplan_images.image_document import Serving, image_document
from amlplan_images.layer_cache import LayerCache
from amlplan_images.layers import Measured
from amlplan_images.manifest import image_manifest
from amlplan_images.parts import SCHEMA, SOURCE, Parts, PartsCollector
from amlplan_images.saved import saved_layers
from amlplan_images.starting import settings_of
from images_workbench import BASE, files_in

if TYPE_CHECKING:
    from pathlib import Path

MODEL = {"model.bin": "sha256:" + "a" * 64}


def parts(root: Path) -> Parts:
    for name, text in {
        "src/score.py": "def init(): ...\ndef run(data): ...\n",
        "src/more/lines.py": "x = 1\n",
        "schema.json": "{}\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    collector = PartsCollector(root, root / "cache")
    collector.add_source("src")
    collector.add("schema.json", SCHEMA)
    return Parts("score.py", collector.files, {"ridge": MODEL}, "sha256:" + "e" * 64)


def test_it_holds_sources_and_tells_what_the_image_is(tmp_path: Path) -> None:
    made = parts(tmp_path)
    contents = contents_of(made, BASE, Serving())
    layers = {"server": Measured("sha256:" + "5" * 64, 10)}
    packages = [{"name": "b", "version": "2"}, {"name": "a", "path": "dist/a.whl"}]
    manifest = image_manifest(content_digest(contents), contents, made, BASE, layers, packages)
    found = files_in(code_layer(made, image_document(made, Serving()), manifest))
    assert found["amlplan/source/score.py"] == b"def init(): ...\ndef run(data): ...\n"
    assert found["amlplan/source/more/lines.py"] == b"x = 1\n"
    assert found["amlplan/schema/schema.json"] == b"{}\n"
    told = json.loads(found["amlplan/manifest.json"])
    assert told["digest"] == content_digest(contents)
    assert told["models"]["ridge"]["files"] == MODEL
    assert told["packages"] == ["a @ dist/a.whl", "b==2"]
    started = json.loads(found["amlplan/image.json"])
    assert started["entry_script"] == "score.py"
    assert started["models"]["ridge"]["path"] == "/amlplan/models/ridge"
    assert not {"version", "run", "commit"} & (told.keys() | started.keys())


def test_a_source_that_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    made = parts(tmp_path)
    (tmp_path / "src/more/lines.py").write_text("x = 2\n")
    with pytest.raises(ProviderError, match=r"lines\.py is not what it was"):
        code_layer(made, {}, {})
    (tmp_path / "src/more/lines.py").unlink()
    with pytest.raises(ProviderError, match=r"lines\.py is not what it was"):
        code_layer(made, {}, {})


def test_what_was_read_once_is_remembered_and_not_believed(tmp_path: Path) -> None:
    made, cache = parts(tmp_path), LayerCache(tmp_path / "cache")
    first = code_layer(made, {}, {}, cache)
    path = tmp_path / "src/score.py"
    path.write_text(path.read_text().replace("data", "DATA"))
    again = code_layer(made, {}, {}, cache)
    assert again.diff_id == first.diff_id
    with pytest.raises(ProviderError, match="layer of code is made of is not what it was"):
        list(again.stream())
    path.unlink()
    with pytest.raises(ProviderError, match=r"score\.py is not what it was"):
        list(again.stream())


def test_the_plan_names_the_input_that_changed(tmp_path: Path) -> None:
    made = parts(tmp_path)
    before = contents_of(made, BASE, Serving(), "FROM x\n")
    assert contents_of(made, replace(BASE, id="other"), Serving(), "FROM x\n") == before
    for after, says in (
        (contents_of(made, replace(BASE, digest="sha256:1"), Serving(), "FROM x\n"), "base image"),
        (contents_of(made, BASE, Serving(enable_gpu=True), "FROM x\n"), "the settings"),
        (contents_of(made, BASE, Serving(), "FROM y\n"), "the Dockerfile"),
        (contents_of(replace(made, models={}), BASE, Serving(), "FROM x\n"), "model ridge"),
        (contents_of(replace(made, environment="x"), BASE, Serving(), "FROM x\n"), "environment"),
    ):
        assert says in change_of(before, after)
        assert content_digest(after) != content_digest(before)


def test_servers_start_in_their_own_ways() -> None:
    ours = settings_of(BASE, Serving(), "score.py")
    assert ours.entrypoint == ("/usr/bin/python3", "-I", "-S", "/amlplan/server")
    assert (ours.command, ours.ports) == (("serve",), (5001,))
    theirs = settings_of(BASE, Serving("azmlinfsrv", {"port": 8080}), "sub/score.py")
    assert theirs.entrypoint == (
        "/amlplan/environment/bin/azmlinfsrv",
        "--entry_script",
        "/amlplan/source/sub/score.py",
        "--port",
        "8080",
    )
    assert theirs.variables.get("AZUREML_MODEL_DIR") is None
    for models, folder in ((["ridge"], "/amlplan/models/ridge"), (["a", "b"], "/amlplan/models")):
        found = settings_of(BASE, Serving("azmlinfsrv"), "score.py", models)
        assert found.variables["AZUREML_MODEL_DIR"] == folder
    none = settings_of(BASE, Serving("none", {"port": 9000}), "serve.py")
    assert none.entrypoint == ("/amlplan/environment/bin/python", "/amlplan/source/serve.py")
    assert none.ports == (9000,)


def _saved(layers: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in {**layers, "manifest.json": b"[]", "c.json": b"{}" * 400}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_layers_that_an_engine_saved_are_found_by_their_digest(
    tmp_path: Path, packed: bool
) -> None:
    import gzip
    import hashlib

    layer = b"".join(code_layer(parts(tmp_path), {}, {}).stream())
    content = gzip.compress(layer) if packed else layer
    data = _saved({"abc/layer.tar": content, "empty/layer.tar": bytes(1024)})
    pieces = (data[start : start + 700] for start in range(0, len(data), 700))
    found = saved_layers(pieces, LayerCache(tmp_path / "cache"))
    ids = {"sha256:" + hashlib.sha256(each).hexdigest() for each in (layer, bytes(1024))}
    assert set(found) == ids
    assert {b"".join(each.stream()) for each in found.values()} == {layer, bytes(1024)}


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="no archive of an image"):
        saved_layers([b"<html>" * 1000], LayerCache(tmp_path))


def test_two_files_in_one_place_are_refused(tmp_path: Path) -> None:
    made = PartsCollector(tmp_path, tmp_path / "cache")
    parts(tmp_path)
    made.add("schema.json", SOURCE)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/schema.json").write_text("[]")
    with pytest.raises(ProviderError, match=r"would both be source/schema\.json"):
        made.add("other/schema.json", SOURCE)
