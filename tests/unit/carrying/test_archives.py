"""Archives that go into a container, and those that come out of it and are not trusted."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.carrying.fetching import roots_of, unpack
from amlplan_docker.carrying.sending import Owner, run_archive, task_archive, tree_archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def _opened(pieces: Iterable[bytes]) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(pieces)))


def _archive(*members: tuple[str, bytes | str, str]) -> Iterator[bytes]:
    """An archive as a script may have it made: names, contents or targets, and types."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE}.get(kind, kind.encode())
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                archive.addfile(info)
    data = written.getvalue()
    yield from (data[place : place + 100] for place in range(0, len(data), 100))


def test_links_that_lead_out_of_the_working_folder_are_sent_as_what_they_mean(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    (data / "deep" / "one.csv").write_text("1")
    work = tmp_path / "work"
    work.mkdir()
    (work / "train.py").write_text("print()")
    (work / "again.py").symlink_to("train.py")
    (work / "data").symlink_to(data)
    with _opened(tree_archive(work, "run/work", Owner(5, 6))) as archive:
        members = {member.name: member for member in archive}
        assert members["run/work/again.py"].issym()
        assert members["run/work/data"].isdir()
        assert members["run/work/data/deep/one.csv"].isreg()
        assert {(member.uid, member.gid) for member in members.values()} == {(5, 6)}


def test_a_run_is_sent_with_all_that_runs_it(tmp_path: Path) -> None:
    for name in ("work", "recorder/amlplan_run"):
        (tmp_path / name).mkdir(parents=True)
    with _opened(run_archive(tmp_path / "work", tmp_path / "recorder", {}, Owner())) as archive:
        names = set(archive.getnames())
    assert {"run/work", "run/events", "run/recorder/amlplan_run"} <= names
    assert "run/inside/amlplan_docker/inside/runner.py" in names


def test_nobody_else_may_read_the_task() -> None:
    with _opened([task_archive({"secrets": {"A": "b"}}, Owner(7))]) as archive:
        (member,) = archive
        assert (member.mode, member.uid, member.name) == (0o600, 7, "task.json")


def test_files_come_back(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "outputs").mkdir(parents=True)
    (root / "outputs" / "old").write_text("stays")
    (root / "outputs" / "again").write_text("replaced")
    links = unpack(
        _archive(
            ("outputs", "", "5"),
            ("outputs/again", b"new", "file"),
            ("outputs/deep/model", b"weights" * 1000, "file"),
            ("outputs/latest", "deep/model", "link"),
            ("outputs/whole", "/amlplan/run/work/outputs/again", "link"),
        ),
        root,
        root,
    )
    outputs = root / "outputs"
    assert links == []
    assert (outputs / "old").read_text() == "stays"
    assert (outputs / "again").read_text() == "new"
    assert (outputs / "latest").read_bytes() == b"weights" * 1000
    assert (outputs / "whole").read_text() == "new"


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", b"x", "file")],
        [("/evil", b"x", "file"), ("outputs/../../evil", b"x", "file")],
        [("outputs/up", "../..", "link"), ("outputs/up/evil", b"x", "file")],
        [("outputs/up", "/", "link"), ("outputs/up/tmp/evil", b"x", "file")],
    ],
)
def test_nothing_is_written_outside_of_the_working_folder(
    members: list[tuple[str, bytes | str, str]], tmp_path: Path
) -> None:
    root = tmp_path / "run" / "work"
    root.mkdir(parents=True)
    unpack(_archive(*members), root, root)
    assert [path for path in tmp_path.rglob("evil") if not path.is_relative_to(root)] == []


def test_links_that_lead_out_of_it_are_dropped_also_those_through_others(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this host")
    root = tmp_path / "run" / "work"
    root.mkdir(parents=True)
    links = unpack(
        _archive(
            ("outputs/plain", str(secret), "link"),
            ("outputs/sub/up", "../..", "link"),
            ("outputs/sub/twice", "up/../../secret", "link"),
        ),
        root,
        root,
    )
    assert links == ["outputs/plain", "outputs/sub/twice"]
    assert not any(path.is_symlink() for path in root.rglob("plain"))


def test_pipes_and_devices_are_left_out(tmp_path: Path) -> None:
    unpack(
        _archive(("pipe", "", "6"), ("device", "", "3"), ("file", b"1", "file")), tmp_path, tmp_path
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("patterns", "asked", "roots"),
    [
        (["outputs/**", "logs/**"], [], ("logs", "outputs")),
        (["outputs/**"], ["outputs/figures/a.png"], ("outputs",)),
        (["*.pkl", "outputs/**"], [], (".",)),
        (["./model/best.bin"], ["a/../b"], ("b", "model/best.bin")),
        (["outputs/"], ["../secret", "/etc"], ("etc", "outputs")),
    ],
)
def test_no_more_is_fetched_than_may_be_wanted(
    patterns: list[str], asked: list[str], roots: tuple[str, ...]
) -> None:
    assert roots_of(patterns, asked) == roots
