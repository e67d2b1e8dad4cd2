"""Measures layers and archives of images over a large model, against `tar` and `sha256sum`.

Run: scripts/bench image [MEBIBYTES]. The model's digest and its layer's are made as a plan makes
them: the first time, when nothing is remembered, and again. The archive is written as it would be
sent to an engine that lacks the model, and verified meanwhile, which `tar` does not do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.content import content_of
from amlplan.digests import RACY
from amlplan_images.archive import archive_of
from amlplan_images.configuration import Settings
from amlplan_images.layer_cache import LayerCache
from amlplan_images.models import model_layers
from amlplan_images.written import WrittenImage
from images_workbench import BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_images.layers import Layer

ROUNDS = 3
PIECE = 1 << 20


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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="amlplan-bench-") as place:
        main(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 1024)
