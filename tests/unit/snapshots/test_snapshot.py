from __future__ import annotations

import errno
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlplan import digests
from amlplan.errors import AmlplanError, NotFoundError
from amlplan.snapshots import copies, snapshot
from amlplan.snapshots.manifest import File, Link, Snapshot
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"train.py": b"print(1)", "lib/a/x.py": b"x", "lib/y.py": b"y", "é.txt": b"e"}
LONG_AGO = time.time() - 1000
A, B = (f"sha256:{letter * 64}" for letter in "ab")


def fill(folder: Path, names: list[str] | None = None) -> Path:
    for name in names or list(FILES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES[name])
    return folder


def scan(source: Path, **limits: Any) -> Snapshot:
    wanted = {"max_size": 1 << 30, "max_files": 2000, **limits}
    return snapshot.scan(source, cache_folder=source.parent / "cache", **wanted)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return fill(tmp_path / "source")


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store", tmp_path / "cache")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change time cannot be set, so the test looks at files from later on."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 60)


def test_the_same_tree_is_the_same_snapshot_wherever_it_lies(source: Path, tmp_path: Path) -> None:
    names = list(FILES)
    random.Random(4).shuffle(names)
    other = fill(tmp_path / "elsewhere" / "deep", names)
    (other / "empty" / "folder").mkdir(parents=True)
    for path in other.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert scan(other).to_document() == scan(source).to_document()


def test_the_id_is_the_published_one(tmp_path: Path) -> None:
    made = Snapshot.of({"d/x": File(A, 1), "d/run": File(B, 2, executable=True), "l": Link("d/x")})
    # Stores hold it: it must never change.
    assert made.id == "sha256:2cae8867c51982584505695562ca0a7db37cd81a1e5f15e828675a5c4a244e13"
    assert made.size == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "train.py").write_bytes(b"print(2)"),
        lambda folder: (folder / "train.py").chmod(0o744),
        lambda folder: (folder / "train.py").rename(folder / "lib" / "train.py"),
        lambda folder: (folder / "lib" / "y.py").unlink(),
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "link").symlink_to("train.py"),
    ],
    ids=["bytes", "executable", "moved", "gone", "new", "link"],
)
def test_any_change_makes_another_snapshot(source: Path, change: Callable[[Path], object]) -> None:
    before = scan(source)
    change(source)
    after = scan(source)
    assert after.id != before.id
    difference = before.difference(after)
    assert len(difference.added + difference.removed + difference.changed) in {1, 2}


ENTRIES = st.dictionaries(
    st.lists(st.sampled_from("abcé"), min_size=1, max_size=3).map("/".join),
    st.one_of(
        st.builds(File, st.sampled_from([A, B]), st.integers(0, 9), st.booleans()),
        st.builds(Link, st.sampled_from(["a", "b/c"])),
    ),
    max_size=5,
)


def made_of(entries: dict[str, File | Link]) -> Snapshot | None:
    try:
        return Snapshot.of(entries)
    except AmlplanError:
        return None


def content(entries: dict[str, File | Link]) -> set[object]:
    """What the id stands for: the size follows from the digest."""
    return {
        (path, (entry.digest, entry.executable) if isinstance(entry, File) else entry)
        for path, entry in entries.items()
    }


@given(ENTRIES, ENTRIES)
def test_equal_ids_are_equal_trees(
    one: dict[str, File | Link], other: dict[str, File | Link]
) -> None:
    first, second = made_of(one), made_of(other)
    if first is None or second is None:
        return
    assert (first.id == second.id) == (content(one) == content(other))
    assert Snapshot.from_document(first.to_document()) == first
    shuffled = dict(sorted(one.items(), key=lambda item: item[0][::-1]))
    assert Snapshot.of(shuffled).to_document() == first.to_document()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["entries"].update({"../x": document["entries"]["train.py"]}),
        lambda document: document["entries"].update({"/x": document["entries"]["train.py"]}),
        lambda document: document["entries"].update({"l": {"link": "../../etc"}}),
        lambda document: document["entries"].update({"l": {"link": "/etc"}}),
        lambda document: document["entries"].update({"lib": {"link": "x"}}),
        lambda document: document["entries"]["train.py"].update(digest="sha256:../../etc/passwd"),
        lambda document: document["entries"]["train.py"].update(executable=True),
        lambda document: document["entries"].pop("train.py"),
        lambda document: document.update(format=2),
        lambda document: document.update(entries=7),
        lambda document: document.pop("id"),
    ],
)
def test_a_manifest_that_was_tampered_with_is_refused(
    source: Path, spoil: Callable[[Any], object]
) -> None:
    document = json.loads(scan(source).to_document())
    spoil(document)
    with pytest.raises(AmlplanError, match="cannot be read"):
        Snapshot.from_document(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_garbage_is_no_manifest(data: bytes) -> None:
    with pytest.raises(AmlplanError, match="cannot be read"):
        Snapshot.from_document(data)


def test_what_is_ignored_is_not_even_looked_at(source: Path) -> None:
    (source / ".gitignore").write_text("/out/\n*.sock\n")
    (source / "out").mkdir()
    (source / "out" / "l").symlink_to("/etc/hostname")
    os.mkfifo(source / "x.sock")
    (source / "amlplan.state.json").touch()
    assert sorted(scan(source).entries) == sorted([*FILES, ".gitignore"])


def test_links_inside_stay_links_that_lead_to_the_same(
    source: Path, store: ContentStore, tmp_path: Path
) -> None:
    links = {
        "lib/plain": "../train.py",
        "lib/absolute": str(source / "train.py"),
        "lib/around": "../../source/train.py",
        "folder": "lib",
        "dangling": "lib/nothing",
    }
    for name, target in links.items():
        (source / name).symlink_to(target)
    taken = scan(source)
    kept = {name: taken.entries[name] for name in links}
    up = Link("../train.py")
    assert kept == {
        "lib/plain": up,
        "lib/absolute": up,
        "lib/around": up,
        "folder": Link("lib"),
        "dangling": Link("lib/nothing"),
    }
    snapshot.store(taken, source, store)
    snapshot.materialise(taken, store, tmp_path / "work")
    assert (tmp_path / "work" / "lib" / "absolute").resolve() == tmp_path / "work" / "train.py"
    assert scan(tmp_path / "work") == taken


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "l").symlink_to("/etc/hostname"), "leads to /etc/hostname"),
        (lambda folder: (folder / "l").symlink_to("../beside"), r"leads to \.\./beside"),
        (lambda folder: (folder / "lib/l").symlink_to("../.."), "line /lib/l in .gitignore"),
        (lambda folder: os.mkfifo(folder / "l"), "a pipe"),
        (lambda folder: (folder / os.fsdecode(b"\xff")).touch(), "Rename it"),
        (lambda folder: (folder / "/".join(["d"] * 200)).mkdir(parents=True), "too deep"),
    ],
    ids=["absolute", "beside", "above", "pipe", "name", "deep"],
)
def test_what_cannot_be_taken_is_named_with_a_way_out(
    source: Path, make: Callable[[Path], object], said: str
) -> None:
    make(source)
    with pytest.raises(AmlplanError, match=said):
        scan(source)


def test_a_link_that_leads_outside_by_way_of_another_is_refused(source: Path) -> None:
    (source / ".gitignore").write_text("out\n")
    (source / "out").symlink_to("/etc")
    (source / "l").symlink_to("out/hostname")
    with pytest.raises(AmlplanError, match="outside"):
        scan(source)


def test_a_source_that_is_missing_or_a_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing-here"):
        scan(tmp_path / "nothing-here")
    (tmp_path / "file").touch()
    with pytest.raises(AmlplanError, match="is a file"):
        scan(tmp_path / "file")


def test_a_file_that_may_not_be_read_is_named(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    (source / "lib" / "y.py").unlink()
    (source / "lib" / "a" / "x.py").unlink()
    (source / "é.txt").unlink()
    monkeypatch.setattr(snapshot, "hash_file", refuse)
    with pytest.raises(AmlplanError, match=r"train\.py cannot be read.*line /train\.py in"):
        scan(source)


def test_too_much_names_what_is_largest(source: Path) -> None:
    for number in range(3):
        (source / "lib" / "data").mkdir(exist_ok=True)
        (source / "lib" / "data" / f"{number}.bin").write_bytes(bytes(1000 * (number + 1)))
    with pytest.raises(AmlplanError) as caught:
        scan(source, max_size=5000)
    assert "max_size = 4.9 KiB" in caught.value.detail
    assert "lib/data/2.bin (2.9 KiB), lib/data/1.bin (2.0 KiB)" in caught.value.detail
    assert ".amlignore" in caught.value.detail
    with pytest.raises(AmlplanError, match=r"(?s)max_files = 6.*lib/ \(5 files"):
        scan(source, max_files=6)
    assert scan(source, max_files=7, max_size=6012).size == 6012 - 1


@pytest.mark.usefixtures("later")
def test_an_unchanged_file_is_not_read_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scan(source)
    monkeypatch.setattr(snapshot, "hash_file", None)
    assert scan(source) == first
    (source / "train.py").chmod(0o755)
    with pytest.raises(TypeError, match="NoneType"):
        scan(source)


def test_a_file_that_changed_a_moment_ago_is_not_trusted(source: Path) -> None:
    status = (source / "train.py").stat()
    first = scan(source)
    (source / "train.py").write_bytes(b"print(2)")
    os.utime(source / "train.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scan(source).id != first.id


@pytest.mark.parametrize("big", [False, True], ids=["one thread", "two threads"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    source: Path, monkeypatch: pytest.MonkeyPatch, big: bool
) -> None:
    monkeypatch.setattr(snapshot, "WORTH_A_THREAD", 0 if big else 1 << 40)
    real = digests.hash_file

    def hash_and_touch(path: Path, check: Callable[[], None]) -> str:
        digest = real(path, check)
        if path.name == "y.py":
            path.write_bytes(b"z")
        return digest

    monkeypatch.setattr(snapshot, "hash_file", hash_and_touch)
    with pytest.raises(AmlplanError, match=r"lib/y\.py was written to"):
        scan(source)


def test_a_file_that_is_swapped_for_a_link_is_refused(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = digests.hash_file

    def swap_and_hash(path: Path, check: Callable[[], None]) -> str:
        if path.name == "train.py":
            path.unlink()
            path.symlink_to("/etc/hostname")
        return real(path, check)

    monkeypatch.setattr(snapshot, "hash_file", swap_and_hash)
    with pytest.raises(AmlplanError, match=r"train\.py was written to"):
        scan(source)


def test_two_threads_take_what_one_takes(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        (source / f"{number}.bin").write_bytes(random.Random(number).randbytes(200_000))
    alone = scan(source)
    monkeypatch.setattr(snapshot, "WORTH_A_THREAD", 1)
    shutil.rmtree(source.parent / "cache", ignore_errors=True)
    assert scan(source) == alone


def test_a_scan_stops_when_it_is_asked_to(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "WORTH_A_THREAD", 1)

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        snapshot.scan(source, max_size=99, max_files=9, cache_folder=source, check=check)


def test_what_is_stored_comes_out_as_it_was(
    source: Path, store: ContentStore, tmp_path: Path
) -> None:
    (source / "train.py").chmod(0o755)
    (source / "twice.py").write_bytes(FILES["train.py"])
    taken = scan(source)
    snapshot.store(taken, source, store)
    shutil.rmtree(source)
    work = tmp_path / "work"
    again = snapshot.load(store, taken.id)
    snapshot.materialise(again, store, work)
    assert scan(work) == taken == again
    assert os.access(work / "train.py", os.X_OK)
    (work / "train.py").write_bytes(b"changed by the script")
    assert (work / "twice.py").read_bytes() == FILES["train.py"]
    assert store.path(taken.files["twice.py"].digest).read_bytes() == FILES["train.py"]
    assert all(path.stat().st_mode & stat.S_IWUSR for path in work.rglob("*.py"))


def test_nothing_is_stored_twice(source: Path, store: ContentStore, tmp_path: Path) -> None:
    snapshot.store(scan(source), source, store)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*") if path.is_file()}
    (source / "lib" / "y.py").write_bytes(b"new")
    told: list[str] = []
    taken = scan(source)
    for _ in range(2):
        snapshot.store(taken, source, store, progress=told.append)
    assert told == ["storing lib/y.py (1 of 1)"]
    after = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*") if path.is_file()}
    assert after.items() >= before.items()
    assert len(after) == len(before) + 2  # a blob and a manifest


def test_a_file_that_changed_since_the_scan_is_not_stored(
    source: Path, store: ContentStore
) -> None:
    taken = scan(source)
    (source / "train.py").write_bytes(b"print(2)")
    with pytest.raises(AmlplanError, match=r"train\.py was written to"):
        snapshot.store(taken, source, store)
    with pytest.raises(NotFoundError):
        snapshot.load(store, taken.id)


def test_a_damaged_store_is_not_written_out(
    source: Path, store: ContentStore, tmp_path: Path
) -> None:
    taken = scan(source)
    snapshot.store(taken, source, store)
    blob = store.path(taken.files["train.py"].digest)
    blob.unlink()
    with pytest.raises(AmlplanError, match="is missing"):
        snapshot.materialise(taken, store, tmp_path / "one")
    blob.write_bytes(b"torn")
    with pytest.raises(AmlplanError, match="has 4 bytes in place of 8"):
        snapshot.materialise(taken, store, tmp_path / "two")
    snapshot.store(taken, source, store)
    snapshot.materialise(taken, store, tmp_path / "three")
    with pytest.raises(AmlplanError, match="holds something already"):
        snapshot.materialise(taken, store, tmp_path / "three")


def test_a_manifest_that_is_broken_is_written_again(source: Path, store: ContentStore) -> None:
    taken = scan(source)
    snapshot.store(taken, source, store)
    snapshot.manifest_path(store, taken.id).write_text("{}")
    with pytest.raises(AmlplanError, match="cannot be read"):
        snapshot.load(store, taken.id)
    snapshot.store(taken, source, store)
    assert snapshot.load(store, taken.id) == taken


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_shared_copies_is_copied_on(
    source: Path, store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, "refused")

    monkeypatch.setattr(copies.os, "copy_file_range", refuse, raising=False)  # type: ignore[attr-defined]
    taken = scan(source)
    snapshot.store(taken, source, store)
    snapshot.materialise(taken, store, tmp_path / "work")
    assert scan(tmp_path / "work") == taken


def test_nothing_slow_is_imported() -> None:
    code = "import sys, amlplan.snapshots.snapshot; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"pydantic", "asyncio", "concurrent.futures", "logging", "subprocess"}
    assert not slow & set(done.stdout.split())
