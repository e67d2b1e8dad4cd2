"""The layer of the server has its own files and what it imports, and no Python that is too old."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan.testing import StandInOperation
from amlplan_images.base import BasePython
from amlplan_images.server import server_command, server_key, server_layer, server_version
from amlplan_serve.shipped import REQUIREMENTS
from images_workbench import BASE, Machine, files_in

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import ToUnpack
    from amlplan.provider import OperationHandle


class FakeUnpacking:
    """Unpacks one package of its own, whatever is wanted, and remembers what that was."""

    def __init__(self) -> None:
        self.wanted: list[ToUnpack] = []

    def unpack(self, wanted: ToUnpack, folder: Path, operation: OperationHandle) -> None:
        self.wanted.append(wanted)
        site = folder / "lib/python3.13/site-packages"
        (site / "fake-1.dist-info").mkdir(parents=True)
        (site / "fake.py").write_text("x = 1\n")
        (folder / "bin").mkdir()
        (folder / "bin/fake").write_text("#!/usr/bin/python3\n")
        (site / "fake-1.dist-info/RECORD").write_text("fake.py,,\n../../../bin/fake,,\n")
        (site / "fake-1.dist-info/entry_points.txt").write_text("[console_scripts]\nfake = f:f\n")


def test_it_has_the_server_with_its_packages_beside_it(tmp_path: Path) -> None:
    fake, machine = FakeUnpacking(), Machine(tmp_path, tmp_path)
    layer = server_layer(BASE, fake, machine.cache, StandInOperation())
    found = set(files_in(layer))
    assert {"amlplan/server/__main__.py", "amlplan/server/fake.py"} <= found
    assert {"amlplan/server/amlplan_serve/worker.py", "amlplan/server/amlplan/guard.py"} <= found
    assert not [name for name in found if "/bin/" in name]
    assert all(name.startswith("amlplan/server/") for name in found)
    again = server_layer(BASE, fake, machine.cache, StandInOperation())
    assert again.diff_id == layer.diff_id
    assert len(fake.wanted) == 1


def test_everything_that_is_pinned_is_unpacked_by_its_hashes(tmp_path: Path) -> None:
    fake, machine = FakeUnpacking(), Machine(tmp_path, tmp_path)
    base = replace(BASE, platform="linux/arm64", python=BasePython("3.8.18", "/py", "musl 1.2"))
    server_layer(base, fake, machine.cache, StandInOperation())
    wanted = fake.wanted[0]
    assert (wanted.python, wanted.platform, wanted.libc) == ("3.8.18", "linux-aarch64", "musl 1.2")
    assert not wanted.values
    text = REQUIREMENTS.read_text()
    assert len(wanted.packages) == len(re.findall(r"^\S+==", text, re.MULTILINE))
    assert sum(len(each["hashes"]) for each in wanted.packages) == text.count("--hash=")
    assert all(each["hashes"] for each in wanted.packages)
    marked = [each for each in wanted.packages if each["name"] == "uvloop"]
    assert all("marker" in each for each in marked)


def test_the_key_is_over_server_and_python() -> None:
    key = server_key(BASE)
    assert server_key(replace(BASE, digest="sha256:other", layers=())) == key
    assert server_key(replace(BASE, platform="linux/arm64")) != key
    assert server_key(replace(BASE, python=replace(BASE.python, version="3.12.1"))) != key
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", server_version())


def test_the_base_s_python_starts_it_alone_with_its_folder() -> None:
    assert server_command(BASE) == ("/usr/bin/python3", "-I", "-S", "/amlplan/server")


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    base = replace(BASE, python=replace(BASE.python, version="3.7.16"))
    machine = Machine(tmp_path, tmp_path)
    with pytest.raises(ProviderError, match=r"has Python 3\.7\.16"):
        server_layer(base, FakeUnpacking(), machine.cache, StandInOperation())
