"""The subject `local`: the kinds of this host, from a workspace to the image of a model."""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from amlplan_local.bundle import FOLDER as BUNDLES
from amlplan_local.bundle import corrupted, folder_of
from amlplan_local.document import read_document
from amlplan_local.specification import read_specification
from amlplan_local.store import ContentStore
from amlplan_local.versions import ModelVersions
from amlplan_local.workspace import STORE
from bench.kill.subject import DESTROY, Configuration, Object, Scenario, Violation, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan_local.versions import Version
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record, State

PYTHON = str(getattr(sys, "_base_executable", sys.executable))
SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"
_HOST_STEPS = {"datastore.local", "compute.local", "environment", "image"}
"""Kinds whose objects carry no identity: what their records say is there or not."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a project on this host asks for, and how much of it."""

    weights: str = "old"
    folder: str = "raw"
    models: Sequence[str] = ("ridge", "lasso", "tree")
    readers: Sequence[str] = ()
    image: str = "score"
    variables: Mapping[str, str] = field(default_factory=dict)

    def configuration(self) -> Configuration:
        """The files of the project, with what is to be there after an apply."""
        files = {"main.hcl": self._hcl(), "score.py": SCRIPT}
        for name in self.models:
            files[f"{name}/weights"] = f"{self.weights} weights of {name}\n"
            files[f"{name}/about/card.md"] = f"# {name}\n"
        return Configuration(files, self._wanted())

    def _hcl(self) -> str:
        models = "".join(
            f'model "{name}" {{\n  workspace = workspace.main\n  source = "{name}"\n'
            '  aliases = { prod = "this" }\n}\n'
            for name in self.models
        )
        inside = ", ".join(f"model.{name}" for name in self.models)
        return (
            f'workspace "main" {{\n  readers = {json.dumps(list(self.readers))}\n}}\n'
            f'datastore "local" "raw" {{\n  workspace = workspace.main\n'
            f'  path = "data/{self.folder}"\n  create_if_missing = true\n}}\n'
            f'compute "local" "here" {{\n  workspace = workspace.main\n}}\n'
            f'environment "mine" {{\n  workspace = workspace.main\n  user_managed = true\n'
            f'  interpreter = "{PYTHON}"\n  variables = {json.dumps(dict(self.variables))}\n}}\n'
            f'{models}image "score" {{\n  name = "{self.image}"\n  workspace = workspace.main\n'
            f'  models = [{inside}]\n  entry_script = "score.py"\n'
            "  environment = environment.mine\n}\n"
        )

    def _wanted(self) -> dict[str, Wanted]:
        wanted = {
            "workspace.main": Wanted(
                {"readers": list(self.readers)}, says=["main", list(self.readers)]
            ),
            "datastore.raw": Wanted({"path": f"data/{self.folder}"}, says="there"),
            "compute.here": Wanted(says="there"),
            "environment.mine": Wanted({"variables": dict(self.variables)}, says="there"),
            "image.score": Wanted({"name": self.image}, {"corrupted": []}, "there"),
        }
        for name in self.models:
            says = f"{self.weights} weights of {name}\n"
            wanted[f"model.{name}"] = Wanted({"source": name}, {"corrupted": []}, says)
        return wanted


_OLD = Setup().configuration()
_NEW = Setup("new", readers=("user:bo",), variables={"SEED": "1"}).configuration()
_MOVED = Setup(folder="clean", image="score2").configuration()
_FEWER = Setup(models=("ridge",)).configuration()
_STAY = frozenset({"workspace.main", "compute.here", "model.ridge", "model.lasso", "model.tree"})


class LocalSubject:
    """The providers of this host, in a data folder of its own for each kill.

    Their deletes let go and keep the bytes, so an object is what is held on behalf of a record: a
    workspace that is not detached, a version of a model with a claim on it. Of kinds without an
    identity outside, an object is what the record says is there, if it is.
    """

    name = "local"
    scenarios: Mapping[str, Scenario] = {
        scenario.name: scenario
        for scenario in (
            Scenario("create", Configuration(), _OLD),
            Scenario("update", _OLD, _NEW, _STAY - {"model.ridge", "model.lasso", "model.tree"}),
            Scenario("replace", _OLD, _MOVED, _STAY),
            Scenario("delete", _OLD, _FEWER, _STAY - {"model.lasso", "model.tree"}),
            Scenario("destroy", _OLD, Configuration(_OLD.files), command=DESTROY),
        )
    }
    moments: Sequence[str] = tuple(
        f"os.{name}" for name in ("replace", "rename", "link", "mkdir", "unlink", "fsync")
    )
    movable = False

    def environment(self, base: Path) -> Mapping[str, str]:
        """Nothing: the folders of data and cache are told by variables of every site."""
        return {}

    def objects(self, base: Path, state: State) -> Sequence[Object]:
        found = [*self._workspaces(base), *self._claims(base)]
        found += [
            Object(record.identity, says="there")
            for record in state.records.values()
            if record.kind in _HOST_STEPS and _is_there(record, state, base)
        ]
        return found

    def ledger(self, base: Path) -> Counter[str]:
        """What was made under an identity, and no second version of the same content."""
        made = Counter(f"create {item.identity}" for item in self._workspaces(base))
        for name, version in itertools.chain(*map(_versions_in, _workspaces_of(base))):
            made[f"create {name} of {version.digest} {sorted(version.properties.items())}"] += 1
        return made

    def faults(self, base: Path) -> Iterator[Violation]:
        """What was begun and is no part of anything, and bundles that are not whole.

        A second name of a whole file takes no space and is not counted.
        """
        for workspace in _workspaces_of(base):
            if read_document(workspace) is None:
                yield Violation("orphan", f"{workspace.relative_to(base)}, a folder of nobody")
            begun = [*workspace.rglob("*.tmp"), *(workspace / STORE / "parts").glob("*")]
            begun += (workspace / BUNDLES).glob(".*")
            for path in begun:
                if path.is_dir() or path.stat().st_nlink == 1:
                    yield Violation("left-over", str(path.relative_to(base)))
            for model in (workspace / STORE / "models").glob("*"):
                for alias in _dangling(ModelVersions(model)):
                    yield Violation("left-over", f"{alias} of {model.name}, which nobody holds")
            for bundle in (workspace / BUNDLES).glob("[!.]*"):
                if corrupted(bundle, base / "cache"):
                    yield Violation("phantom", f"{bundle.relative_to(base)} is not whole")

    def _workspaces(self, base: Path) -> Iterator[Object]:
        for folder in _workspaces_of(base):
            document = read_document(folder)
            if document is not None and not document.detached:
                outputs = {"id": document.id, "path": str(folder)}
                says: JsonValue = [document.name, list(document.readers)]
                yield Object(document.identity, outputs, says)

    def _claims(self, base: Path) -> Iterator[Object]:
        for folder in _workspaces_of(base):
            content = ContentStore(folder / STORE, base / "cache")
            for _, version in _versions_in(folder):
                outputs = {"version": version.version, "digest": version.digest}
                weights = content.path(version.files["weights"])
                says = weights.read_text() if weights.exists() else None
                for identity in version.identities:
                    yield Object(identity, outputs, says, not content.corrupted(version.files))


def _versions_in(workspace: Path) -> Iterator[tuple[str, Version]]:
    for model in sorted((workspace / STORE / "models").glob("*")):
        for version in ModelVersions(model).all():
            yield model.name, version


def _dangling(versions: ModelVersions) -> Iterator[str]:
    """The aliases that point at a version which no record holds any more."""
    for alias, target in versions.aliases().items():
        version = versions.chosen(None, alias)
        if version is None or not version.identities:
            yield f"the alias {alias} for {target}"


def _workspaces_of(base: Path) -> list[Path]:
    return sorted((base / "data" / "amlplan" / "workspaces").glob("*"))


def _is_there(record: Record, state: State, base: Path) -> bool:
    """Whether what a record says is there, for kinds whose objects carry no identity."""
    outputs: Mapping[str, Any] = record.outputs.values
    if "workspace.main" not in state.records:
        return False
    workspace = Path(str(state.records["workspace.main"].outputs.values["path"]))
    match record.kind:
        case "datastore.local":
            return Path(unquote(urlsplit(outputs["uri"]).path)).is_dir()
        case "environment":
            return read_specification(workspace / STORE, outputs["digest"]) is not None
        case "image":
            folder = folder_of(workspace, outputs["digest"])
            return not corrupted(folder, base / "cache")
        case _:
            return bool(outputs)
