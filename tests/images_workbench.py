"""Layers made of wheels that are written here, by the real uv, on machines that differ."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.provider import ProviderContext
from amlplan.testing import StandInOperation
from amlplan_images.base import BaseImage, BasePython
from amlplan_images.dependencies import Dependencies, dependencies_layer
from amlplan_images.layer_cache import LayerCache
from amlplan_local.environment import LocalEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan_images.layers import Layer
    from amlplan_schemas.base import JsonValue

BASE = BaseImage(
    digest="sha256:" + "d" * 64,
    id="sha256:" + "1" * 64,
    platform="linux/amd64",
    layers=("sha256:" + "a" * 64, "sha256:" + "b" * 64),
    config={"Env": ["PATH=/usr/bin"], "Cmd": ["bash"]},
    python=BasePython("3.11.2", "/usr/bin/python3", "glibc 2.36"),
)
PURE = "py3-none-any"


@dataclass
class MadeWheel:
    """A wheel as it is written: the files of its package, and more of its own."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0"
    tag: str = PURE
    entry_points: str = ""
    executable: Sequence[str] = ()

    def write(self, folder: Path) -> dict[str, JsonValue]:
        """Write it below a folder of wheels; gives the package as `amlplan.lock` has it."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}-{self.version}-{self.tag}.whl"
        info = f"{self.name}-{self.version}.dist-info"
        named = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        files = {
            **self.files,
            f"{info}/METADATA": named,
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {self.tag}\n",
        }
        if self.entry_points:
            files[f"{info}/entry_points.txt"] = self.entry_points
        record = "".join(f"{name},{_hashed(text)},{len(text)}\n" for name, text in files.items())
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in {**files, f"{info}/RECORD": record}.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = (0o755 if name in self.executable else 0o644) << 16
                archive.writestr(member, text)
        digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        return {"name": self.name, "version": self.version, "hashes": [digest]}


def _hashed(text: str) -> str:
    import base64

    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Machine:
    """A control machine: its folders, its cache and its wheels."""

    folder: Path
    wheels: Path

    @property
    def context(self) -> ProviderContext:
        """What providers are given here."""
        root = self.folder / "root"
        root.mkdir(parents=True, exist_ok=True)
        return ProviderContext(root, self.folder / "data", self.folder / "cache")

    @property
    def cache(self) -> LayerCache:
        """Its layers."""
        return LayerCache(self.context.cache_folder)

    def dependencies(
        self,
        packages: Sequence[Mapping[str, JsonValue]],
        base: BaseImage = BASE,
        values: Mapping[str, JsonValue] | None = None,
    ) -> Layer:
        """The layer of these packages, from its wheels where no other index is named."""
        found = {"index_url": None, "extra_index_urls": [], "find_links": [str(self.wheels)]}
        wanted = Dependencies(tuple(packages), {**found, **(values or {})})
        environment = LocalEnvironment(self.context)
        return dependencies_layer(wanted, base, environment, self.cache, StandInOperation())


def files_in(layer: Layer) -> dict[str, bytes | str]:
    """What a layer holds: bytes of files, and where links lead."""
    found: dict[str, bytes | str] = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(layer.stream()))) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                found[member.name] = file.read()
            elif member.issym():
                found[member.name] = member.linkname
    return found


def modes_in(layer: Layer) -> dict[str, int]:
    """The mode of everything in a layer."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(layer.stream()))) as archive:
        return {member.name: member.mode for member in archive}
