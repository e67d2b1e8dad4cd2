"""Clearing away runs and content: what may go, what has to stay, and who is adding meanwhile."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.abilities import ModelVersion
from amlplan.digests import digests_in
from amlplan.errors import ProviderError
from amlplan.history import RunDraft
from amlplan.looking.clearing.clearing import Clearer
from amlplan.snapshots.snapshot import load, scan
from amlplan.snapshots.snapshot import store as store_snapshot
from amlplan.store_use import alone_with, in_use
from amlplan_local import sweeping
from amlplan_local.store import ContentStore
from amlplan_state.runs.store import SqliteHistory
from history_support import finish
from looking_support import place_of

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import Swept
    from amlplan.looking.clearing.clearing import Clearing


class Workspaces:
    """The part of the provider of workspaces that clears."""

    def referred(self, workspace: Path) -> set[str]:
        return sweeping.referred(workspace, workspace / "store")

    def sweep(self, workspace: Path, kept: set[str], before: float, *, is_dry: bool) -> Swept:
        return sweeping.sweep(workspace / "store", kept, before, is_dry=is_dry)


@dataclass
class World:
    """A workspace with runs that were never started."""

    base: Path
    models: dict[str, list[ModelVersion]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.base / "workspace"
        self.root = self.base / "project"
        self.root.mkdir()
        self.history = SqliteHistory(self.folder)
        self.content = ContentStore(self.folder / "store", self.base / "cache")
        self.place = place_of(self.history, self.content, self.base)
        self.clearer = Clearer(self.place, self.root, Workspaces(), lambda: self.models)

    def blob(self, text: str) -> str:
        return self.content.take([memoryview(text.encode())])[0]

    def run(self, *outputs: str, status: str = "Completed", **draft: Any) -> str:
        """A run that gave these outputs and was started from a snapshot of its own."""
        source = self.base / f"source {len(self.history.runs())}"
        source.mkdir()
        (source / "train.py").write_text(f"# {source}")
        snapshot = scan(source, max_size=10**6, max_files=9, cache_folder=self.base / "cache")
        store_snapshot(snapshot, source, self.content)
        definition = {"snapshot": snapshot.id, **draft.pop("definition", {})}
        run = self.history.create(RunDraft("digits", "train", definition=definition, **draft)).id
        files = {text: self.blob(text) for text in outputs}
        self.history.append_control(run, {"type": "outputs", "files": files, "sizes": {}})
        if status == "Running":
            self.history.append_control(run, {"type": "status", "status": "Running"})
        else:
            finish(self.history, run, status)
        return run

    def age(self) -> None:
        """Let all that is stored be old."""
        for path in (self.folder / "store").rglob("*"):
            if path.is_file():
                os.utime(path, (1000.0, 1000.0))

    def clear(self, *runs: str) -> Clearing:
        chosen = [run for run in self.history.overviews() if run.summary.id in runs]
        return self.clearer.carry_out(chosen)

    def has(self, text: str) -> bool:
        return self.content.path(hashlib.sha256(text.encode()).hexdigest()).exists()

    def ids(self) -> set[str]:
        return {run.id for run in self.history.runs()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_run_goes_with_all_that_only_it_refers_to(world: World) -> None:
    gone, stays = world.run("mine", "shared"), world.run("shared", "other")
    snapshot = world.history.run(stays).definition["snapshot"]
    lost = world.history.run(gone).definition["snapshot"]
    world.age()
    foreseen = world.clearer.foresee(
        [run for run in world.history.overviews() if run.summary.id == gone]
    )
    assert world.ids() == {gone, stays}
    done = world.clear(gone)
    assert (done.swept, done.sizes, done.size) == (foreseen.swept, foreseen.sizes, foreseen.size)
    assert (done.swept.contents, done.swept.snapshots) == (2, 1)  # its output and its script
    assert world.ids() == {stays}
    assert not world.place.folder_of(gone).exists()
    assert [world.has(text) for text in ("mine", "shared", "other")] == [False, True, True]
    assert load(world.content, snapshot).files
    assert all(
        world.content.path(file.digest).exists()
        for file in load(world.content, snapshot).files.values()
    )
    with pytest.raises(ProviderError):
        load(world.content, lost)
    world.history.rebuild()
    assert world.ids() == {stays}


def test_what_is_referred_to_stays(world: World) -> None:
    (running, modelled, locked, started, child) = (
        world.run("a", status="Running"),
        world.run("b"),
        world.run("c"),
        world.run("d"),
        world.run("e"),
    )
    world.run("f", status="Running", definition={"resumed": started})
    lineage = {"registered": "m:1", "before": {"run": f"{child}.1"}}
    world.models["m"] = [
        ModelVersion("m", 1, "", 0, "", lineage={"run": modelled}),
        ModelVersion("m", 2, "", 0, "", lineage=lineage),
    ]
    (world.root / "amlplan.lock").write_text(f'{{"run": "{locked}"}}')
    world.age()
    done = world.clear(running, modelled, locked, started, child)
    assert done.runs == []
    assert set(done.kept) == {running, modelled, locked, started, child}
    assert "m:1 was made" in done.kept[modelled]
    assert "m:2 was made" in done.kept[child]
    assert "amlplan.lock" in done.kept[locked]
    assert "Running" in done.kept[running]
    assert all(world.has(text) for text in "abcdef")
    assert done.swept.contents == 0


def test_a_grid_stays_with_a_member_that_stays(world: World) -> None:
    grid = world.run()
    first, second = world.run("1", parent=grid), world.run("2", parent=grid)
    world.models["m"] = [ModelVersion("m", 1, "", 0, "", lineage={"run": first})]
    done = world.clear(grid, first, second)
    assert world.ids() == {grid, first}
    assert "belongs to it" in done.kept[grid]
    world.models.clear()
    world.clear(grid, first)
    assert world.ids() == set()


def test_content_that_documents_name_stays(world: World) -> None:
    digests = [world.blob(text) for text in ("model", "wheel", "image", "locked", "nobody")]
    for place, digest in zip(
        ("store/models/m/1.json", "store/environments/x.json", "images/y/manifest.json"),
        digests,
        strict=False,
    ):
        path = world.folder / place
        path.parent.mkdir(parents=True)
        path.write_text(f'{{"deep": ["{digest}"]}}')
    (world.root / "amlplan.lock").write_text(digests[3])
    world.age()
    assert world.clear().swept.contents == 1
    assert [world.has(text) for text in ("model", "wheel", "image", "locked", "nobody")] == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_what_was_just_added_stays(world: World) -> None:
    world.blob("new")
    done = world.clear()
    assert (done.swept.contents, done.swept.too_new) == (0, 1)
    assert world.has("new")


def test_what_is_added_again_counts_as_new(world: World, tmp_path: Path) -> None:
    digest = world.blob("again")
    source = tmp_path / "again"
    source.write_text("again")
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "file").write_text("in a snapshot")
    snapshot = scan(folder, max_size=99, max_files=9, cache_folder=tmp_path / "cache")
    store_snapshot(snapshot, folder, world.content)
    world.age()
    world.content.put({"again": (source, digest)}, lambda: None, lambda _: None)
    store_snapshot(snapshot, folder, world.content)
    done = world.clear()
    assert (done.swept.contents, done.swept.snapshots) == (0, 0)
    assert world.has("again")
    assert world.has("in a snapshot")


def test_content_of_a_run_that_goes_on_stays_however_long_it_takes(world: World) -> None:
    world.blob("output that is not told of yet")
    begun = time.time() - 7 * 3600
    run = world.run(status="Running")
    with sqlite3.connect(world.folder / "history" / "history.sqlite") as database:
        database.execute("UPDATE runs SET created = ? WHERE id = ?", (begun, run))
    database.close()
    for blob in (world.folder / "store" / "blobs").rglob("*"):
        if blob.is_file():
            os.utime(blob, (begun + 60, begun + 60))
    assert world.clear().swept.contents == 0
    finish(world.history, run)
    assert world.clear().swept.contents == 1


def test_nobody_adds_while_a_store_is_cleared(world: World) -> None:
    added = threading.Event()

    def add() -> None:
        world.blob("late")
        added.set()

    with alone_with(world.content.folder):
        thread = threading.Thread(target=add)
        thread.start()
        assert not added.wait(0.3)
        assert not world.has("late")
    thread.join(60)
    assert added.is_set()


def test_clearing_waits_for_who_adds_and_says_so(world: World) -> None:
    folder = world.content.folder
    with (
        in_use(folder),
        in_use(folder),
        pytest.raises(ProviderError, match="in use"),
        alone_with(folder, timeout=0.1),
    ):
        pass
    with alone_with(world.content.folder, timeout=30):
        pass


def test_a_clearing_that_was_killed_is_gone_on_with(world: World) -> None:
    run = world.run("x")
    folder = world.place.folder_of(run)
    folder.rename(folder.with_name(f".removed-{run}"))
    world.history.sync()
    assert world.ids() == set()
    world.age()
    assert world.clear().swept.contents == 2
    assert list((world.folder / "runs").iterdir()) == []


def test_folders_without_rights_are_removed(world: World) -> None:
    run = world.run()
    inner = world.place.folder_of(run) / "work" / "closed"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    inner.chmod(0)
    try:
        world.clear(run)
        assert not world.place.folder_of(run).exists()
    finally:
        if inner.exists():
            inner.chmod(0o700)


def test_digests_are_found_across_pieces_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    digest = "sha256:" + "ab" * 32
    path.write_bytes(b"x" * ((1 << 22) - 30) + digest.encode() + b"y" * 100 + digest.encode())
    assert digests_in(path) == {digest}
    assert digests_in(tmp_path / "none") == set()
