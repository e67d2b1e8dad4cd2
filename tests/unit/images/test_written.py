"""An image's id is known before it is sent, and what is sent is what the engine lacks."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan_images.archive import archive_of, whole_archive_of
from amlplan_images.base import BaseImage, BasePython
from amlplan_images.configuration import Settings
from amlplan_images.entries import File
from amlplan_images.layers import Layer, layer_of
from amlplan_images.written import WrittenImage, layers_there

BASE = BaseImage(
    digest="sha256:" + "d" * 64,
    id="sha256:" + "1" * 64,
    platform="linux/amd64",
    layers=("sha256:" + "a" * 64, "sha256:" + "b" * 64),
    config={
        "Env": ["PATH=/usr/bin", "LANG=C.UTF-8", "TERM=dumb"],
        "Cmd": ["bash"],
        "User": "",
        "Healthcheck": {"Test": ["CMD", "true"]},
        "Volumes": {"/data": {}},
    },
    python=BasePython("3.11.2", "/usr/bin/python3", "glibc 2.36"),
)
SETTINGS = Settings(
    entrypoint=("/usr/bin/python3", "-I", "/amlplan/server"),
    command=("serve",),
    variables={"TERM": "xterm", "AML_APP_ROOT": "/var/azureml-app"},
    path=("/amlplan/environment/bin",),
    ports=(5001,),
)
ID = "sha256:749b926ee3ca4869c266625c2395304d835b9225ae8301bd91d7844573f3356e"
"""Of the image of these tests: another one would have every image made anew."""


def layer(name: str, text: str = "x") -> Layer:
    return layer_of(name, [File.of(f"amlplan/{name}/file", text.encode())])


def image(code: str = "x") -> WrittenImage:
    return WrittenImage.of(BASE, [layer("server"), layer("code", code)], SETTINGS)


def names(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def test_the_configuration_says_how_containers_start() -> None:
    document = json.loads(image().configuration)
    config = document["config"]
    assert config["Entrypoint"] == ["/usr/bin/python3", "-I", "/amlplan/server"]
    assert config["Cmd"] == ["serve"]
    assert config["Env"] == [
        "PATH=/amlplan/environment/bin:/usr/bin",
        "LANG=C.UTF-8",
        "TERM=xterm",
        "AML_APP_ROOT=/var/azureml-app",
    ]
    assert config["ExposedPorts"] == {"5001/tcp": {}}
    assert not {"Healthcheck", "Volumes", "User"} & config.keys()
    assert document["rootfs"]["diff_ids"] == list(image().diff_ids)
    assert len(document["history"]) == 4
    assert (document["architecture"], document["os"]) == ("amd64", "linux")


def test_equal_inputs_give_one_id_and_others_another() -> None:
    assert image().id == image().id
    again = WrittenImage.of(BaseImage.from_lock(BASE.to_lock()), image().layers, SETTINGS)
    assert again.id == image().id
    assert image("y").id != image().id
    other = replace(SETTINGS, command=("replica",))
    assert WrittenImage.of(BASE, image().layers, other).id != image().id


def test_ids_are_what_they_were() -> None:
    assert image().id == ID


def test_a_variant_of_an_architecture_is_told() -> None:
    written = WrittenImage.of(replace(BASE, platform="linux/arm64/v8"), [], Settings())
    assert json.loads(written.configuration)["variant"] == "v8"
    assert written.base.packages_platform == "linux-aarch64"
    with pytest.raises(ProviderError, match="windows/amd64"):
        _ = replace(BASE, platform="windows/amd64").packages_platform


def test_layers_count_as_there_with_all_below_them_only() -> None:
    ids = image().diff_ids
    assert layers_there(ids, []) == 0
    assert layers_there(ids, [BASE.layers, ("other",)]) == 2
    assert layers_there(ids, [BASE.layers, ids[:3]]) == 3
    assert layers_there(ids, [(ids[3], ids[2]), BASE.layers]) == 2
    assert layers_there(ids, [ids]) == 4
    assert layers_there(ids, [(*ids, "more")]) == 4


def test_only_what_is_lacking_is_in_the_archive() -> None:
    written = image()
    places = [f"{diff_id.removeprefix('sha256:')}.tar" for diff_id in written.diff_ids]
    config = f"{written.id.removeprefix('sha256:')}.json"
    for there in (2, 3, 4):
        data = b"".join(archive_of(written, there, ["scorer:1"]))
        assert names(data) == [config, *places[there:], "manifest.json"]
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            manifest = archive.extractfile("manifest.json")
            assert manifest is not None
            assert json.load(manifest) == [
                {"Config": config, "RepoTags": ["scorer:1"], "Layers": places}
            ]


def test_a_base_that_is_gone_is_told_before_anything_is_sent() -> None:
    with pytest.raises(NotFoundError, match=f"sha256:{'d' * 64}"):
        archive_of(image(), 1)
    with pytest.raises(NotFoundError):
        whole_archive_of(image(), {})


def test_a_whole_archive_has_every_layer() -> None:
    below = layer("base")
    base = replace(BASE, layers=(below.diff_id,))
    written = WrittenImage.of(base, [layer("server")], Settings())
    data = b"".join(whole_archive_of(written, {below.diff_id: below}))
    assert len(names(data)) == 4
