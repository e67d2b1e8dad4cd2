"""Environments that no block describes: of estimators with packages, and of runconfig files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.config.azureml.conda import dependencies_of, packages_of
from amlplan.config.azureml.runconfig import read_runconfig
from amlplan.config.azureml.yaml_file import read_yaml
from amlplan.errors import ConfigError
from amlplan.provider import Draft, LockRequest, Locks, has

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.config.azureml.conda import CondaDependencies
    from amlplan.config.azureml.runconfig import Runconfig
    from amlplan.provider import Kinds
    from amlplan_schemas.base import JsonValue

ENVIRONMENT = "environment"
MANAGED = "environment.python.userManagedDependencies"
INTERPRETER = "environment.python.interpreterPath"
CONDA_FILE = "environment.python.condaDependenciesFile"
CONDA = "environment.python.condaDependencies"
_PREPARES = ("autoPrepareEnvironment", "prepareEnvironment")


@dataclass(frozen=True, slots=True)
class ImpliedEnvironment:
    """What a run needs that names no environment block: packages, or an interpreter of yours.

    `requirements` and `python` tell what a `conda_file` comes to where conda is not there.
    """

    python: str = ""
    requirements: tuple[str, ...] = ()
    conda_file: str | None = None
    interpreter: str | None = None
    notes: tuple[str, ...] = ()

    def draft(self, address: str, kinds: Kinds) -> Draft:
        """The environment block that would say the same."""
        values: dict[str, JsonValue] = {"python": self.python}
        if self.conda_file is None:
            values["requirements"] = list(self.requirements)
        else:
            values["conda_file"] = self.conda_file
        model = kinds.inputs_of(ENVIRONMENT)
        workspace = {"address": "workspace.implied", "kind": "workspace"}
        complete = model.model_validate({"name": "implied", "workspace": workspace, **values})
        return Draft(address, ENVIRONMENT, "implied", complete.model_dump(mode="json"), frozenset())


def lock_requests(
    implied: ImpliedEnvironment, address: str, kinds: Kinds
) -> tuple[Draft, tuple[LockRequest, ...]]:
    """What an environment has to be locked to, and the draft that asks for it."""
    draft = implied.draft(address, kinds)
    provider = kinds.provider(ENVIRONMENT)
    return draft, provider.lock_requests(draft) if has(provider, Locks) else ()


def implied_environment(
    kind: str, values: Mapping[str, JsonValue], root: Path
) -> ImpliedEnvironment | None:
    """The environment that a run configuration or an estimator implies, None where there is none.

    `values` are the block's own. Reads the files that it names; raises ConfigError.
    """
    if values.get("environment") is not None:
        return None
    if kind.startswith("estimator."):
        return _of_estimator(values)
    name = values.get("from_runconfig")
    return None if name is None else of_runconfig(read_runconfig(root, name), root)


def _of_estimator(values: Mapping[str, JsonValue]) -> ImpliedEnvironment | None:
    pip, conda = values.get("pip_packages") or [], values.get("conda_packages") or []
    if values.get("user_managed") or not (pip or conda):
        return None
    found = packages_of(conda, values["python"])
    return ImpliedEnvironment(found.python, (*found.requirements, *pip), notes=tuple(found.notes))


def of_runconfig(file: Runconfig, root: Path) -> ImpliedEnvironment | None:
    """The environment that a runconfig file asks for; raises ConfigError."""
    if file.get(MANAGED):
        return ImpliedEnvironment(interpreter=file.get(INTERPRETER) or "python")
    inline = file.get(CONDA)
    if inline is not None:
        found = dependencies_of(file.file, inline, file.ways[CONDA])
        return _built(file, found, file.name, None)
    if file.get(CONDA_FILE) is None:
        return None
    path = _relative(file.folder, file.get(CONDA_FILE))
    conda = read_yaml(root, path)
    return _built(file, dependencies_of(conda, conda.values), path, path)


def _built(
    file: Runconfig, found: CondaDependencies, name: str, conda_file: str | None
) -> ImpliedEnvironment:
    for way in _PREPARES:
        if file.get(way) is False:
            raise ConfigError(
                [
                    file.mistake(
                        way,
                        f"{way} is false, and amlplan knows of no environment that was prepared "
                        "by others. Set it to true, or name an environment in a run_config block.",
                    )
                ]
            )
    notes = tuple(f"{name}: {note}." for note in found.notes)
    return ImpliedEnvironment(found.python, tuple(found.requirements), conda_file, notes=notes)


def _relative(folder: str, path: Any) -> str:
    return str(path) if folder == "." else f"{folder}/{path}"
