"""The layer of dependencies is an environment of the base's Python, the same on every machine."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import posixpath
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import AuthError, CanceledError, ProviderError, QuotaError
from amlplan.testing import StandInOperation
from amlplan_images.base import BasePython
from amlplan_images.dependencies import Dependencies, dependencies_layer, to_unpack
from amlplan_images.layers import Measured
from amlplan_local.environment import LocalEnvironment
from amlplan_local.unpacking import uv_platform
from images_workbench import BASE, Machine, MadeWheel, files_in, modes_in
from package_index import failing_sdist, served
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SITE = "amlplan/environment/lib/python3.11/site-packages"
TOOL = MadeWheel(
    "tool",
    {
        "tool/__init__.py": "def main():\n    print('from the tool')\n",
        "tool/bin/native": "#!/bin/sh\necho native\n",
        "tool-1.0.data/scripts/tool-script": "#!python\nprint('a script')\n",
        "tool-1.0.data/scripts/tool-env": "#!/usr/bin/env python3\nprint(1)\n",
        "tool-1.0.data/scripts/tool-shell": "#!/bin/bash\necho shell\n",
        "tool-1.0.data/data/share/tool/about.txt": "about\n",
        "tool-1.0.data/headers/tool.h": "#define TOOL 1\n",
    },
    entry_points="[console_scripts]\ntool = tool:main\ntool-extra = tool.sub:App.run [extra]\n",
    executable=["tool/bin/native"],
)


@pytest.fixture(autouse=True)
def _no_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UV_OFFLINE", "1")
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine", tmp_path / "wheels")


def test_it_is_an_environment_on_the_base_python(machine: Machine) -> None:
    layer = machine.dependencies([TOOL.write(machine.wheels)])
    found = files_in(layer)
    assert found["amlplan/environment/bin/python"] == "/usr/bin/python3"
    assert found["amlplan/environment/bin/python3.11"] == "python"
    assert found["amlplan/environment/pyvenv.cfg"] == (
        b"home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n"
    )
    assert found[f"{SITE}/tool/__init__.py"] == TOOL.files["tool/__init__.py"].encode()
    assert found["amlplan/environment/share/tool/about.txt"] == b"about\n"
    header = "amlplan/environment/include/site/python3.11/tool/tool.h"
    assert found[header] == b"#define TOOL 1\n"
    noted = {"INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
    assert not [name for name in found if posixpath.basename(name) in noted]
    assert not [name for name in found if name.endswith(".pyc")]


def test_scripts_start_with_the_python_of_the_image(machine: Machine) -> None:
    layer = machine.dependencies([TOOL.write(machine.wheels)])
    found, modes = files_in(layer), modes_in(layer)
    first = b"#!/amlplan/environment/bin/python\n"
    started = found["amlplan/environment/bin/tool"]
    assert isinstance(started, bytes)
    assert started.startswith(first)
    assert b"from tool import main" in started
    other = found["amlplan/environment/bin/tool-extra"]
    assert isinstance(other, bytes)
    assert b"from tool.sub import App\n" in other
    assert b"sys.exit(App.run())" in other
    assert found["amlplan/environment/bin/tool-script"] == first + b"print('a script')\n"
    assert found["amlplan/environment/bin/tool-env"] == first + b"print(1)\n"
    assert found["amlplan/environment/bin/tool-shell"] == b"#!/bin/bash\necho shell\n"
    for name in ("tool", "tool-extra", "tool-script", "tool-shell"):
        assert modes[f"amlplan/environment/bin/{name}"] == 0o755
    assert modes[f"{SITE}/tool/bin/native"] == 0o755
    assert modes[f"{SITE}/tool/__init__.py"] == 0o644
    assert str(machine.folder).encode() not in b"".join(layer.stream())


def test_records_tell_what_is_there(machine: Machine) -> None:
    found = files_in(machine.dependencies([TOOL.write(machine.wheels)]))
    record = found[f"{SITE}/tool-1.0.dist-info/RECORD"]
    assert isinstance(record, bytes)
    rows = list(csv.reader(record.decode().splitlines()))
    assert rows == sorted(rows)
    told = {}
    for path, digest, size in rows:
        content = found[posixpath.normpath(f"{SITE}/{path}")]
        assert isinstance(content, bytes)
        if path.endswith("/RECORD"):
            assert (digest, size) == ("", "")
            continue
        raw = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        told[path] = (f"sha256={raw.decode()}", str(len(content)))
        assert told[path] == (digest, size)
    of_environment = {"pyvenv.cfg", "bin/python", "bin/python3", "bin/python3.11"}
    files = {name.removeprefix("amlplan/environment/") for name in found} - of_environment
    assert len(files) == len(rows)


def test_two_machines_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [TOOL, *(MadeWheel(f"other{i}", {f"other{i}.py": f"x = {i}\n"}) for i in range(5))]
    layers = []
    for number, umask in enumerate((0o002, 0o077)):
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / f"uv{number}"))
        monkeypatch.setenv("TZ", ("UTC", "Asia/Kathmandu")[number])
        monkeypatch.setenv("LC_ALL", ("C", "C.UTF-8")[number])
        time.tzset()
        os.umask(umask)
        there = Machine(tmp_path / f"machine{'-far' * 40 * number}", tmp_path / f"wheels{number}")
        packages = [wheel.write(there.wheels) for wheel in made[:: 1 - 2 * number]]
        packages.sort(key=lambda package: package["name"])
        layers.append(there.dependencies(packages))
    monkeypatch.undo()
    time.tzset()
    assert layers[0].diff_id == layers[1].diff_id
    assert b"".join(layers[0].stream()) == b"".join(layers[1].stream())


def test_of_two_packages_with_one_file_the_last_by_name_wins(tmp_path: Path) -> None:
    made = [
        MadeWheel(name, {"shared/__init__.py": f"of = {name!r}\n" * 400, f"{name}.py": ""})
        for name in ("zoo", "ant", "bee")
    ]
    ids = set()
    for number in range(3):
        there = Machine(tmp_path / str(number), tmp_path / "wheels")
        layer = there.dependencies([wheel.write(there.wheels) for wheel in made])
        content = files_in(layer)[f"{SITE}/shared/__init__.py"]
        assert content == b"of = 'zoo'\n" * 400
        ids.add(layer.diff_id)
    assert len(ids) == 1


def test_wheels_are_those_of_the_image_not_of_this_machine(machine: Machine) -> None:
    made = {
        tag: MadeWheel("fast", {"fast.py": f"tag = {tag!r}\n"}, tag=tag)
        for tag in (
            "cp38-cp38-manylinux_2_17_aarch64",
            "cp38-cp38-manylinux_2_17_x86_64",
            "cp311-cp311-manylinux_2_34_x86_64",
            "cp311-cp311-manylinux_2_17_x86_64",
            "cp312-cp312-musllinux_1_2_x86_64",
        )
    }
    hashes = [wheel.write(machine.wheels)["hashes"][0] for wheel in made.values()]
    package = {"name": "fast", "version": "1.0", "hashes": hashes}
    targets = {
        ("linux/arm64", "3.8.18", "glibc 2.31"): "cp38-cp38-manylinux_2_17_aarch64",
        ("linux/amd64", "3.8.18", "glibc 2.36"): "cp38-cp38-manylinux_2_17_x86_64",
        ("linux/amd64", "3.11.2", "glibc 2.36"): "cp311-cp311-manylinux_2_34_x86_64",
        ("linux/amd64", "3.11.2", "glibc 2.28"): "cp311-cp311-manylinux_2_17_x86_64",
        ("linux/amd64", "3.12.1", "musl 1.2"): "cp312-cp312-musllinux_1_2_x86_64",
    }
    for (platform, version, libc), tag in targets.items():
        python = BasePython(version, "/usr/local/bin/python3", libc)
        base = replace(BASE, platform=platform, python=python)
        found = files_in(machine.dependencies([package], base))
        minor = ".".join(version.split(".")[:2])
        site = f"amlplan/environment/lib/python{minor}/site-packages"
        assert found[f"{site}/fast.py"] == f"tag = {tag!r}\n".encode()


@pytest.mark.parametrize(
    ("libc", "platform"),
    [
        ("glibc 2.12", "x86_64-manylinux_2_17"),
        ("glibc 2.30", "x86_64-manylinux_2_28"),
        ("glibc 2.36", "x86_64-manylinux_2_36"),
        ("glibc 2.99", "x86_64-manylinux_2_40"),
        ("musl 1.2.4", "x86_64-unknown-linux-musl"),
        ("musl", "x86_64-unknown-linux-musl"),
    ],
)
def test_uv_is_told_the_newest_library_that_it_knows(libc: str, platform: str) -> None:
    base = replace(BASE, python=replace(BASE.python, libc=libc))
    assert uv_platform(to_unpack(Dependencies(()), base)) == platform


@pytest.mark.parametrize("libc", ["", "glibc", "glibc 3.0", "uclibc 1.0"])
def test_another_library_is_refused(machine: Machine, libc: str) -> None:
    base = replace(BASE, python=replace(BASE.python, libc=libc))
    with pytest.raises(ProviderError, match="wheels are for glibc or musl"):
        machine.dependencies([TOOL.write(machine.wheels)], base)


def test_markers_are_those_of_the_image(machine: Machine) -> None:
    there = TOOL.write(machine.wheels) | {"marker": "platform_machine == 'x86_64'"}
    absent = MadeWheel("absent", {"absent.py": ""}).write(machine.wheels)
    layer = machine.dependencies([there, absent | {"marker": "python_full_version >= '3.12'"}])
    assert f"{SITE}/tool/__init__.py" in files_in(layer)
    assert f"{SITE}/absent.py" not in files_in(layer)


def test_a_package_without_a_wheel_for_the_image_is_told(machine: Machine) -> None:
    failing_sdist(machine.wheels, "source", "1.0")
    with pytest.raises(ProviderError, match=r"Python 3\.11\.2 on linux-x86_64") as told:
        machine.dependencies([{"name": "source", "version": "1.0", "hashes": []}])
    assert told.value.summary == "A package without a wheel"
    package: dict[str, Any] = {"name": "mine", "git": "https://git.example/mine", "commit": "c"}
    with pytest.raises(ProviderError, match="mine comes from https://git") as told:
        machine.dependencies([{**package, "hashes": []}])
    assert told.value.summary == "A package without a wheel"


def test_a_wheel_of_the_project_goes_in_as_it_was_locked(machine: Machine) -> None:
    folder = machine.context.root / "dist"
    machine.wheels.mkdir()
    package = TOOL.write(folder)
    local = {"name": "tool", "path": "dist/tool-1.0-py3-none-any.whl", "hashes": package["hashes"]}
    assert f"{SITE}/tool/__init__.py" in files_in(machine.dependencies([local]))
    replace(TOOL, files={"tool.py": "changed = 1\n"}).write(folder)
    again = Machine(machine.folder, machine.wheels)
    with pytest.raises(ProviderError, match="not what was locked"):
        again.dependencies([{**local, "marker": "python_version >= '3'"}])


def test_an_index_with_a_login_leaves_nothing_of_it(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_OFFLINE")
    package = TOOL.write(tmp_path / "index/simple/tool")
    with served(tmp_path / "index", "ana:open-sesame") as server:
        values = {"index_url": f"http://ana:open-sesame@{server.address}", "find_links": []}
        layer = machine.dependencies([package], values=values)
        assert f"{SITE}/tool/__init__.py" in files_in(layer)
        assert b"open-sesame" not in b"".join(layer.stream())
        assert b"127.0.0.1" not in b"".join(layer.stream())
        for path in machine.context.cache_folder.rglob("*.json"):
            assert "open-sesame" not in path.read_text()


def test_an_index_that_is_a_secret_has_to_be_known(machine: Machine, tmp_path: Path) -> None:
    values = {"python": "3.11", "extra_index_urls": []}  # what is sensitive is left out
    wanted = to_unpack(Dependencies((TOOL.write(machine.wheels),), values), BASE)
    environment = LocalEnvironment(machine.context)
    with pytest.raises(AuthError, match="is sensitive"):
        environment.unpack(wanted, tmp_path / "folder", StandInOperation())


def test_what_uv_does_is_told_and_a_wish_to_stop_is_heard(machine: Machine) -> None:
    values = {"index_url": None, "extra_index_urls": [], "find_links": [str(machine.wheels)]}
    wanted = Dependencies((TOOL.write(machine.wheels),), values)
    operation, environment = StandInOperation(), LocalEnvironment(machine.context)
    dependencies_layer(wanted, BASE, environment, machine.cache, operation)
    assert "unpacking packages for linux/amd64" in operation.texts
    assert any("tool==1.0" in text for text in operation.texts)
    assert not [text for text in operation.texts if "interpreter" in text]
    shutil.rmtree(machine.context.cache_folder)
    stopped = StandInOperation(cancelled=True)
    with pytest.raises(CanceledError):
        dependencies_layer(wanted, BASE, environment, machine.cache, stopped)
    folder = machine.context.cache_folder / "layers"
    assert not list(folder.iterdir())


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    there = Machine(tmp_path / "machine", tmp_path / "wheels")
    large = MadeWheel("large", {"large.py": "x = 1\n" * 500_000}).write(there.wheels)
    there.context.cache_folder.mkdir(parents=True)
    with small_disk(there.context.cache_folder, "4m"):
        with pytest.raises(QuotaError):
            there.dependencies([large])
        left = [path for path in there.context.cache_folder.rglob("*") if path.is_file()]
        assert not left
        assert there.dependencies([]).size


def test_without_packages_there_is_an_environment_all_the_same(machine: Machine) -> None:
    assert set(files_in(machine.dependencies([]))) == {
        "amlplan/environment/pyvenv.cfg",
        "amlplan/environment/bin/python",
        "amlplan/environment/bin/python3",
        "amlplan/environment/bin/python3.11",
    }


def test_what_was_built_is_not_built_again(machine: Machine) -> None:
    package = TOOL.write(machine.wheels)
    first = machine.dependencies([package])
    for wheel in machine.wheels.iterdir():
        wheel.unlink()
    assert machine.dependencies([package]).diff_id == first.diff_id


def test_a_cache_that_was_meddled_with_is_seen_and_mended(machine: Machine) -> None:
    package = TOOL.write(machine.wheels)
    layer = machine.dependencies([package])
    path = machine.context.cache_folder / "layers" / f"{layer.diff_id[7:]}.tar"
    content = bytearray(path.read_bytes())
    content[1500] ^= 1
    path.write_bytes(content)
    with pytest.raises(ProviderError, match="no longer had the bytes of its digest"):
        list(machine.dependencies([package]).stream())
    again = machine.dependencies([package])
    assert b"".join(again.stream())
    assert again.diff_id == layer.diff_id
    path.write_bytes(content[:-512])
    assert machine.cache.built("dependencies", Measured(layer.diff_id, layer.size)) is None


def test_layers_that_nothing_asks_for_go_in_the_end(machine: Machine) -> None:
    package = TOOL.write(machine.wheels)
    old, used = machine.dependencies([package]), machine.dependencies([])
    folder = machine.context.cache_folder / "layers"
    for layer in (old, used):
        os.utime(folder / f"{layer.diff_id[7:]}.tar", (1, 1))
    machine.dependencies([])
    (folder / "0123456789abcdef.room").mkdir()  # as a killed process leaves it
    other = MadeWheel("other", {"other.py": ""}).write(machine.wheels)
    new = machine.dependencies([other])
    kept = {path.name for path in folder.iterdir() if path.suffix != ".json"}
    assert kept == {f"{layer.diff_id[7:]}.tar" for layer in (used, new)}


@pytest.mark.parametrize(
    ("values", "entry", "says"),
    [
        ({"user_managed": True, "interpreter": "/x"}, {}, "user_managed"),
        ({"python": "3.11"}, {}, "has no answer for environment.sk"),
        ({}, {"python": "3.12", "packages": []}, "asks for Python 3.12"),
        ({}, {"python": "3.11.4", "packages": []}, "has 3.11.2"),
        ({"platforms": ["macos-arm64"]}, {"python": "3.11", "packages": []}, "locked for macos"),
        ({}, {"packages": [], "conda": {"only": "bioconda::samtools"}}, "samtools"),
    ],
)
def test_an_environment_that_fits_no_image_is_refused(
    values: dict[str, Any], entry: dict[str, Any], says: str
) -> None:
    lock = {"sha256:1": entry} if entry else {}
    with pytest.raises(ProviderError, match=says):
        Dependencies.of("environment.sk", values, lock, BASE)


def test_the_key_is_over_what_decides_and_nothing_else() -> None:
    packages = ({"name": "a", "version": "1", "hashes": []},)
    key = Dependencies(packages, {"index_url": "https://one"}).key(BASE)
    assert Dependencies(packages, {"index_url": "https://two"}).key(BASE) == key
    assert Dependencies(packages).key(replace(BASE, digest="sha256:other")) == key
    assert Dependencies(()).key(BASE) != key
    for python in (
        replace(BASE.python, version="3.11.3"),
        replace(BASE.python, libc="glibc 2.31"),
        replace(BASE.python, executable="/usr/local/bin/python3"),
    ):
        assert Dependencies(packages).key(replace(BASE, python=python)) != key
    assert Dependencies(packages).key(replace(BASE, platform="linux/arm64")) != key
