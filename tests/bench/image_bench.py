"""Measures layers and archives of images over a large model, against `tar` and `sha256sum`.

Run: scripts/bench image [MEBIBYTES]. The model's digest and its layer's are made as a plan makes
them: the first time, when nothing is remembered, and again. The archive is written as it would be
sent to an engine that lacks the model, and verified meanwhile, which `tar` does not do.

With AMLPLAN_TEST_DOCKER_HOST naming an engine, a changed model of 200 MiB is brought to it too: as
apply does, with the layer's digest made anew, and by `docker build` with the same layers.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.content import content_of
from amlplan.digests import RACY
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from amlplan_images.archive import archive_of
from amlplan_images.configuration import Settings
from amlplan_images.entries import File
from amlplan_images.layer_cache import LayerCache
from amlplan_images.layers import layer_of
from amlplan_images.models import model_layers
from amlplan_images.written import WrittenImage, layers_there
from images_workbench import BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amlplan_images.layers import Layer

ROUNDS = 3
CHANGED = 200
HOST = "AMLPLAN_TEST_DOCKER_HOST"
PIECE = 1 << 20
NAME = f"amlplan-bench-{secrets.token_hex(4)}"
BASE_OF_ENGINE = replace(BASE, layers=())


def write_model(path: Path, mebibytes: int) -> None:
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(PIECE))
    time.sleep(RACY + 1)  # what changed a moment ago is not remembered


def layer_of_model(folder: Path) -> Layer:
    """What a plan does about the model: its digest, then its layer's."""
    content = content_of(folder / "model", folder / "cache")
    by_digest = {digest: folder / "model" / name for name, digest in content.files.items()}
    cache = LayerCache(folder / "cache")
    return model_layers({"large": content.files}, lambda digest: by_digest[digest], cache)[0]


def seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def best(do: Callable[[], object]) -> float:
    return min(seconds(do) for _ in range(ROUNDS))


def send(image: WrittenImage) -> None:
    """Write the archive into a pipe that somebody empties, as an engine would."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as taker:
        assert taker.stdin is not None
        for piece in archive_of(image, len(BASE.layers), ["bench:1"]):
            taker.stdin.write(piece)
        taker.stdin.close()


def tar(folder: Path) -> None:
    subprocess.run("tar -cf - model | cat > /dev/null", shell=True, cwd=folder, check=True)


def tar_and_hash(folder: Path) -> None:
    subprocess.run("tar -cf - model | sha256sum > /dev/null", shell=True, cwd=folder, check=True)


def change_and_load(folder: Path, base: WrittenImage, engine: Engine) -> float:
    """Bring an image with another model to the engine, as apply does."""
    write_model(folder / "model" / "weights.bin", CHANGED)
    with removed(engine, "ours"):
        started = time.perf_counter()
        layers = [*base.layers, layer_of_model(folder)]
        image = WrittenImage.of(BASE_OF_ENGINE, layers, Settings())
        there = layers_there(image.diff_ids, [seen.layers for seen in engine.images({})])
        engine.load(archive_of(image, there, [f"{NAME}:ours"]))
        took = time.perf_counter() - started
        seen = engine.image(f"{NAME}:ours")
        assert seen is not None
        assert seen.id == image.id
    return took


def change_and_build(folder: Path, engine: Engine) -> float:
    """Bring the same by hand."""
    write_model(folder / "model" / "weights.bin", CHANGED)
    dockerfile = folder / "model" / "Dockerfile"
    dockerfile.write_text(f"FROM {NAME}:base\nCOPY weights.bin /amlplan/models/large/\n")
    environment = {**os.environ, "DOCKER_HOST": os.environ[HOST], "DOCKER_BUILDKIT": "0"}
    words = ["docker", "build", "-q", "-t", f"{NAME}:built", str(folder / "model")]
    with removed(engine, "built"):
        started = time.perf_counter()
        subprocess.run(words, check=True, env=environment, capture_output=True)
        took = time.perf_counter() - started
    dockerfile.unlink()
    return took


@contextlib.contextmanager
def removed(engine: Engine, tag: str) -> Iterator[None]:
    """Remove an image in the end, also where it is not there."""
    try:
        yield
    finally:
        there = engine.image(f"{NAME}:{tag}")
        if there is not None:
            engine.remove_image(there.id, force=True)


def against_docker_build(folder: Path) -> None:
    below = layer_of("below", [File.of("etc/bench", NAME.encode())])
    base = WrittenImage.of(BASE_OF_ENGINE, [below], Settings())
    with (
        Engine.connect(Connection(os.environ[HOST]), timeout=600) as engine,
        removed(engine, "base"),
    ):
        engine.load(archive_of(base, 0, [f"{NAME}:base"]))
        ours = min(change_and_load(folder, base, engine) for _ in range(ROUNDS))
        print(row("changed model by apply", ours, CHANGED))
        built = min(change_and_build(folder, engine) for _ in range(ROUNDS))
        print(row("changed model by docker build", built, CHANGED))


def row(what: str, took: float, mebibytes: int) -> str:
    return f"{what:44} {took:8.3f} s {mebibytes / took:10.0f} MiB/s"


def main(folder: Path, mebibytes: int) -> None:
    (folder / "model").mkdir()
    write_model(folder / "model" / "weights.bin", mebibytes)
    print(row("digest and layer, first time", seconds(lambda: layer_of_model(folder)), mebibytes))
    again = best(lambda: layer_of_model(folder))
    print(f"{'digest and layer, again':44} {again:8.3f} s")
    image = WrittenImage.of(BASE, [layer_of_model(folder)], Settings())
    print(row("archive for an engine, verified", best(lambda: send(image)), mebibytes))
    print(row("tar, as it is", best(lambda: tar(folder)), mebibytes))
    print(row("tar and sha256sum", best(lambda: tar_and_hash(folder)), mebibytes))
    if os.environ.get(HOST):
        against_docker_build(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="amlplan-bench-") as place:
        main(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 1024)
