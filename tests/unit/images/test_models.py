"""Layers of models are remembered by content, and what was remembered is never believed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan_images.layer_cache import LayerCache
from amlplan_images.model_sources import located
from amlplan_images.models import MOST, model_layers
from images_workbench import files_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_images.layers import Layer


class Store:
    """Blobs by digest in one folder, which counts how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0
        (folder / "blobs").mkdir()
        self.cache = LayerCache(folder / "cache")

    def put(self, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.locate(digest).write_bytes(content)
        return digest

    def locate(self, digest: str) -> Path:
        self.asked += 1
        return self.folder / "blobs" / digest[7:]

    def layers(self, models: Mapping[str, Mapping[str, str]]) -> tuple[Layer, ...]:
        return model_layers(models, self.locate, self.cache)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_each_model_is_a_layer_and_the_largest_lies_lowest(store: Store) -> None:
    models = {
        "small": {"s.bin": store.put(b"s" * 10)},
        "large": {"l.bin": store.put(b"l" * 90_000), "sub/m.txt": store.put(b"m")},
        "also": {"s.bin": store.put(b"a" * 10)},
    }
    layers = store.layers(models)
    assert [layer.name for layer in layers] == ["model large", "model also", "model small"]
    assert files_in(layers[0]) == {
        "amlplan/models/large/l.bin": b"l" * 90_000,
        "amlplan/models/large/sub/m.txt": b"m",
    }
    again = store.layers(dict(reversed(models.items())))
    assert [layer.diff_id for layer in again] == [layer.diff_id for layer in layers]


def test_what_a_layer_measures_is_known_without_its_bytes(store: Store) -> None:
    models = {"ridge": {"model.bin": store.put(b"weights")}}
    layer = store.layers(models)[0]
    store.locate(models["ridge"]["model.bin"]).unlink()
    store.asked = 0
    assert store.layers(models)[0].diff_id == layer.diff_id
    assert store.asked == 0
    with pytest.raises(NotFoundError, match=r"ridge/model\.bin of the model ridge"):
        list(store.layers(models)[0].stream())
    with pytest.raises(NotFoundError):
        store.layers({"ridge": {"other.bin": models["ridge"]["model.bin"]}})


def test_bytes_that_are_not_those_of_their_digest_are_not_sent(store: Store) -> None:
    models = {"ridge": {"model.bin": store.put(b"weights")}}
    layer = store.layers(models)[0]
    store.locate(models["ridge"]["model.bin"]).write_bytes(b"WEIGHTS")
    with pytest.raises(ProviderError, match="model ridge, or the cache of its layer, is not what"):
        list(layer.stream())


def test_a_memory_that_lies_is_found_out_and_forgotten(store: Store) -> None:
    models = {"ridge": {"model.bin": store.put(b"weights")}}
    right = store.layers(models)[0]
    note = next((store.folder / "cache/layers").glob("*.json"))
    note.write_text(note.read_text().replace(right.diff_id[7:17], "0123456789"))
    lied = store.layers(models)[0]
    assert lied.diff_id != right.diff_id
    with pytest.raises(ProviderError):
        list(lied.stream())
    assert store.layers(models)[0].diff_id == right.diff_id


@pytest.mark.parametrize("text", ["", "[]", "{", '{"diff_id": 1}', "\x00"])
def test_a_broken_memory_costs_time_only(store: Store, text: str) -> None:
    models = {"ridge": {"model.bin": store.put(b"weights")}}
    right = store.layers(models)[0]
    next((store.folder / "cache/layers").glob("*.json")).write_text(text)
    assert store.layers(models)[0].diff_id == right.diff_id


def test_many_models_share_the_last_layer(store: Store) -> None:
    models = {f"m{i:03}": {"x": store.put(b"x" * i * 20_000)} for i in range(MOST + 8)}
    layers = store.layers(models)
    assert len(layers) == MOST
    assert layers[-1].name == "9 models"
    found = {name for layer in layers for name in files_in(layer)}
    assert found == {f"amlplan/models/{name}/x" for name in models}


def test_models_of_the_same_apply_are_found_in_the_project(store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder/sub").mkdir(parents=True)
    (tmp_path / "folder/sub/a.bin").write_bytes(b"a")
    (tmp_path / "single.bin").write_bytes(b"b")
    stored = store.put(b"c")
    digests = {text: "sha256:" + hashlib.sha256(text.encode()).hexdigest() for text in "ab"}
    models: list[Mapping[str, object]] = [
        {"source": "folder", "files": {"sub/a.bin": digests["a"]}},
        {"source": "single.bin", "files": {"single.bin": digests["b"]}},
        {"source": None, "files": {"c.bin": stored}},
        {"source": "not-known-yet"},
    ]
    locate = located(models, tmp_path, store.locate)
    assert locate(digests["a"]) == tmp_path / "folder/sub/a.bin"
    assert locate(digests["b"]) == tmp_path / "single.bin"
    assert locate(stored) == store.locate(stored)
    assert not located(models, tmp_path, None)(stored).exists()
    store.put(b"a")
    assert locate(digests["a"]) == store.locate(digests["a"])
