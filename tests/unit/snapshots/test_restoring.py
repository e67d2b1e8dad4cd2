from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import AmlplanError
from amlplan.snapshots import restoring as module
from amlplan.snapshots import snapshot
from amlplan.snapshots.ignore import IgnoreRules
from amlplan.snapshots.restoring import restore, restoring
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.snapshots.manifest import Snapshot
    from amlplan.snapshots.restoring import Restoring


class Bench:
    """A snapshot of `source`, and a `target` to put it into."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = folder / "source", folder / "target"
        self.store = ContentStore(folder / "store", folder / "cache")
        self.cache = folder / "cache"
        for name, text in {"train.py": "1", "lib/a.py": "a", "lib/b.py": "b"}.items():
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            (self.source / name).write_text(text)
        (self.source / "link").symlink_to("lib/a.py")
        (self.source / "lib/b.py").chmod(0o755)
        self.taken = self.scan(self.source)
        snapshot.store(self.taken, self.source, self.store)

    def scan(self, folder: Path) -> Snapshot:
        return snapshot.scan(folder, max_size=1 << 20, max_files=99, cache_folder=self.cache)

    def plan(self, *, removes: bool = False, taken: Snapshot | None = None) -> Restoring:
        return restoring(taken or self.taken, IgnoreRules(self.target), removes=removes)

    def restore(self, *, removes: bool = False) -> Snapshot | None:
        return restore(self.plan(removes=removes), self.store)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_folder_that_is_missing_is_filled(bench: Bench) -> None:
    plan = bench.plan()
    assert (len(plan.added), plan.replaced, plan.extra) == (4, (), ())
    assert restore(plan, bench.store) is None
    assert bench.scan(bench.target) == bench.taken
    assert not bench.plan().changes


def test_what_differs_is_replaced_and_kept_and_the_rest_stays(bench: Bench) -> None:
    bench.restore()
    (bench.target / "train.py").write_text("mine")
    (bench.target / "lib" / "b.py").chmod(0o644)
    (bench.target / "link").unlink()
    (bench.target / "link").symlink_to("train.py")
    (bench.target / "extra").write_text("e")
    before = bench.scan(bench.target)
    plan = bench.plan()
    assert plan.replaced == ("lib/b.py", "link", "train.py")
    assert (plan.added, plan.extra) == ((), ("extra",))
    kept = restore(plan, bench.store)
    assert kept is not None
    assert sorted(kept.entries) == ["lib/b.py", "link", "train.py"]
    assert (bench.target / "extra").read_text() == "e"
    # What was replaced comes back.
    again = snapshot.load(bench.store, kept.id)
    restore(bench.plan(taken=again), bench.store)
    assert bench.scan(bench.target) == before


def test_what_the_snapshot_lacks_is_removed_where_that_is_asked_for(bench: Bench) -> None:
    (bench.target / "deep" / "er").mkdir(parents=True)
    for name in ("deep/er/x", "ignored.log", "amlplan.state.json", ".gitignore"):
        (bench.target / name).write_text("*.log\n")
    plan = bench.plan(removes=True)
    assert plan.extra == (".gitignore", "deep/er/x")
    kept = restore(plan, bench.store)
    assert kept is not None
    assert sorted(kept.entries) == [".gitignore", "deep/er/x"]
    assert sorted(path.name for path in bench.target.iterdir()) == [
        "amlplan.state.json",
        "ignored.log",
        "lib",
        "link",
        "train.py",
    ]


@pytest.mark.parametrize("what", ["folder", "link above", "pipe", "link outside", "file above"])
def test_nothing_is_written_over_what_is_no_file(bench: Bench, tmp_path: Path, what: str) -> None:
    bench.target.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    if what == "folder":
        (bench.target / "train.py").mkdir()
    elif what == "link above":
        (bench.target / "lib").symlink_to(outside)
    elif what == "pipe":
        os.mkfifo(bench.target / "train.py")
    elif what == "file above":
        (bench.target / "lib").touch()
    else:
        (bench.target / "train.py").symlink_to(outside / "x")
    with pytest.raises(AmlplanError, match="in the way"):
        bench.plan()
    assert not list(outside.iterdir())


@pytest.mark.parametrize("name", ["train.py", "lib/a.py"], ids=["replaced", "added"])
def test_a_file_that_changes_after_the_plan_is_left_alone(bench: Bench, name: str) -> None:
    bench.target.mkdir()
    (bench.target / "train.py").write_text("mine")
    plan = bench.plan()
    (bench.target / name).parent.mkdir(exist_ok=True)
    (bench.target / name).write_text("newer")
    with pytest.raises(AmlplanError, match="changed since the plan"):
        restore(plan, bench.store)
    assert (bench.target / name).read_text() == "newer"
    assert not (bench.target / "lib" / "b.py").exists()


def test_a_file_that_comes_at_the_last_moment_is_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = bench.plan()
    bench.target.mkdir()
    monkeypatch.setattr(module, "_check_unchanged", lambda _plan: None)
    (bench.target / "link").write_text("mine")
    with pytest.raises(AmlplanError, match="changed since the plan"):
        restore(plan, bench.store)
    assert (bench.target / "link").read_text() == "mine"
    assert not [path for path in bench.target.rglob("*") if ".part" in path.name]
