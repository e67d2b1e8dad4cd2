"""Layers are the same bytes everywhere, and nothing gets into one that would leave its place."""

from __future__ import annotations

import hashlib
import io
import os
import random
import socket
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_images.entries import File, Link, archive_of_entries, header
from amlplan_images.layers import layer_of, measure

if TYPE_CHECKING:
    from pathlib import Path

LONG = "amlplan/" + "/".join(["x" * 200] * 3)
ENTRIES: tuple[File | Link, ...] = (
    File.of("amlplan/source/score.py", b"def init(): ...\n"),
    File.of("amlplan/environment/bin/tool", b"#!/bin/sh\n", executable=True),
    File.of("amlplan/models/r\u00ebsum\u00e9/\u6a21\u578b.bin", bytes(range(256)) * 5),
    File.of(f"{LONG}/deep.txt", b""),
    Link("amlplan/environment/bin/python", "/usr/bin/python3"),
    Link("amlplan/environment/lib64", "../" * 60 + "lib"),
)
DIGEST = "sha256:f8633b0f5bf7570dc0cbfe964f600e667badceae1ce7e848b0027a763e03e8e1"

HEADER = "071c83b04a3920969b1c625bc5752140fda57c065dc6aeef264a362251493954"


def bytes_of(*entries: File | Link) -> bytes:
    return b"".join(bytes(piece) for piece in archive_of_entries(entries))


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


def test_the_bytes_are_these_wherever_and_whenever() -> None:
    shuffled: list[File | Link] = list(ENTRIES)
    random.Random(7).shuffle(shuffled)
    assert bytes_of(*shuffled) == bytes_of(*ENTRIES)
    assert measure([bytes_of(*ENTRIES)]).diff_id == DIGEST


def test_owners_times_and_modes_are_fixed_and_folders_are_there() -> None:
    found = members(bytes_of(*ENTRIES))
    assert {member.mtime for member in found.values()} == {0}
    assert {(member.uid, member.gid, member.uname) for member in found.values()} == {(0, 0, "")}
    assert found["amlplan/environment/bin"].isdir()
    assert found["amlplan/environment/bin"].mode == 0o755
    assert found["amlplan/environment/bin/tool"].mode == 0o755
    assert found["amlplan/source/score.py"].mode == 0o644
    assert found["amlplan/environment/lib64"].linkname == "../" * 60 + "lib"
    assert f"{LONG}/deep.txt" in found


def test_other_programs_read_the_archive(tmp_path: Path) -> None:
    (tmp_path / "layer.tar").write_bytes(bytes_of(*ENTRIES))
    subprocess.run(["tar", "-xf", "layer.tar"], cwd=tmp_path, check=True)
    for entry in ENTRIES:
        if isinstance(entry, File):
            assert (tmp_path / entry.path).read_bytes() == entry.content
        else:
            assert os.readlink(tmp_path / entry.path) == entry.target  # noqa: PTH115


def test_two_folders_made_differently_give_one_layer(tmp_path: Path) -> None:
    made = []
    for number, names in enumerate((["b", "a", "c"], ["c", "b", "a"])):
        folder = tmp_path / str(number)
        before = os.umask(0o077 if number else 0o002)
        try:
            folder.mkdir()
            for name in names:
                (folder / name).write_text(f"content of {name}\n")
                os.utime(folder / name, (number * 1000, number * 1000))
        finally:
            os.umask(before)
        entries = [
            File(f"amlplan/source/{path.name}", path.stat().st_size, path)
            for path in folder.iterdir()
        ]
        made.append(layer_of("code", entries).diff_id)
    assert made[0] == made[1]


def test_a_file_of_more_than_8_gib_has_its_size() -> None:
    size = 9 * 1024**3 + 7
    data = header("amlplan/models/large/weights.bin", size)
    with tarfile.open(fileobj=io.BytesIO(data + bytes(1024))) as archive:
        first = archive.firstmember  # type: ignore[attr-defined]
        assert (first.name, first.size) == ("amlplan/models/large/weights.bin", size)
    assert hashlib.sha256(data).hexdigest() == HEADER


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../etc/passwd", "leads out of its folder"),
        ("amlplan/../../etc/passwd", "leads out of its folder"),
        ("/etc/passwd", "leads out of its folder"),
        ("amlplan//x", "leads out of its folder"),
        ("amlplan/\0", "leads out of its folder"),
        ("", "leads out of its folder"),
        ("amlplan/models/.wh.score.py", "told to delete"),
        ("amlplan/.wh..wh..opq", "told to delete"),
        ("amlplan/.wh.folder/x", "told to delete"),
        ("amlplan/" + "\u00fc" * 128, "longer than Linux takes"),
        ("amlplan/" + "x/" * 2100 + "x", "longer than Linux takes"),
        ("amlplan/\udcff", "other machines cannot read"),
    ],
)
def test_a_path_that_no_image_can_have_is_refused(path: str, says: str) -> None:
    with pytest.raises(ProviderError) as told:
        bytes_of(File.of(path, b""))
    assert says in told.value.detail


@pytest.mark.parametrize(
    "entries",
    [
        (File.of("amlplan/a", b""), File.of("amlplan/a", b"")),
        (File.of("amlplan/a", b""), File.of("amlplan/a/b", b"")),
        (File.of("amlplan/a/b", b""), Link("amlplan/a", "elsewhere")),
    ],
)
def test_two_things_in_one_place_are_refused(entries: tuple[File | Link, ...]) -> None:
    with pytest.raises(ProviderError, match="would both be /amlplan/a"):
        bytes_of(*entries)


def test_a_file_that_changed_is_told_before_the_layer_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x" * 5000)
    layer = layer_of("models", [File("amlplan/models/m/model.bin", 5000, path)])
    assert measure(layer.stream()).diff_id == layer.diff_id
    for content in (b"y" * 5000, b"x" * 4999, b"x" * 5001, b""):
        path.write_bytes(content)
        sent: list[int] = []
        with pytest.raises(ProviderError, match="not what it was when the plan was made"):
            sent.extend(len(piece) for piece in layer.stream())
        assert sum(sent) < layer.size


def test_what_is_no_file_any_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x")
    layer = layer_of("models", [File("amlplan/models/m/model.bin", 1, path)])
    path.unlink()
    with pytest.raises(ProviderError, match="No such file"):
        list(layer.stream())
    os.mkfifo(path)
    with pytest.raises(ProviderError, match="is a pipe, a socket or a device"):
        list(layer.stream())
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(path))
        with pytest.raises(ProviderError):
            list(layer.stream())
