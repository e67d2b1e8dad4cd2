from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from amlplan import digests
from amlplan.content import content_of
from amlplan.errors import NotFoundError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"b.bin": b"b", "a/deep/c.bin": b"c", "a/x": b"x", "z.txt": b"z", "é": b"e"}
LONG_AGO = time.time() - 1000


def fill(folder: Path, names: list[str], mode: int = 0o644) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES[name])
        path.chmod(mode)
    return folder


def aged(path: Path) -> Path:
    """Not racy: the change time cannot be set, so the test looks at it from later on."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(digests.time, "time", lambda: now() + 60)  # type: ignore[attr-defined]


def test_order_modes_and_times_have_no_part_in_it(tmp_path: Path) -> None:
    names = list(FILES)
    first = content_of(fill(tmp_path / "one", names), tmp_path / "cache")
    random.Random(4).shuffle(names)
    other = fill(tmp_path / "two", names, 0o755)
    (other / "empty" / "folder").mkdir(parents=True)
    os.utime(other / "b.bin", (1, 1))
    second = content_of(other, tmp_path / "cache")
    assert first == second
    assert list(first.files) == sorted(FILES)
    assert first.size == 5


def test_a_path_is_part_of_the_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    one, two = (content_of(tmp_path / name, tmp_path / "cache") for name in "ab")
    assert one.files["a"] == two.files["b"]
    assert one.digest != two.digest


def test_the_digest_is_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"abc")
    content = content_of(tmp_path / "model.bin", tmp_path / "cache")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert content.files == {"model.bin": f"sha256:{digest}"}
    # Of "model.bin", NUL, the line above, NUL. State and stores hold it: it must never change.
    assert content.digest == (
        "sha256:881078f05889e38967430608b86d53addc9b3a5cc89b5056f686f27275c09e29"
    )


def test_links_inside_are_followed_as_what_they_lead_to(tmp_path: Path) -> None:
    source = fill(tmp_path / "source", ["b.bin", "a/x"])
    (source / "to-file").symlink_to("b.bin")
    (source / "to-folder").symlink_to("a", target_is_directory=True)
    content = content_of(source, tmp_path / "cache")
    assert list(content.files) == ["a/x", "b.bin", "to-file", "to-folder/x"]
    assert content.files["to-file"] == content.files["b.bin"]


def test_a_source_may_itself_be_a_link(tmp_path: Path) -> None:
    source = fill(tmp_path / "source", ["b.bin"])
    link = tmp_path / "link"
    link.symlink_to(source)
    assert content_of(link, tmp_path / "cache") == content_of(source, tmp_path / "cache")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "l").symlink_to("/etc/hostname"), "outside"),
        (lambda folder: (folder / "l").symlink_to("../beside"), "outside"),
        (lambda folder: (folder / "l").symlink_to("nowhere"), "cannot be followed"),
        (lambda folder: (folder / "l").symlink_to("l"), "cannot be followed"),
        (lambda folder: (folder / "l").symlink_to("."), "repeat itself"),
        (lambda folder: os.mkfifo(folder / "l"), "a pipe"),
        (lambda folder: (folder / os.fsdecode(b"\xff")).touch(), "cannot read"),
    ],
    ids=["absolute", "beside", "broken", "itself", "loop", "pipe", "name"],
)
def test_what_has_no_content_of_its_own_is_refused(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    (tmp_path / "beside").touch()
    source = fill(tmp_path / "source", ["b.bin"])
    make(source)
    with pytest.raises(ProviderError, match=said):
        content_of(source, tmp_path / "cache")


def test_two_links_that_lead_into_each_other_end(tmp_path: Path) -> None:
    source = fill(tmp_path / "source", ["a/x"])
    (source / "b").mkdir()
    (source / "a" / "to-b").symlink_to("../b")
    (source / "b" / "to-a").symlink_to("../a")
    with pytest.raises(ProviderError, match="repeat itself"):
        content_of(source, tmp_path / "cache")


def test_a_missing_or_empty_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing-here"):
        content_of(tmp_path / "nothing-here", tmp_path / "cache")
    (tmp_path / "empty" / "in").mkdir(parents=True)
    with pytest.raises(ProviderError, match="holds no file"):
        content_of(tmp_path / "empty", tmp_path / "cache")


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = aged(fill(tmp_path / "source", ["b.bin"]) / "b.bin")
    first = content_of(source, tmp_path / "cache")
    monkeypatch.setattr(digests, "hash_file", None)
    assert content_of(source, tmp_path / "cache") == first


def test_a_file_that_changed_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"one")
    status = source.stat()
    first = content_of(source, tmp_path / "cache")
    # Within one tick of a coarse clock the status could stay the same, so nothing may be kept.
    kept = list((tmp_path / "cache").rglob("*.json"))
    assert not any(str(source) in path.read_text() for path in kept)
    source.write_bytes(b"two")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content_of(source, tmp_path / "cache") != first


def test_the_same_size_and_time_do_not_hide_a_change(tmp_path: Path, later: None) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"one")
    os.utime(source, (LONG_AGO, LONG_AGO))
    first = content_of(source, tmp_path / "cache")
    time.sleep(0.02)  # a tick of the file system's clock
    source.write_bytes(b"two")
    os.utime(source, (LONG_AGO, LONG_AGO))
    assert content_of(source, tmp_path / "cache") != first


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}'])
def test_a_broken_memory_costs_time_only(tmp_path: Path, later: None, text: str) -> None:
    source = aged(fill(tmp_path / "source", ["b.bin"]) / "b.bin")
    first = content_of(source, tmp_path / "cache")
    for path in (tmp_path / "cache" / "digests").iterdir():
        path.write_text(text.replace("x", str(source)))
    assert content_of(source, tmp_path / "cache") == first


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, later: None) -> None:
    source = aged(fill(tmp_path / "source", ["b.bin"]) / "b.bin")
    (tmp_path / "cache").write_text("a file in its place")
    assert content_of(source, tmp_path / "cache").size == 1


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"x" * 100)
    monkeypatch.setattr(digests, "CHUNK", 10)

    def append() -> None:
        with source.open("ab") as file:
            file.write(b"y")

    with pytest.raises(ProviderError, match="written to by somebody"):
        digests.hash_file(source, append)


def test_a_file_whose_name_another_takes_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"x" * 100)
    before = digests.hash_file(source)
    monkeypatch.setattr(digests, "CHUNK", 10)

    def replace() -> None:
        (tmp_path / "new").write_bytes(b"y" * 100)
        (tmp_path / "new").replace(source)

    assert digests.hash_file(source, replace) == before
