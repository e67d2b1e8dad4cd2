"""The fields of a runconfig file, and what amlplan does with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["text", "texts", "flag", "count", "map", "any"]
When = Literal["", "container", "spark", "cluster"]
"""What must be asked for before a field says anything: the rest of a template is no request."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its way. One that is not used is named where it has another value than `idle`."""

    way: str
    kind: Kind
    does: str
    used: bool = False
    idle: tuple[Any, ...] = (None, "", [], {}, False)
    when: When = ""
    choices: tuple[str, ...] = ()


def _used(way: str, kind: Kind, does: str, choices: tuple[str, ...] = ()) -> Field:
    return Field(way, kind, does, used=True, choices=choices)


def _named(
    way: str, kind: Kind, does: str, when: When = "", idle: tuple[Any, ...] = (False,)
) -> Field:
    return Field(way, kind, does, idle=(*idle, None, "", [], {}), when=when)


FRAMEWORKS: Final = ("Python", "PySpark", "CNTK", "TensorFlow", "PyTorch")
COMMUNICATORS: Final = ("None", "ParameterServer", "OpenMpi", "IntelMpi", "Mpi", "Nccl", "Gloo")
ON_THIS_HOST = "amlplan runs it on the host, without a container"
NO_CLUSTER = "no cluster is made; a target is a compute block"

TABLE: Final = (
    _used("script", "text", "the script, relative to the folder above that of the file"),
    _used("command", "texts", "a command in place of the script"),
    _used("arguments", "texts", "the arguments of the script; those of the block replace them"),
    _used("target", "text", "`local` is this host; another one is for `target` in the block"),
    _used("framework", "text", "recorded; PySpark is named, and runs as any Python", FRAMEWORKS),
    _used("communicator", "text", "the `distribution` of the run", COMMUNICATORS),
    _used("autoPrepareEnvironment", "flag", "`false` is refused for an environment to be built"),
    _used("prepareEnvironment", "flag", "as autoPrepareEnvironment"),
    _used("maxRunDurationSeconds", "count", "`max_run_duration`"),
    _used("nodeCount", "count", "`resources.nodes`; this host is one"),
    _used("environment.environmentVariables", "map", "environment variables"),
    _used("environmentVariables", "map", "environment variables"),
    _used("environment.python.userManagedDependencies", "flag", "whether the interpreter is yours"),
    _used("environment.python.interpreterPath", "text", "that interpreter, only if it is yours"),
    _used("environment.python.condaDependenciesFile", "text", "what an environment is built from"),
    _used("environment.python.condaDependencies", "map", "the same, in this file"),
    _named("environment.python.baseCondaEnvironment", "text", "nothing is built upon it"),
    _named("environment.name", "text", "an environment of a workspace is not looked up"),
    _named("environment.version", "any", "as environment.name"),
    _named("environment.inferencingStackVersion", "any", "it is for images"),
    _named("environment.docker.enabled", "flag", ON_THIS_HOST),
    _named("environment.docker.baseImage", "text", ON_THIS_HOST, "container"),
    _named("environment.docker.baseDockerfile", "text", ON_THIS_HOST, "container"),
    _named("environment.docker.sharedVolumes", "flag", ON_THIS_HOST, "container", idle=(True,)),
    _named("environment.docker.gpuSupport", "flag", "say so in `resources`", "container"),
    _named("environment.docker.shmSize", "text", ON_THIS_HOST, "container"),
    _named("environment.docker.arguments", "texts", ON_THIS_HOST, "container"),
    _named("environment.docker.baseImageRegistry", "map", ON_THIS_HOST, "container"),
    _named("environment.docker.platform", "map", ON_THIS_HOST, "container"),
    _named("docker.useDocker", "flag", ON_THIS_HOST),
    _named("docker.sharedVolumes", "flag", ON_THIS_HOST, "container", idle=(True,)),
    _named("docker.arguments", "texts", ON_THIS_HOST, "container"),
    _named("docker.shmSize", "text", ON_THIS_HOST, "container"),
    _named("environment.spark", "map", "nothing is installed for Spark", "spark"),
    _named("environment.databricks", "map", "there is no Databricks target"),
    _named("environment.r", "any", "no R is installed"),
    _used("history.outputCollection", "flag", "`false` keeps no file of the run"),
    _named("history.snapshotProject", "flag", "a snapshot is always taken", idle=(True,)),
    _named("history.directoriesToWatch", "texts", "`collect` says it", idle=(["logs"],)),
    _named("history.enableMLflowTracking", "flag", "MLflow is always recorded", idle=(True,)),
    _named("spark", "map", "Spark is not configured", "spark"),
    _named("hdi", "map", "there is no HDInsight target", "cluster"),
    _used("tensorflow.workerCount", "count", "workers, where the communicator is ParameterServer"),
    _used("tensorflow.parameterServerCount", "count", "parameter servers, likewise"),
    _used("mpi.processCountPerNode", "count", "processes, where the communicator is MPI"),
    _named("mpi.nodeCount", "count", "nodeCount says it", idle=(1,)),
    _named("pytorch.communicationBackend", "text", "the script chooses its backend"),
    _used("pytorch.processCount", "count", "processes, where the communicator is Nccl or Gloo"),
    _named("pytorch.nodeCount", "count", "nodeCount says it", idle=(1,)),
    _used("dataReferences", "map", "each needs an `input` of its name in the block"),
    _named("data", "map", "use an `input` in the block"),
    _named("outputData", "map", "use `collect` in the block"),
    _named("datacaches", "any", "there are no data caches"),
    _named("sourceDirectoryDataStore", "text", "the source is snapshotted, not put into a store"),
    _named("amlcompute", "map", NO_CLUSTER, "cluster"),
    _named("kubernetescompute", "map", NO_CLUSTER, "cluster"),
    _named("priority", "count", "this host's queue knows no priorities"),
    _named("credentialPassthrough", "flag", "the script runs as you"),
    _named("identity", "any", "the script runs as you"),
)


def field_at(way: tuple[str | int, ...]) -> Field | None:
    """The field that a way leads to or into."""
    return next((_BY_WAY[name] for name in _names(way) if name in _BY_WAY), None)


def is_group(way: tuple[str | int, ...]) -> bool:
    """Whether fields stand below a way."""
    return ".".join(map(str, way)) in _GROUPS


def _names(way: tuple[str | int, ...]) -> Iterator[str]:
    for length in range(len(way), 0, -1):
        yield ".".join(map(str, way[:length]))


_BY_WAY: Final[Mapping[str, Field]] = {item.way: item for item in TABLE}
_GROUPS: Final = frozenset(
    item.way.rsplit(".", count)[0] for item in TABLE for count in range(1, item.way.count(".") + 1)
)
