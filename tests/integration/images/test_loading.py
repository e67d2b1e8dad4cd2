"""A real engine gives an image the id that was foreseen, of what it lacked only, and runs it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_docker.engine.specification import ContainerSpec
from amlplan_images.archive import archive_of, whole_archive_of
from amlplan_images.base import BaseImage, BasePython
from amlplan_images.configuration import Settings
from amlplan_images.entries import File
from amlplan_images.layers import Layer, layer_of
from amlplan_images.models import model_layers
from amlplan_images.saved import saved_layers
from amlplan_images.starting import settings_of_runs
from amlplan_images.written import WrittenImage, layers_there
from images_workbench import Machine, MadeWheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amlplan_docker.engine.client import Engine
    from services.docker import Service

pytestmark = pytest.mark.usefixtures("own_uv_cache")
TOOL = MadeWheel(
    "tool",
    {
        "tool/__init__.py": "def main():\n    print('from the tool')\n",
        "tool-1.0.data/scripts/tool-script": "#!python\nimport tool\ntool.main()\n",
    },
    entry_points="[console_scripts]\ntool = tool:main\n",
)
LOOK = """
import importlib.metadata, json, sys, tool
files = importlib.metadata.files("tool")
print(json.dumps({
    "prefix": sys.prefix,
    "version": importlib.metadata.version("tool"),
    "there": all(file.locate().exists() for file in files),
}))
"""
OF_ARCHIVE = 60_000
"""More bytes than an archive has beside its layers."""


@dataclass
class Engines:
    """An engine with a base image, and the images that a test brings there."""

    engine: Engine
    tag: str
    name: str = field(default_factory=lambda: f"amlplan-test-{secrets.token_hex(5)}")
    sent: int = 0

    @cached_property
    def base(self) -> BaseImage:
        seen = self.engine.image(self.tag)
        assert seen is not None
        look = "import sys, platform; print(*sys.version_info[:3], *platform.libc_ver())"
        told = self.run(self.tag, ["python3", "-c", look]).split()
        python = BasePython(".".join(told[:3]), "/usr/bin/python3", " ".join(told[3:]))
        platform = f"{seen.os}/{seen.architecture}"
        return BaseImage(seen.id, seen.id, platform, tuple(seen.layers), seen.config, python)

    def load(self, image: WrittenImage, tag: str) -> None:
        self.sent = 0
        there = layers_there(image.diff_ids, [seen.layers for seen in self.engine.images({})])
        self.engine.load(self._counted(archive_of(image, there, [f"{self.name}:{tag}"])))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.sent += len(piece)
            yield piece

    def run(self, image: str, command: Sequence[str]) -> str:
        name = f"{self.name}-{secrets.token_hex(3)}"
        spec = ContainerSpec(name=name, image=image, entrypoint=(), command=tuple(command))
        self.engine.create_container(spec)
        try:
            self.engine.start(name)
            code = self.engine.wait(name, 300)
            said = b"".join(self.engine.logs(name)).decode()
            assert code == 0, said
            return said
        finally:
            self.engine.remove_container(name, force=True)

    def clear(self) -> None:
        for seen in self.engine.images({}):
            for tag in seen.tags:
                if tag.startswith(f"{self.name}:"):
                    with contextlib.suppress(ProviderError):
                        self.engine.remove_image(tag)


@pytest.fixture
def engines(docker: Service) -> Iterator[Engines]:
    engines = Engines(docker.engine, docker.base)
    yield engines
    engines.clear()


def code(text: str) -> Layer:
    return layer_of("code", [File.of("amlplan/source/score.py", text.encode())])


def test_the_engine_gives_the_id_that_was_foreseen(engines: Engines, tmp_path: Path) -> None:
    machine, base = Machine(tmp_path / "machine", tmp_path / "wheels"), engines.base
    packages = [TOOL.write(machine.wheels)]
    dependencies = machine.dependencies(packages, base)
    image = WrittenImage.of(base, [dependencies, code(engines.name)], settings_of_runs())
    engines.load(image, "one")
    seen = engines.engine.image(f"{engines.name}:one")
    assert seen is not None
    assert seen.id == image.id
    assert tuple(seen.layers) == image.diff_ids

    told = json.loads(engines.run(image.id, ["python", "-c", LOOK]))
    assert told == {"prefix": "/amlplan/environment", "version": "1.0", "there": True}
    assert engines.run(image.id, ["tool"]) == "from the tool\n"
    assert engines.run(image.id, ["tool-script"]) == "from the tool\n"

    elsewhere = Machine(tmp_path / "elsewhere", tmp_path / "wheels")
    again = elsewhere.dependencies(packages, base)
    assert WrittenImage.of(base, [again, code(engines.name)], settings_of_runs()).id == image.id


def test_only_what_the_engine_lacks_is_sent(engines: Engines, tmp_path: Path) -> None:
    base = engines.base
    content = secrets.token_bytes(3_000_000)
    (tmp_path / "model.bin").write_bytes(content)
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    files = {"weights.bin": digest}
    cache = Machine(tmp_path / "machine", tmp_path).cache
    models = model_layers({"ridge": files}, lambda _: tmp_path / "model.bin", cache)

    first = WrittenImage.of(base, [*models, code("one")], Settings())
    engines.load(first, "one")
    assert len(content) < engines.sent < len(content) + OF_ARCHIVE
    second = WrittenImage.of(base, [*models, code("two")], Settings())
    engines.load(second, "two")
    assert engines.sent < OF_ARCHIVE
    assert engines.run(second.id, ["cat", "/amlplan/source/score.py"]) == "two"
    engines.load(second, "three")
    assert engines.sent < OF_ARCHIVE
    seen = engines.engine.image(f"{engines.name}:three")
    assert seen is not None
    assert seen.id == second.id
    script = "import hashlib; print(hashlib.sha256(open('/amlplan/models/ridge/weights.bin','rb')"
    told = engines.run(second.id, ["python3", "-c", f"{script}.read()).hexdigest())"])
    assert f"sha256:{told.strip()}" == digest


def test_names_of_every_kind_arrive_as_they_are(engines: Engines) -> None:
    names = [
        "n" * 255,
        "\u00fcmlaut \u6a21\u578b.txt",
        "with space",
        "-dash",
        "tab\tand\nline",
        "'q\"'",
    ]
    deep = "/".join(["d" * 250] * 8)
    entries = [File.of(f"amlplan/names/{name}", name.encode()) for name in names]
    entries.append(File.of(f"amlplan/{deep}/file", b"deep"))
    image = WrittenImage.of(engines.base, [layer_of("names", entries)], Settings())
    engines.load(image, "names")
    look = "import os, json; print(json.dumps(sorted(os.listdir('/amlplan/names'))))"
    assert json.loads(engines.run(image.id, ["python3", "-c", look])) == sorted(names)
    assert engines.run(image.id, ["cat", f"/amlplan/{deep}/file"]) == "deep"


def test_a_file_that_changes_meanwhile_leaves_no_image(engines: Engines, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x" * 1_000_000)
    layer = layer_of("models", [File("amlplan/models/m/model.bin", 1_000_000, path)])
    image = WrittenImage.of(engines.base, [layer], Settings())
    path.write_bytes(b"y" * 1_000_000)
    with pytest.raises(ProviderError, match="not what it was when the plan was made"):
        engines.load(image, "broken")
    assert engines.engine.image(f"{engines.name}:broken") is None
    assert engines.engine.image(image.id) is None


def test_the_base_that_an_engine_saved_is_what_it_has(engines: Engines, tmp_path: Path) -> None:
    base = engines.base
    cache = Machine(tmp_path / "machine", tmp_path).cache
    layers = saved_layers(engines.engine.save([base.id]), cache)
    assert set(layers) == set(base.layers)
    image = WrittenImage.of(base, [code(engines.name)], Settings())
    engines.engine.load(whole_archive_of(image, layers, [f"{engines.name}:whole"]))
    seen = engines.engine.image(f"{engines.name}:whole")
    assert seen is not None
    assert seen.id == image.id
