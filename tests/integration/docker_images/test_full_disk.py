"""An engine whose disk is full: told as such, and the next apply goes on where there is room."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError, QuotaError
from docker_image_workbench import DockerImages
from services.docker_full import small_engine

if TYPE_CHECKING:
    from pathlib import Path

    from services.docker import Service

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
LARGE = 150 * 1024 * 1024


@pytest.mark.slow
def test_a_disk_that_is_full_is_told_and_the_next_apply_goes_on(
    docker: Service, index: str, cache: Path, tmp_path: Path
) -> None:
    """`docker` is asked for so that the engine of the tests is there before this one."""
    if os.getuid() != 0 or shutil.which("dockerd", path=PATH) is None:
        pytest.skip("an engine of its own is started by root, where dockerd is installed")
    with small_engine(tmp_path, "300m") as service:
        bench = DockerImages(tmp_path, service, index, cache)
        large = bench.image(model={"weights.bin": os.urandom(LARGE)})
        with pytest.raises(QuotaError, match="The engine's disk is full"):
            bench.created(large)
        assert not [image for image in service.engine.images({}) if bench.name in str(image.tags)]

        steps = [f"LABEL test={bench.name}", "dd if=/dev/zero of=/big bs=1M count=280"]
        with pytest.raises(ProviderError) as raised:
            bench.image(environment={"docker": {"steps": steps}})
        assert "No space left on device" in raised.value.detail

        small = bench.image(model={"weights.bin": b"weights"})
        outputs = bench.created(small).outputs.values
        assert service.engine.image(outputs["tag"]) is not None
