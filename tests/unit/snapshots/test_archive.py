from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlplan.errors import AmlplanError, NotFoundError
from amlplan.snapshots import snapshot
from amlplan.snapshots.archive import write_zip
from amlplan.snapshots.manifest import Link, Snapshot
from amlplan.snapshots.patches import LARGEST, Side, patch_of
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def taken(folder: Path, **more: Any) -> Snapshot:
    limits = {"max_size": 1 << 30, "max_files": 5000} | more
    return snapshot.scan(folder, cache_folder=folder.parent / "cache", **limits)


def kept(folder: Path, store: ContentStore) -> Snapshot:
    found = taken(folder)
    snapshot.store(found, folder, store)
    return found


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store", tmp_path / "cache")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "lib").mkdir(parents=True)
    (folder / "train.py").write_text("print(1)\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "lib" / "é x.txt").write_text("text")
    (folder / "lib" / "link").symlink_to("../train.py")
    (folder / "empty").touch()
    return folder


def test_a_zip_is_the_published_one(source: Path, store: ContentStore, tmp_path: Path) -> None:
    write_zip(kept(source, store), store, tmp_path / "one.zip")
    digest = hashlib.sha256((tmp_path / "one.zip").read_bytes()).hexdigest()
    # Whoever kept a zip compares it: its bytes must never change.
    assert digest == "e2f2273c28218d33058f4cd03c0355e49fea73b4c94e646da9f974a7cb7153e2"


def test_the_same_snapshot_is_the_same_zip(
    source: Path, store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_zip(kept(source, store), store, tmp_path / "one.zip")
    other = tmp_path / "other"
    shutil.copytree(source, other, symlinks=True)
    for path in other.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    second = ContentStore(tmp_path / "second", tmp_path / "cache")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    write_zip(kept(other, second), second, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_holds_what_the_snapshot_holds(
    source: Path, store: ContentStore, tmp_path: Path
) -> None:
    found = kept(source, store)
    write_zip(found, store, tmp_path / "it.zip")
    with zipfile.ZipFile(tmp_path / "it.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(found.entries)
        modes = {item.filename: item.external_attr >> 16 for item in archive.infolist()}
        assert archive.read("lib/é x.txt") == b"text"
        assert archive.read("lib/link") == b"../train.py"
    assert stat.S_ISLNK(modes["lib/link"])
    assert (modes["run.sh"] & 0o777, modes["train.py"] & 0o777) == (0o755, 0o644)
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["it.zip"]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_damaged_store_gives_no_zip(
    source: Path, store: ContentStore, tmp_path: Path, is_gone: bool
) -> None:
    found = kept(source, store)
    blob = store.path(found.files["train.py"].digest)
    blob.unlink()
    if not is_gone:
        blob.write_text("other(1)\n")
    with pytest.raises(NotFoundError if is_gone else AmlplanError, match=r"gone|no longer has"):
        write_zip(found, store, tmp_path / "it.zip")
    assert not [path for path in tmp_path.iterdir() if ".zip" in path.name]


NAMES = st.sampled_from(["a", "b", "d/a", "d/b c", "é", 'q"uote', "back\\slash", "tab\tname"])
TEXTS = st.lists(st.sampled_from(["one", "two", "", "\r", "é"]), max_size=6).map("\n".join)
CONTENTS = st.one_of(
    TEXTS.map(str.encode),
    TEXTS.map(lambda text: f"{text}\n".encode()),
    st.sampled_from([Link("a"), Link("d/b c")]),
)
TREES = st.dictionaries(NAMES, st.tuples(CONTENTS, st.booleans()), max_size=5)


def write_tree(folder: Path, tree: Mapping[str, tuple[bytes | Link, bool]]) -> Path:
    folder.mkdir()
    for name, (content, executable) in tree.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, Link):
            inner = content.target if "/" not in name else f"../{content.target}"
            path.symlink_to(inner)
        else:
            path.write_bytes(content)
            path.chmod(0o755 if executable else 0o644)
    return folder


def side(folder: Path) -> Side:
    return Side(taken(folder), lambda path: (folder / path).read_bytes())


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=TREES, after=TREES)
def test_git_applies_a_patch(
    tmp_path_factory: pytest.TempPathFactory,
    before: Mapping[str, tuple[bytes | Link, bool]],
    after: Mapping[str, tuple[bytes | Link, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("patch", numbered=True)
    old, new = write_tree(folder / "old", before), write_tree(folder / "new", after)
    wanted = side(new)
    patch = "".join(patch_of(side(old), wanted))
    if patch:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=old,
            input=patch.encode(),
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder), "LC_ALL": "C"},
        )
        assert done.returncode == 0, (done.stderr.decode(), patch)
    assert taken(old).id == wanted.snapshot.id
    shutil.rmtree(folder)


@pytest.mark.parametrize("content", [b"\0", b"\xff", b"x" * (LARGEST + 1)])
def test_what_is_no_text_is_only_named(tmp_path: Path, content: bytes) -> None:
    old, new = write_tree(tmp_path / "old", {}), write_tree(tmp_path / "new", {})
    (new / "x").write_bytes(content)
    assert list(patch_of(side(old), side(new))) == [
        "diff --git a/x b/x\nnew file mode 100644\nBinary files a/x and b/x differ\n"
    ]
