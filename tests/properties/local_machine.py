"""Blocks of this host whose configuration, files and commands change at random."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from amlplan_bench.world import World
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from amlplan.content import content_of
from amlplan_local.datastore import LocalDatastore
from amlplan_local.environment import LocalEnvironment
from amlplan_local.model import LocalModel
from amlplan_local.store import ContentStore
from amlplan_local.workspace import STORE, LocalWorkspace
from amlplan_state.local import LocalBackend
from harness.project import Project
from properties.checks import prints_of, secrets_told
from properties.machine import FOLDER, PARALLELISM, PICK, PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.state import State
    from harness.project import Result

PROVIDERS = {
    "datastore.local": LocalDatastore,
    "environment": LocalEnvironment,
    "model": LocalModel,
    "workspace": LocalWorkspace,
}
CANARY = "canary-of-this-host"
HEAD = 'workspace "main" {}\n'


@dataclass(frozen=True, slots=True)
class Datastore:
    """A folder of the project."""

    path: str
    makes: bool

    def hcl(self, label: str) -> str:
        return (
            f'datastore "local" "{label}" {{\n  path = "data/{self.path}"\n'
            f"  create_if_missing = {json.dumps(self.makes)}\n}}\n"
        )


@dataclass(frozen=True, slots=True)
class Model:
    """A file of the project, registered."""

    source: str
    stage: str

    def hcl(self, label: str) -> str:
        return (
            f'model "{label}" {{\n  source = "content/{self.source}"\n'
            f'  properties = {{ stage = "{self.stage}" }}\n}}\n'
        )


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter that somebody else looks after."""

    variable: str

    def hcl(self, label: str) -> str:
        value = 'env_secret("TOKEN")' if self.variable == "secret" else json.dumps(self.variable)
        return (
            f'environment "{label}" {{\n  user_managed = true\n  interpreter = "{sys.executable}"\n'
            f"  variables = {{ SETTING = {value} }}\n}}\n"
        )


PATHS, SOURCES = ("a", "b", "b/c"), ("x", "y")
BLOCKS = st.one_of(
    st.builds(Datastore, st.sampled_from(PATHS), st.booleans()),
    st.builds(Model, st.sampled_from(SOURCES), st.sampled_from(["dev", "prod"])),
    st.builds(Environment, st.sampled_from(["1", "2", "secret"])),
)


class LocalBlocks(RuleBasedStateMachine):
    """Edits of blocks and of files, things that vanish, and commands, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER))
        self.blocks: dict[str, Datastore | Model | Environment] = {}

    @initialize()
    def begin(self) -> None:
        root = self.folder / "project"
        (root / "content").mkdir(parents=True)
        environment = {
            "HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "NO_COLOR": "1",
            "TOKEN": CANARY,
        }
        self.project = Project(root, self.folder / "world", environment)
        self.project.logged = set(PROVIDERS)
        for name in SOURCES:
            self.write_content(name, 0)
        self._write()

    @rule(label=st.sampled_from(["one", "two", "three", "four"]), block=BLOCKS)
    def edit(self, label: str, block: Datastore | Model | Environment) -> None:
        # Two kinds under one label are two blocks, which no project would have here.
        self.blocks[label] = block
        self._write()

    @precondition(lambda self: self.blocks)
    @rule(pick=PICK)
    def remove(self, pick: int) -> None:
        del self.blocks[sorted(self.blocks)[pick % len(self.blocks)]]
        self._write()

    @rule(name=st.sampled_from(SOURCES), number=st.integers(0, 2))
    def write_content(self, name: str, number: int) -> None:
        self.project.write(f"content/{name}", f"content {number}" * 10)

    @rule(path=st.sampled_from(PATHS))
    def make_a_folder(self, path: str) -> None:
        self._clear(path)
        self._data(path).mkdir(parents=True, exist_ok=True)

    @rule(path=st.sampled_from(PATHS))
    def delete_a_folder(self, path: str) -> None:
        self._clear(path)

    @rule(path=st.sampled_from(("a", "b")))
    def put_a_file_there(self, path: str) -> None:
        self._clear(path)
        self._data(path).parent.mkdir(exist_ok=True)
        self._data(path).write_text("not a folder")

    @rule(pick=PICK)
    def lose_stored_content(self, pick: int) -> None:
        store, files = self._stored()
        if store is not None and files:
            store.path(sorted(files)[pick % len(files)]).unlink(missing_ok=True)

    @rule(parallelism=PARALLELISM)
    def apply(self, parallelism: str) -> None:
        result = self._run("apply", "-auto-approve", parallelism, code=None)
        self._check(result)

    @rule()
    def save_a_plan(self) -> None:
        self._run("plan", f"-out={PLAN}")

    @rule()
    def apply_the_saved_plan(self) -> None:
        if (self.project.root / PLAN).exists():
            result = self._run("apply", PLAN, code=None)
            assert result.code in (0, 12, 16), result.all

    @rule()
    def drift(self) -> None:
        before = prints_of([self.folder])
        result = self._run("drift", code=None)
        assert result.code in (0, 1, 2), result.all
        assert prints_of([self.folder]) == before

    def teardown(self) -> None:
        try:
            if hasattr(self, "project"):
                for path in ("a", "b", "b/c"):
                    self.make_a_folder(path)
                self._check(self._run("apply", "-auto-approve"))
                self._run("destroy", "-auto-approve")
                state = self.state
                assert state is None or not state.records
        finally:
            shutil.rmtree(self.folder)

    @property
    def state(self) -> State | None:
        return LocalBackend(self.project.root, {}, "0").reader().read()

    def _check(self, result: Result) -> None:
        """What must hold after an apply, whatever was in its way."""
        stuck = {label for label, block in self.blocks.items() if self._is_stuck(block)}
        assert result.code == (12 if stuck else 0), (stuck, result.all)
        state = self.state
        records = state.records if state is not None else {}
        for label, block in self.blocks.items():
            if label not in stuck:
                kind = type(block).__name__.lower()
                record = records[f"{kind}.{label}"]
                assert record.status == "ok"
                if isinstance(block, Model):
                    source = self.project.root / "content" / block.source
                    digest = content_of(source, self.folder / "other-cache").digest
                    assert record.outputs.values["digest"] == digest
                elif isinstance(block, Datastore):
                    assert record.outputs.values["uri"] == self._data(block.path).as_uri()
                    assert self._data(block.path).is_dir()
        others = {f"{type(block).__name__.lower()}.{name}" for name, block in self.blocks.items()}
        assert records.keys() <= {*others, "workspace.main"}
        store, files = self._stored()
        assert store is None or not store.corrupted({digest: digest for digest in files})
        if not stuck:
            again = self._run("plan", "-detailed-exitcode", code=None)
            assert again.code == 0, again.all
            assert "No drift." in self._run("drift").out

    def _is_stuck(self, block: Datastore | Model | Environment) -> bool:
        if not isinstance(block, Datastore):
            return False
        folder = self._data(block.path)
        return not folder.is_dir() and (
            not block.makes or folder.exists() or folder.parent.is_file()
        )

    def _stored(self) -> tuple[ContentStore | None, set[str]]:
        """The workspace's store, and the digests of the files that models in the state have."""
        state = self.state
        workspace = state.records.get("workspace.main") if state is not None else None
        if state is None or workspace is None:
            return None, set()
        models = [record for record in state.records.values() if record.kind == "model"]
        files: set[str] = set()
        for record in models:
            found: Any = record.outputs.values.get("files", {})
            files |= set(found.values())
        folder = Path(str(workspace.outputs.values["path"])) / STORE
        return ContentStore(folder, self.folder / "other-cache"), files

    def _run(self, *arguments: str, code: int | None = 0) -> Result:
        result = self.project.run(*arguments, code=code)
        places = [self.folder / name for name in ("project", "data", "cache", "home")]
        problems = list(secrets_told(places, [result.all], {CANARY}))
        assert not problems, problems
        return result

    def _data(self, path: str) -> Path:
        return self.project.root / "data" / path

    def _clear(self, path: str) -> None:
        """Take away whatever stands at a path, or at a folder above it."""
        for name in ("b", path) if path.startswith("b/") and self._data("b").is_file() else (path,):
            if self._data(name).is_dir():
                shutil.rmtree(self._data(name))
            else:
                self._data(name).unlink(missing_ok=True)

    def _write(self) -> None:
        blocks = [block.hcl(label) for label, block in sorted(self.blocks.items())]
        self.project.hcl(HEAD + "".join(blocks))


@contextmanager
def logged_calls() -> Iterator[None]:
    """Let the providers of this host log their calls as the one of the bench does."""
    inside = threading.local()
    with ExitStack() as stack:
        for provider in PROVIDERS.values():
            for name in ("create", "update", "delete"):
                stack.enter_context(patch.object(provider, name, _logged(provider, name, inside)))
        yield


def _logged(provider: type[Any], name: str, inside: threading.local) -> Any:
    """A method that logs its calls, but for those that another such method makes of it."""
    real = getattr(provider, name)

    @functools.wraps(real)
    def logged(itself: Any, subject: Any, *arguments: Any) -> Any:
        if getattr(inside, "call", None):
            return real(itself, subject, *arguments)
        world = World(Path(os.environ["XDG_DATA_HOME"]).parent / "world")
        inside.call = name
        try:
            with world.called(name, subject.identity):
                return real(itself, subject, *arguments)
        finally:
            inside.call = None

    return logged
