"""The layer of the server is the same on two machines, and has the packages of its platform."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import UnreachableError
from amlplan.testing import StandInOperation
from amlplan_images.base import BasePython
from amlplan_images.server import server_layer
from amlplan_local.environment import LocalEnvironment
from images_workbench import BASE, Machine, files_in

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_images.base import BaseImage
    from amlplan_images.layers import Layer


def layer_on(machine: Machine, base: BaseImage) -> Layer:
    environment = LocalEnvironment(machine.context)
    try:
        return server_layer(base, environment, machine.cache, StandInOperation())
    except UnreachableError as failure:
        pytest.skip(f"the package index cannot be reached: {failure.detail}")


def test_two_machines_make_the_same_server(tmp_path: Path) -> None:
    one = layer_on(Machine(tmp_path / "one", tmp_path), BASE)
    other = layer_on(Machine(tmp_path / "other", tmp_path), BASE)
    assert one.diff_id == other.diff_id
    assert "amlplan/server/uvloop/loop.cpython-311-x86_64-linux-gnu.so" in files_in(one)


def test_another_platform_gets_its_own_packages(tmp_path: Path) -> None:
    python = BasePython("3.8.18", "/usr/local/bin/python3", "glibc 2.31")
    base = replace(BASE, platform="linux/arm64/v8", python=python)
    found = files_in(layer_on(Machine(tmp_path / "one", tmp_path), base))
    compiled = [name for name in found if name.endswith(".so")]
    assert compiled
    assert all("cpython-38-aarch64-linux-gnu" in name for name in compiled)
