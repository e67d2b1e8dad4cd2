"""Bundles are named by their content, whole or not there, and tell what of them is damaged."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan_images.parts import Parts, PartsCollector
from amlplan_local.bundle import build, corrupted, folder_of, read_manifest
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = "sha256:" + "e" * 64


class Bench:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.cache = folder / "cache"
        self.workspace = folder / "workspace"
        self.store = ContentStore(self.workspace / "store", self.cache)
        self.write("src/score.py", "def init(): ...\ndef run(data): ...\n")
        self.write("src/helpers/more.py", "x = 1\n")
        self.write("src/main.hcl", 'workspace "main" {}\n')

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def model(self, text: str = "weights") -> dict[str, str]:
        import hashlib

        path = self.write("model.bin", text)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        self.store.put({"model.bin": (path, digest)}, lambda: None, lambda _text: None)
        return {"model.bin": digest}

    def parts(self, *dependencies: str, model: str = "weights") -> Parts:
        collector = PartsCollector(self.root, self.cache)
        collector.add_source("src")
        for path in dependencies:
            collector.add(path, "source")
        return Parts("score.py", collector.files, {"ridge": self.model(model)}, ENVIRONMENT)

    def build(self, parts: Parts) -> Path:
        return build(parts, self.workspace, self.store, self.cache, lambda: None)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_bundle_holds_script_models_and_what_it_is(bench: Bench) -> None:
    bench.write("lib/extra.py", "y = 2\n")
    bench.write("single.txt", "z\n")
    parts = bench.parts("lib", "single.txt")
    folder = bench.build(parts)
    assert folder == folder_of(bench.workspace, parts.digest)
    assert (folder / "source/lib/extra.py").read_text() == "y = 2\n"
    assert (folder / "source/single.txt").read_text() == "z\n"
    assert (folder / "models/ridge/model.bin").read_text() == "weights"
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest["digest"] == parts.digest
    assert manifest["contents"] == parts.contents
    assert not corrupted(folder, bench.cache)


def test_building_again_takes_what_is_there(bench: Bench) -> None:
    folder = bench.build(bench.parts())
    before = (folder / "manifest.json").stat().st_ino
    assert bench.build(bench.parts()) == folder
    assert (folder / "manifest.json").stat().st_ino == before


def test_damage_is_told_and_mended(bench: Bench) -> None:
    folder = bench.build(bench.parts())
    script = folder / "source/score.py"
    script.chmod(0o644)
    script.write_text("def init(): ...\ndef run(data): raise SystemExit\n")
    (folder / "models/ridge/model.bin").unlink()
    assert corrupted(folder, bench.cache) == ["models/ridge/model.bin", "source/score.py"]
    assert bench.build(bench.parts()) == folder
    assert not corrupted(folder, bench.cache)
    assert os.listdir(folder.parent) == [folder.name]  # noqa: PTH208 - hidden ones count


def test_a_bundle_that_is_gone_lacks_its_manifest(bench: Bench) -> None:
    folder = bench.build(bench.parts())
    shutil.rmtree(folder)
    assert corrupted(folder, bench.cache) == ["manifest.json"]


def test_a_file_that_changes_after_the_plan_is_refused(bench: Bench) -> None:
    parts = bench.parts()
    bench.write("src/score.py", "def init(): ...\ndef run(other): ...\n")
    with pytest.raises(ProviderError, match="not what it was when the plan was made"):
        bench.build(parts)
    assert not folder_of(bench.workspace, parts.digest).exists()
    assert not list((bench.workspace / "images").iterdir())


def test_a_model_that_is_gone_from_the_store_is_named(bench: Bench) -> None:
    parts = bench.parts()
    bench.store.path(parts.models["ridge"]["model.bin"]).unlink()
    with pytest.raises(NotFoundError, match=r"model\.bin of the model ridge"):
        bench.build(parts)


def test_a_stopped_build_leaves_nothing(bench: Bench) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(bench.parts(), bench.workspace, bench.store, bench.cache, stop)
    assert not list((bench.workspace / "images").iterdir())
