"""What is sent to engines: what they lack, or everything where they take nothing else."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan.testing import StandInOperation
from amlplan_docker.engine.failures import LoginRefusedError, RefusedError
from amlplan_docker.engine.seen import ImageSeen
from amlplan_docker.engine.specification import Credentials
from amlplan_docker.images.made import Place, loaded, pushed
from amlplan_images.base import BaseImage, BasePython
from amlplan_images.configuration import Settings
from amlplan_images.entries import File
from amlplan_images.layers import layer_of
from amlplan_images.written import WrittenImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BELOW = layer_of("base image", [File.of("etc/base", b"base")])
BASE = BaseImage(
    digest="sha256:" + "d" * 64,
    id="sha256:" + "1" * 64,
    platform="linux/amd64",
    layers=(BELOW.diff_id,),
    config={},
    python=BasePython("3.11.2", "/usr/bin/python3", "glibc 2.36"),
)
IMAGE = WrittenImage.of(
    BASE,
    [layer_of("dependencies", [File.of("a", b"a")]), layer_of("code", [File.of("b", b"b")])],
    Settings(),
)


def seen(layers: tuple[str, ...], image_id: str, *tags: str) -> ImageSeen:
    return ImageSeen(image_id, tags, (), "linux", "amd64", "", layers, {}, 1, {})


@dataclass
class Facts:
    has_containerd_store: bool = False


@dataclass
class FakeEngine:
    """A fake engine: takes archives apart, has the images it was given, refuses as it is told."""

    there: list[ImageSeen]
    is_containerd: bool = False
    failures: list[Exception] = field(default_factory=list)
    archives: list[dict[str, bytes]] = field(default_factory=list)

    def facts(self) -> Facts:
        return Facts(self.is_containerd)

    def images(self, _labels: Any) -> list[ImageSeen]:
        return self.there

    def image(self, name: str) -> ImageSeen | None:
        return next((each for each in self.there if name in (each.id, *each.tags)), None)

    def save(self, _references: Iterable[str]) -> Iterator[bytes]:
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            data = b"".join(BELOW.stream())
            member = tarfile.TarInfo("layer.tar")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        yield held.getvalue()

    def load(self, pieces: Iterable[bytes]) -> None:
        data = io.BytesIO(b"".join(pieces))
        if self.failures:
            raise self.failures.pop()
        with tarfile.open(fileobj=data) as archive:
            files = {item.name: archive.extractfile(item) for item in archive}
        found = {name: file.read() for name, file in files.items() if file is not None}
        self.archives.append(found)
        [document] = json.loads(found["manifest.json"])
        self.there.append(seen(IMAGE.diff_ids, IMAGE.id, *document["RepoTags"]))

    def tag(self, *_: str) -> None:
        raise AssertionError("all names are given as it is loaded")

    def push(self, *_: object, **__: object) -> str:
        raise self.failures.pop()


def place(engine: FakeEngine, **more: Any) -> Place:
    return Place(engine, "scorer", "sha256:" + "2" * 64, "lineage:image:1", **more)  # type: ignore[arg-type]


def layers_sent(engine: FakeEngine) -> set[str]:
    return {f"sha256:{name[:-4]}" for name in engine.archives[-1] if name.endswith(".tar")}


def test_an_engine_gets_the_layers_that_it_lacks() -> None:
    engine = FakeEngine([seen(IMAGE.diff_ids[:2], "sha256:3")])
    loaded(IMAGE, place(engine), StandInOperation())
    assert layers_sent(engine) == {IMAGE.diff_ids[2]}


def test_layers_that_went_meanwhile_are_sent_after_all() -> None:
    engine = FakeEngine(
        [seen(IMAGE.diff_ids[:2], "sha256:3")], failures=[RefusedError("Refused", "no layer")]
    )
    loaded(IMAGE, place(engine), StandInOperation())
    assert layers_sent(engine) == set(IMAGE.diff_ids[1:])


def test_an_engine_with_containerds_store_gets_every_layer() -> None:
    engine = FakeEngine([seen(BASE.layers, BASE.id)], is_containerd=True)
    loaded(IMAGE, place(engine), StandInOperation())
    assert layers_sent(engine) == set(IMAGE.diff_ids)


def test_an_engine_without_the_base_is_told() -> None:
    with pytest.raises(NotFoundError, match="The base image is gone from the engine"):
        loaded(IMAGE, place(FakeEngine([])), StandInOperation())


def test_an_engine_that_makes_something_else_of_it_is_told() -> None:
    class Other(FakeEngine):
        def load(self, pieces: Iterable[bytes]) -> None:
            super().load(pieces)
            last = self.there.pop()
            self.there.append(seen(BASE.layers, "sha256:9", *last.tags))

    with pytest.raises(ProviderError, match="The engine has another image than was sent"):
        loaded(IMAGE, place(Other([seen(BASE.layers, BASE.id)])), StandInOperation())


def test_a_refused_push_says_that_the_image_is_there_and_where_the_login_came_from() -> None:
    engine = FakeEngine([], failures=[RefusedError("Refused", "no room on the shelf.")])
    with pytest.raises(RefusedError, match=r"registry\.local:5000 did not take it: no room"):
        pushed(place(engine, registry="registry.local:5000/x"), StandInOperation())
    engine.failures = [LoginRefusedError("The login was refused", "denied.")] * 2
    with pytest.raises(LoginRefusedError, match=r"docker login registry\.local:5000"):
        pushed(place(engine, registry="registry.local:5000/x"), StandInOperation())
    login = Credentials("ana", "word")
    with pytest.raises(LoginRefusedError, match="that of ana, from credentials"):
        pushed(place(engine, registry="registry.local:5000", login=login), StandInOperation())
    assert pushed(place(engine), StandInOperation()) is None
