"""Files of models inside a container that are not as in its image: found without reading the rest.

The engine tells which paths a container wrote; only those that lie in models are read.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan_docker.deployments.documents import unpacked
from amlplan_docker.engine.failures import NotThereError

if TYPE_CHECKING:
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen

MANIFEST, MODELS = "/amlplan/manifest.json", "/amlplan/models/"


def changed_models(engine: Engine, container: ContainerSeen) -> list[str]:
    """The files of models that were changed, removed or added, as `model/path`."""
    written = [path for path in engine.changes(container.id) if path.startswith(MODELS)]
    if not written:
        return []
    expected = _files_of_models(engine, container)
    names = [path.removeprefix(MODELS) for path in written]
    touched = [name for name in names if name in expected or not _is_above(name, expected)]
    return sorted(
        name
        for name in touched
        if _digest(engine, container.id, MODELS + name) != expected.get(name)
    )


def _is_above(name: str, expected: dict[str, str]) -> bool:
    """Whether a name is a folder of files that are expected."""
    return any(path.startswith(f"{name}/") for path in expected)


def _files_of_models(engine: Engine, container: ContainerSeen) -> dict[str, str]:
    try:
        content = _file(engine, container.id, MANIFEST) or b"{}"
    except NotThereError:
        return {}
    models = json.loads(content).get("models", {})
    return {
        f"{name}/{path}": digest
        for name, model in models.items()
        for path, digest in model["files"].items()
    }


def _digest(engine: Engine, container: str, path: str) -> str | None:
    try:
        content = _file(engine, container, path)
    except NotThereError:
        return None
    return None if content is None else PREFIX + hashlib.sha256(content).hexdigest()


def _file(engine: Engine, container: str, path: str) -> bytes | None:
    """The content of a file, None where the path is something else."""
    found = dict(unpacked(b"".join(engine.get(container, path))))
    return found.get("")
