"""containerd, whose store newer engines keep images in, takes a whole archive with the same id."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_images.archive import whole_archive_of
from amlplan_images.configuration import Settings
from amlplan_images.entries import File
from amlplan_images.layers import layer_of
from amlplan_images.written import WrittenImage
from images_workbench import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 300.0
CONFIG = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/socket"
"""


class Containerd:
    """A containerd of its own, on a socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG.format(folder=folder))
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["containerd", "--config", str(folder / "config.toml")], stdout=log, stderr=log
            )

    def ctr(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        words = ["ctr", "--address", str(self.folder / "socket"), *arguments]
        return subprocess.run(words, check=check, capture_output=True, text=True, timeout=SECONDS)

    def wait(self) -> None:
        deadline = time.monotonic() + SECONDS
        while self.ctr("--timeout", "5s", "version", check=False).returncode != 0:
            log = (self.folder / "log").read_text()[-2000:]
            assert self.process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)


@pytest.fixture
def containerd() -> Iterator[Containerd]:
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("containerd is started by root on Linux only")
    if shutil.which("containerd") is None or shutil.which("ctr") is None:
        pytest.skip("there is no containerd here")
    folder = Path(tempfile.mkdtemp(prefix="amlplan-"))  # a socket's path has to be short
    started = Containerd(folder)
    try:
        started.wait()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_whole_archive_is_taken_with_its_id(containerd: Containerd) -> None:
    below = layer_of("base", [File.of("etc/base", b"base\n")])
    base = BASE.from_lock({**BASE.to_lock(), "layers": [below.diff_id]})
    code = layer_of("code", [File.of("amlplan/source/score.py", b"def init(): ...\n" * 1000)])
    image = WrittenImage.of(base, [code], Settings(command=("serve",)))
    archive = containerd.folder / "image.tar"
    with archive.open("wb") as file:
        for piece in whole_archive_of(image, {below.diff_id: below}, ["amlplan/test:1"]):
            file.write(piece)
    containerd.ctr("images", "import", "--no-unpack", "--all-platforms", str(archive))
    assert "docker.io/amlplan/test:1" in containerd.ctr("images", "list", "--quiet").stdout
    kept = containerd.ctr("content", "list", "--quiet").stdout.split()
    assert {image.id, below.diff_id, code.diff_id} <= set(kept)
    assert containerd.ctr("content", "get", image.id).stdout == image.configuration.decode()
