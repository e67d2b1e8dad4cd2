"""Where the files are that MLflow calls artifacts: of runs, of logged models, of registered ones.

Their paths are `runs/ID/…`, `models/ID/…` and `registered/NAME/VERSION/…`. Those of the run that
is served lie in `outputs` of its working folder; those of earlier runs are read from the
workspace's content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_endpoint.answers import INVALID, MISSING, Refusal
from amlplan_endpoint.names import shown, told
from amlplan_endpoint.past_runs import past_detail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.service import Service

OUTPUTS = "outputs"
CHILDREN, MODELS = "children", "logged-models"
"""Folders in outputs; left out where the artifacts of the run itself are listed."""
URI = "mlflow-artifacts:/"


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """A folder in the working folder of the run that is served; `run` is who it belongs to."""

    folder: Path
    run: str
    hidden: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """Where a file of it is, or would be."""
        return self.folder / name if name else self.folder

    def file(self, name: str) -> Path:
        """A file to be read; raises Refusal where there is none."""
        path = self.path(name)
        if not path.is_file():
            raise missing(name)
        return path

    def listed(self, name: str) -> list[Json]:
        """What is in a folder of it, by name; nothing for a file and for what is not there."""
        path = self.path(name)
        if not path.is_dir():
            return []
        found = sorted(path.iterdir())
        return [_entry(item) for item in found if name or item.name not in self.hidden]


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """Files of the workspace's content, by their path."""

    files: Mapping[str, Path]
    sizes: Mapping[str, int]

    def file(self, name: str) -> Path:
        """A file to be read; raises Refusal where there is none."""
        if name not in self.files:
            raise missing(name)
        return self.files[name]

    def listed(self, name: str) -> list[Json]:
        """What is in a folder of it, by name."""
        head = f"{name}/" if name else ""
        inner = [path.removeprefix(head) for path in self.files if path.startswith(head)]
        folders = sorted({path.partition("/")[0] for path in inner if "/" in path})
        files = sorted(path for path in inner if "/" not in path)
        return [
            *({"path": folder, "is_dir": True} for folder in folders),
            *(
                {"path": path, "is_dir": False, "file_size": self.sizes[head + path]}
                for path in files
            ),
        ]


def split(path: str) -> tuple[str, str]:
    """A path in its head, which names a place, and the rest; raises Refusal."""
    parts = checked(path).split("/")
    size = 3 if parts[0] == "registered" else 2
    if len(parts) < size:
        raise Refusal(INVALID, f"{path!r} names no artifacts.")
    return "/".join(parts[:size]), "/".join(parts[size:])


def checked(path: str) -> str:
    """A path without detours; raises Refusal for one that leads outside."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path or "\\" in path:
        raise Refusal(INVALID, f"{path!r} is no path of an artifact.")
    return "/".join(parts)


def place_of(service: Service, head: str) -> OwnFolder | KeptFiles:
    """What a head names; raises Refusal where there is nothing of that name."""
    kind, _, name = head.partition("/")
    if kind == "runs":
        return run_place(service, name)
    if kind == "models":
        return model_place(service, name)
    if kind == "registered":
        model, _, version = name.rpartition("/")
        return registered_place(service, model, version)
    raise missing(head)


def run_place(service: Service, name: str) -> OwnFolder | KeptFiles:
    """The artifacts of a run."""
    found = service.recording.find(name)
    outputs = service.work / OUTPUTS
    if found is None:
        run_id = told(name, service.run_id)
        return _past(service, run_id, folder_of(run_id, is_root="." not in run_id))
    if found.id == service.run_id:
        return OwnFolder(outputs, found.id, (CHILDREN, MODELS))
    return OwnFolder(service.work / folder_of(found.id, is_root=False), found.id)


def model_place(service: Service, model_id: str) -> OwnFolder | KeptFiles:
    """The files of a logged model."""
    mine = service.recording.models.get(model_id)
    folder = f"{OUTPUTS}/{MODELS}/{checked(model_id)}"
    if mine is not None:
        return OwnFolder(service.work / folder, mine.get("run", service.run_id))
    run = told(model_id.removeprefix("m-").rpartition("-m")[0], service.run_id)
    return _past(service, run.partition(".")[0], folder)


def registered_place(service: Service, name: str, version: str) -> KeptFiles:
    """The files of a registered version."""
    found = service.models.version(name, version)
    return kept_files(service, found.files)


def folder_of(run_id: str, *, is_root: bool) -> str:
    """Where the outputs of a run are in the working folder."""
    return OUTPUTS if is_root else f"{OUTPUTS}/{CHILDREN}/{shown(run_id)}"


def kept_files(service: Service, files: Mapping[str, str]) -> KeptFiles:
    """Files of the workspace's content, given by their digests."""
    paths = {name: service.content.path(digest) for name, digest in files.items()}
    return KeptFiles(paths, {name: _size(path) for name, path in paths.items()})


def _past(service: Service, run_id: str, folder: str) -> OwnFolder | KeptFiles:
    """The files that another run has in a folder: while it works, then of what was kept."""
    root = run_id.partition(".")[0]
    detail = past_detail(service, root)
    if not detail.outputs:
        working = service.workspace / "runs" / root / "work" / folder
        if working.is_dir():
            return OwnFolder(working, run_id, (CHILDREN, MODELS) if folder == OUTPUTS else ())
    head = folder + "/"
    files = {
        path.removeprefix(head): output.digest
        for path, output in detail.outputs.items()
        if path.startswith(head)
    }
    return kept_files(service, files)


def missing(name: str) -> Refusal:
    """That there is no such file."""
    return Refusal(MISSING, f"There is no artifact {name!r}.")


def _entry(path: Path) -> Json:
    if path.is_dir():
        return {"path": path.name, "is_dir": True}
    return {"path": path.name, "is_dir": False, "file_size": _size(path)}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
