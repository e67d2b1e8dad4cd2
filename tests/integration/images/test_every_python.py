"""The environment of an image works under the Python that it was made for, whatever made it."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan_images.base import BasePython
from images_workbench import BASE, Machine, MadeWheel
from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_uv_cache")
LOOK = """
import json, os, site, sys, thing
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "prefix": sys.prefix,
    "thing": os.path.dirname(thing.__file__),
    "alone": all(path.startswith(sys.prefix) for path in site.getsitepackages()),
}))
"""
VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


@pytest.mark.parametrize("version", VERSIONS)
def test_packages_are_found_under(version: str, tmp_path: Path) -> None:
    program = interpreter(version)
    if program is None:
        pytest.skip(f"there is no Python {version} here")
    asked = [program, "-c", VERSION]
    whole = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    machine = Machine(tmp_path / "machine", tmp_path / "wheels")
    package = MadeWheel("thing", {"thing.py": "x = 1\n"}).write(machine.wheels)
    base = replace(BASE, python=BasePython(whole, program, "glibc 2.36"))
    layer = machine.dependencies([package], base)
    with tarfile.open(fileobj=io.BytesIO(b"".join(layer.stream()))) as archive:
        archive.extractall(tmp_path / "image", filter="fully_trusted")
    prefix = tmp_path / "image/amlplan/environment"
    done = subprocess.run(
        [str(prefix / "bin/python"), "-I", "-c", LOOK], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == {
        "version": whole,
        "prefix": str(prefix),
        "thing": str(prefix / f"lib/python{version}/site-packages"),
        "alone": True,
    }
