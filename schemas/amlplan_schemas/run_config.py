"""Run configurations: what a run executes, where, in which environment and with what."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from amlplan_schemas.base import (
    HISTORY_PATTERN,
    BlockReference,
    Duration,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    Schema,
    Size,
    Text,
)

RESERVED = "AMLPLAN_"
"""How the environment variables begin that amlplan gives a script."""


FOLDER_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""What an input of a datastore, or an output, may be called."""


def input_variable(name: str) -> str:
    """The environment variable that tells a script where an input is."""
    return f"{RESERVED}INPUT_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}"


class RunInput(Schema):
    """Data that a run reads."""

    path: Annotated[str, LocalPath] = Field(
        min_length=1, description="The file or folder; fingerprinted, and linked for the run."
    )
    datastore: Annotated[Reference | None, BlockReference("datastore")] = Field(
        default=None, description="The datastore that path is in; the project when left out."
    )
    mode: Literal["download", "mount", "direct"] | None = Field(
        default=None,
        description="Of a datastore: copied, linked (the default), or used where it lies.",
    )

    @model_validator(mode="after")
    def _mode_of_a_datastore(self) -> Self:
        if self.mode is not None and self.datastore is None:
            raise ValueError("mode is for an input of a datastore; name that, or leave it out")
        return self


class RunOutput(Schema):
    """A folder that a run fills, and that is copied into a datastore when it completed."""

    datastore: Annotated[Reference, BlockReference("datastore")] = Field(
        description="The datastore."
    )
    path: Annotated[str, LocalPath] = Field(
        default=".", min_length=1, description="The folder in it; files of a name are replaced."
    )
    mode: Literal["upload"] = Field(default="upload", description="How it gets there.")


class RunResources(Schema):
    """What a run needs of its target; checked before it starts."""

    cpus: int | None = Field(default=None, ge=1, description="Cores.")
    memory: Size | None = Field(default=None, description="Main memory, as in 16GiB.")
    gpus: int | None = Field(default=None, ge=0, description="Graphics processors.")
    disk: Size | None = Field(default=None, description="Room on the disk, as in 10GiB.")
    shm_size: Size | None = Field(
        default=None, description="Shared memory of its container, on targets that have any."
    )
    nodes: int = Field(default=1, ge=1, description="Machines; this host is one.")


class RunDistribution(Schema):
    """A run of several processes that work together."""

    type: Literal["mpi", "parameter_server", "torch"] = Field(
        description="How they find each other: mpirun, TF_CONFIG, or RANK and WORLD_SIZE."
    )
    process_count_per_node: int = Field(
        default=1, ge=1, description="Processes on each node, for mpi and torch."
    )
    worker_count: int = Field(default=1, ge=1, description="Workers, for parameter_server.")
    parameter_server_count: int = Field(
        default=1, ge=0, description="Parameter servers, for parameter_server."
    )


class RunCollect(Schema):
    """What is kept of a run's working folder."""

    include: tuple[str, ...] = Field(
        default=("outputs/**", "logs/**"), description="Patterns of files to keep."
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Patterns of files that are not kept, whatever include says."
    )
    max_size: Size = Field(default="10GiB", description="How much is kept at most.")
    mode: Literal["copy", "reference"] = Field(
        default="copy",
        description="Whether files are copied into the store, or stay with the run.",
    )


class RunWebhook(Schema):
    """Somebody elsewhere who is told by a POST of JSON that a run ended."""

    url: str | None = Field(
        default=None, description="Where to, http or https; best a secret, it is written nowhere."
    )
    on: tuple[Literal["completed", "failed", "canceled"], ...] = Field(
        default=("completed", "failed", "canceled"), description="Which ends are told."
    )

    @field_validator("url")
    @classmethod
    def _is_of_the_web(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("it has to begin with http:// or https://")
        return url


class RunSnapshot(Schema):
    """Limits of the snapshot of the source folder."""

    max_size: Size = Field(default="300MiB", description="How large it may be.")
    max_files: int = Field(default=2000, ge=1, description="How many files it may have.")


class RunMlflow(Schema):
    """What becomes of what a script records with MLflow."""

    tracking: Literal["capture", "both", "leave"] = Field(
        default="capture",
        description="capture records it in the run, wherever the script wants it; both records it "
        "where the script says, and in the run; leave lets MLflow do as the script says.",
    )


class RunConfig(ResourceInputs):
    """How a script is run; read by `amlplan run`, never planned and never in the state."""

    name_pattern: ClassVar[str] = r"^[a-zA-Z0-9][\w.-]{0,254}$"

    workspace: Annotated[Reference, BlockReference("workspace")] = Field(
        description="The workspace whose history it goes into."
    )
    script: Annotated[str | None, NoSecrets] = Field(
        default=None,
        min_length=1,
        description="The Python script or notebook, relative to source; this, command or "
        "from_runconfig.",
    )
    command: Annotated[tuple[str, ...] | None, NoSecrets] = Field(
        default=None, min_length=1, description="A command and its arguments, instead of a script."
    )
    from_runconfig: Annotated[str | None, LocalPath, NoSecrets] = Field(
        default=None,
        min_length=1,
        description="An Azure ML runconfig file, used as it is; what the block says wins.",
    )
    source: Annotated[str, LocalPath, NoSecrets] = Field(
        default=".", description="The folder that is snapshotted; the run works in a copy of it."
    )
    target: Annotated[Reference | None, BlockReference("compute")] = Field(
        default=None, description="Where it runs; this host when left out."
    )
    environment: Annotated[Reference | None, BlockReference("environment")] = Field(
        default=None, description="The environment; the Python on the PATH when left out."
    )
    history: Annotated[str | None, NoSecrets] = Field(
        default=None,
        pattern=HISTORY_PATTERN,
        description="The history that it goes into; its own name when left out.",
    )
    arguments: Annotated[tuple[Text, ...], NoSecrets] = Field(
        default=(), description="Arguments of the script."
    )
    parameters: Annotated[dict[str, Text], NoSecrets] = Field(
        default_factory=dict,
        description="Recorded and passed as --name value after the arguments.",
    )
    env: dict[str, Text] = Field(
        default_factory=dict, description="Environment variables; a secret is handed over safely."
    )
    input: Annotated[dict[str, RunInput], NoSecrets] = Field(
        default_factory=dict, description="Data that the script reads."
    )
    output: Annotated[dict[str, RunOutput], NoSecrets] = Field(
        default_factory=dict, description="Folders that go into datastores."
    )
    prologue: Annotated[tuple[str, ...], NoSecrets] = Field(
        default=(), description="Lines of bash before the script; one that fails ends the run."
    )
    framework: Literal["python", "pyspark", "tensorflow", "pytorch", "cntk"] = Field(
        default="python", description="What the script is made with; recorded."
    )
    distribution: RunDistribution | None = Field(
        default=None, description="Several processes that work together."
    )
    container: bool = Field(
        default=False, description="Whether it runs in a container, on targets that have any."
    )
    priority: int | None = Field(
        default=None, description="For targets whose queue knows priorities."
    )
    resources: RunResources = Field(
        default_factory=RunResources, description="What it needs of its target."
    )
    collect: RunCollect = Field(default_factory=RunCollect, description="What is kept of it.")
    webhook: RunWebhook | None = Field(default=None, description="Who is told that it ended.")
    snapshot: RunSnapshot = Field(
        default_factory=RunSnapshot, description="Limits of the snapshot."
    )
    mlflow: RunMlflow = Field(
        default_factory=RunMlflow, description="What MLflow in the script does."
    )
    max_run_duration: Duration | None = Field(
        default=None, description="After this long it is ended, as in 2h, with all its attempts."
    )
    retries: int = Field(
        default=0, ge=0, le=1000, description="How often a run that failed is tried again."
    )

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        given = (self.script is not None) + (self.command is not None)
        if given > 1 or (given == 0 and self.from_runconfig is None):
            raise ValueError("exactly one of script and command is needed")
        return self

    @model_validator(mode="after")
    def _a_history(self) -> Self:
        # Not mapped to another name: two blocks could meet in one history without a word.
        if self.history is None and re.fullmatch(HISTORY_PATTERN, self.name) is None:
            raise ValueError(
                f"its runs would go into a history called {self.name!r}, and a history has only "
                "letters, digits, - and _ in its name; set history to one that has"
            )
        return self

    @model_validator(mode="after")
    def _variables_of_its_own(self) -> Self:
        ours = sorted(name for name in self.env if name.startswith(RESERVED))
        if ours:
            raise ValueError(f"env cannot set {ours[0]}: what begins with {RESERVED} is amlplan's")
        taken: dict[str, str] = {}
        for name in self.input:
            other = taken.setdefault(input_variable(name), name)
            if other != name:
                variable = input_variable(name)
                raise ValueError(f"the inputs {other} and {name} would both be {variable}")
        return self

    @model_validator(mode="after")
    def _folders_of_their_own(self) -> Self:
        inputs = [name for name, item in self.input.items() if item.datastore is not None]
        for name in (*inputs, *self.output):
            if re.fullmatch(FOLDER_PATTERN, name) is None:
                raise ValueError(
                    f"{name!r} becomes the name of a folder, and so has letters, digits, . - and _ "
                    "only, a letter or a digit first"
                )
        return self
