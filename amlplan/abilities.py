"""Abilities of providers that commands use beside plan and apply: runs, models, deployments.

As those in `amlplan.provider`, each is a small protocol that a provider simply implements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from amlplan.content_store import ContentStore
    from amlplan.job_container import JobContainer
    from amlplan.provider import OperationHandle, Outputs, Targets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Share:
    """What a job takes of a target that others use at the same time.

    At most `max_runs` jobs of one `target` run at once; the others wait in the order of their
    submission. `gpus` of its `gpu_count` graphics processors are the job's alone; where it is not
    known to have so many, the target counts them.
    """

    target: str = ""
    max_runs: int | None = None
    gpus: int = 0
    gpu_count: int = 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a supervisor tells that a run ended; the URL is a secret.

    `on` has the statuses that are told, in small letters. The message is `body` with how it ended.
    """

    url: str = field(repr=False)
    on: tuple[str, ...]
    body: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A script to run on a target, complete: nothing is looked up later.

    `folder` is the run's own; it has `events/` and, filled by the caller, `work/`, in which
    `command` is run. `store` is the workspace's content store. `variables` come on top of a clean
    environment; `secrets` are variables too, which reach the process through a pipe only. Their
    values, and those in `masked`, are masked in the log where they have six characters or more.

    Of `work/`, what `include` matches is kept (`**`, `*`, `?`, and a folder by a slash at its
    end) and `exclude` does not, `max_size` bytes in all; by reference it stays with the run, out of
    the store. `uploads` has folders in `work/` with where on the target they are copied to when the
    script completed. A script that runs for more than `max_duration` seconds, all
    attempts together, is ended. One that fails is started again, `retries` times at most.
    `programs` is a folder that comes first on its PATH. With a `container` it is run in that, see
    `amlplan.containers`, and its paths are those in there; `recorder` is the folder of this host
    that a script has on its path. `afterwards` is a command that ends what the job's own left
    elsewhere, and brings back what belongs into the folder; where that has a file
    `container.brought`, nothing is left.
    """

    run_id: str
    folder: Path
    store: Path
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    masked: tuple[str, ...] = field(default=(), repr=False)
    include: tuple[str, ...] = ("outputs/**", "logs/**")
    exclude: tuple[str, ...] = ()
    max_size: int = 10 * 1024**3
    by_reference: bool = False
    uploads: Mapping[str, str] = field(default_factory=dict)
    max_duration: float | None = None
    retries: int = 0
    webhook: Webhook | None = None
    share: Share = field(default_factory=Share)
    programs: Path | None = None
    container: JobContainer | None = None
    recorder: Path | None = None
    afterwards: tuple[str, ...] = ()


JobState = Literal["running", "silent", "ended", "lost", "unknown"]
"""How a job stands: `running` has a supervisor, also while it is queued, and `silent` one that
gives no sign of life; `ended` has a final status among its events, `lost` has none and nobody left
to write one, `unknown` was never taken over by a supervisor."""
SUPERVISED = frozenset({"running", "silent"})
"""The states of jobs that somebody looks after."""


@runtime_checkable
class RunsJobs(Protocol):
    """An ability of a compute target: runs scripts, each under a supervisor of its own.

    The supervisor owns the run's status and outlives the command line. Each method blocks and
    raises ProviderError; all but `submit` may be repeated.
    """

    def submit(self, job: Job) -> None:
        """Start the job; a supervisor has taken it over, or will never, when this returns.

        Raises where it cannot be started, and where the run was submitted before.
        """
        ...

    def pull(self, run_id: str, folder: Path) -> JobState:
        """Bring the events, log and outputs that the target has into the folder."""
        ...

    def cancel(self, run_id: str, folder: Path) -> None:
        """Ask for the script's end; returns when asked. One that ended already is no failure."""
        ...

    def finish_lost(self, run_id: str, folder: Path, store: Path) -> None:
        """Keep the outputs of a lost job and give it its final status, once whoever calls.

        A job that is unknown gets one too, and will never be taken over: the caller knows that
        nobody submits it any more. Nothing is done for one that runs or ended.
        """
        ...

    def lacking(self, needed: Mapping[str, int], target: Record | None = None) -> list[str]:
        """What the target has too little of, in words; `needed` by the names of its facts."""
        ...


@runtime_checkable
class TellsActiveRuns(Protocol):
    """An ability of the compute target that is this host: which runs somebody looks after."""

    def active_runs(self, workspace: Path, target: str) -> list[str]:
        """The runs of a workspace's folder that are active on a target, by its address.

        Raises ProviderError where it cannot be known.
        """
        ...


@runtime_checkable
class QueuesJobs(Protocol):
    """An ability of compute targets on which jobs wait for their turn."""

    def place_in_queue(self, run_id: str, folder: Path) -> int | None:
        """The place of a job that waits, 1 being the next; None where it does not wait."""
        ...


@runtime_checkable
class KeepsContent(Protocol):
    """An ability of workspaces: content by digest."""

    def content(self, outputs: Mapping[str, JsonValue]) -> ContentStore:
        """The content store of a workspace with these outputs."""
        ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What clearing a store removed, or would remove; and how much was too new to be removed."""

    contents: int = 0
    size: int = 0
    snapshots: int = 0
    too_new: int = 0


@runtime_checkable
class SweepsContent(Protocol):
    """An ability of workspaces: removes content that nothing refers to. Raises ProviderError."""

    def referred(self, workspace: Path) -> set[str]:
        """The digests that models, images and environments in a workspace's folder name."""
        ...

    def sweep(self, workspace: Path, kept: set[str], before: float, *, is_dry: bool) -> Swept:
        """Remove content and snapshots that are older than a moment and not among the digests.

        A snapshot that is kept, by its id or its age, keeps its files. Nothing is removed where
        `is_dry`; else the caller is alone with the store, see `amlplan.store_use`.
        """
        ...


@runtime_checkable
class BuildsEnvironments(Protocol):
    """An ability of environments: a Python that scripts can be run with on this host."""

    def build(
        self,
        record: Record,
        targets: Targets,
        values: Mapping[str, JsonValue],
        operation: OperationHandle,
    ) -> str:
        """The path of the environment's interpreter, built where it is missing.

        `values` are the inputs with secrets in the clear, for package indexes that need a login.
        Blocks and may use the network; an environment that is there costs nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class ToUnpack:
    """Packages for a Python that is elsewhere, as in an image.

    `packages` are those of `amlplan.lock`. `python` is a whole version, `platform` as environments
    name it, `libc` as in `glibc 2.36` or `musl 1.2`. `values` are the environment's inputs with
    secrets in the clear, for package indexes; without any, the default index is asked.
    """

    packages: tuple[Mapping[str, JsonValue], ...]
    python: str
    platform: str
    libc: str
    values: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)


@runtime_checkable
class UnpacksEnvironments(Protocol):
    """An ability of environments: their packages as files, for any Python and platform."""

    def unpack(self, wanted: ToUnpack, folder: Path, operation: OperationHandle) -> None:
        """Fill an empty folder as the prefix of a Python: `lib/python*/site-packages` and `bin`.

        Prebuilt wheels only. The scripts in `bin` name any Python, which is none of the target's.
        Blocks and may use the network; raises ProviderError.
        """
        ...


@runtime_checkable
class RemembersEnvironments(Protocol):
    """An ability of environments: what those of earlier runs were made of."""

    def contents(self, workspace: Path, digest: str) -> Mapping[str, str]:
        """Python and packages by name, with their versions; {} where nothing is remembered.

        `workspace` is the folder of one. Raises ProviderError where it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """What is known of an environment on this host.

    `packages` are names with versions, and where they are from where that is no index. `python`
    is the whole version where it is built, else the one asked for. `interpreter` and `built_by`
    are None where it is not built. `from_conda` has what became of the lines of a conda file.
    """

    python: str | None
    packages: tuple[str, ...] = ()
    interpreter: str | None = None
    built_by: str | None = None
    from_conda: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class DescribesEnvironments(Protocol):
    """An ability of environments: tells what they are without building them."""

    def describe(self, record: Record, targets: Targets) -> EnvironmentFacts:
        """The facts; only reads, and is quick. Raises ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered version; `aliases` are those that mean it now, `files` digests by path."""

    name: str
    version: int
    digest: str
    size: int
    at: str
    framework: str | None = None
    aliases: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    lineage: Mapping[str, JsonValue] = field(default_factory=dict)


@runtime_checkable
class KeepsModels(Protocol):
    """An ability of models: what is registered, also by others than this state."""

    def models(self, workspace: Path) -> Mapping[str, Sequence[ModelVersion]]:
        """Every version in a workspace's folder by its model's name, the oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image on a target that amlplan put there, or a container that making one left behind.

    `role` is what it is for: `image`, `base`, `front`, `run`; `probe` and `build` are containers.
    `size` includes what it shares with other images. It may go where `used_by`, in words, is empty.
    """

    id: str
    names: tuple[str, ...]
    role: str
    size: int = 0
    used_by: tuple[str, ...] = ()


@runtime_checkable
class KeepsImages(Protocol):
    """An ability of images: what their builder keeps of them. Raises ProviderError."""

    def stored(self, builder: Record, records: Sequence[Record]) -> Sequence[StoredImage]:
        """All that is there, whoever put it there; `records` of the state tell who uses what."""
        ...

    def discard(self, builder: Record, images: Sequence[StoredImage]) -> Sequence[StoredImage]:
        """Remove these; gives those that went. One that somebody came to use meanwhile stays."""
        ...

    def damage(self, record: Record, targets: Targets) -> Sequence[str]:
        """What of an image's bytes is not as it was, in words; reads all of them."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deployment answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A deployment as it is after a rollback: what it was asked to be then, and its outputs."""

    revision: str
    inputs: Mapping[str, JsonValue]
    derived: Mapping[str, JsonValue]
    outputs: Outputs


@runtime_checkable
class ServesDeployments(Protocol):
    """An ability of deployments: what people do with one that runs. Raises ProviderError.

    `targets` are the records of what it refers to, with the connections of this user.
    """

    def score(self, record: Record, targets: Targets, body: bytes, content_type: str) -> Answer:
        """Ask the deployment, with its own key; blocks for as long as it may take."""
        ...

    def logs(self, record: Record, targets: Targets, revision: str | None) -> Iterator[bytes]:
        """What the workers of a revision wrote, the serving one where none is named."""
        ...

    def keys(self, record: Record, targets: Targets) -> Mapping[str, str]:
        """The keys themselves, by their name; for eyes only."""
        ...

    def rotate(self, record: Record, targets: Targets, key: str) -> Outputs:
        """Replace one key by a new one, at once; gives the outputs as they are now."""
        ...

    def roll_back(
        self,
        record: Record,
        targets: Targets,
        revision: str | None,
        secrets: Mapping[str, str],
    ) -> RolledBack:
        """Serve an earlier revision again, the one before where none is named; or the present one.

        `secrets` are the values of the record's secrets by JSON Pointer.
        """
        ...
