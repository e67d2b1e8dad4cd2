"""A run configuration completed by the runconfig file that it names: the block wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from amlplan.errors import ConfigError
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.config.azureml.runconfig import Runconfig
    from amlplan.diagnostics import Diagnostic
    from amlplan_schemas.base import JsonValue

HERE = ("", "local")
"""The targets of a file that mean this host."""
REFERENCES = "dataReferences"
_PROGRAM = frozenset({"script", "command"})
_VARIABLES = ("environment.environmentVariables", "environmentVariables")


def completed(config: RunConfig, file: Runconfig) -> RunConfig:
    """The configuration with what the file says where the block says nothing.

    Raises ConfigError where both together are no run.
    """
    given = {name: getattr(config, name) for name in config.model_fields_set}
    problems = list(_problems(given, file))
    if problems:
        raise ConfigError(problems)
    values = _values(file)
    if _PROGRAM & given.keys():
        values = {name: value for name, value in values.items() if name not in _PROGRAM}
    values |= given
    if "env" in given:
        values["env"] = {**_variables(file), **config.env}
    values["resources"] = _resources(config, file)
    try:
        return RunConfig.model_validate(values)
    except ValidationError as failure:
        texts = [item["msg"].removeprefix("Value error, ") for item in failure.errors()]
        raise ConfigError([file.mistake("", f"{text}.") for text in texts]) from None


def _problems(given: Mapping[str, Any], file: Runconfig) -> Iterator[Diagnostic]:
    if not _PROGRAM & given.keys() and not (file.get("script") or file.get("command")):
        yield file.mistake(
            "script", "The file names no script. Name one in it, or in a run_config block."
        )
    target = file.get("target") or ""
    if target not in HERE and "target" not in given:
        yield file.mistake(
            "target",
            f'The target "{target}" is of an Azure workspace, which amlplan does not ask. Write '
            "local for this host, or give a run_config block the target = compute.NAME.",
        )
    for name in file.get(REFERENCES) or {}:
        if name not in (given.get("input") or {}):
            yield file.file.mistake(
                (*file.ways[REFERENCES], name),
                f"The run needs the data reference {name}, whose datastore is not looked up. Give "
                f'a run_config block an input "{name}" that says where the data is.',
            )


def _values(file: Runconfig) -> dict[str, JsonValue]:
    """The fields of a run configuration that a file fills, but for those that are merged."""
    seconds = file.get("maxRunDurationSeconds")
    keeps = file.get("history.outputCollection")
    values: dict[str, JsonValue] = {
        "source": file.folder,
        "script": file.get("script"),
        "command": file.get("command"),
        "arguments": file.get("arguments"),
        "env": _variables(file),
        "framework": (file.get("framework") or "python").lower(),
        "distribution": _distribution(file),
        "max_run_duration": f"{seconds}s" if seconds else None,
        "collect": {"include": []} if keeps is False else None,
    }
    if values["command"]:
        del values["script"]
    return {name: value for name, value in values.items() if value}


def _variables(file: Runconfig) -> dict[str, str]:
    return {name: value for way in _VARIABLES for name, value in (file.get(way) or {}).items()}


def _distribution(file: Runconfig) -> dict[str, JsonValue] | None:
    communicator = (file.get("communicator") or "none").lower()
    if communicator == "parameterserver":
        servers = file.get("tensorflow.parameterServerCount")
        return {
            "type": "parameter_server",
            "worker_count": file.get("tensorflow.workerCount") or 1,
            "parameter_server_count": 1 if servers is None else servers,
        }
    if communicator.endswith("mpi"):
        count = file.get("mpi.processCountPerNode") or 1
        return {"type": "mpi", "process_count_per_node": count}
    if communicator in {"nccl", "gloo"}:
        count = (file.get("pytorch.processCount") or 1) // (file.get("nodeCount") or 1)
        return {"type": "torch", "process_count_per_node": max(count, 1)}
    return None


def _resources(config: RunConfig, file: Runconfig) -> JsonValue:
    nodes = file.get("nodeCount") or 1
    if "nodes" in config.resources.model_fields_set:
        return config.resources
    return config.resources.model_copy(update={"nodes": nodes})
