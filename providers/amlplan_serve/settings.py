"""What a server and a revision are started with, as both ends of the control socket know it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ServerConfig:
    """How a server listens; paths are absolute.

    `port` 0 lets the kernel choose. `control` is the control socket, in a folder that is there.
    `keys` is a file of mode 0600 with {"primary": …, "secondary": …}; None asks for no key.
    `drain_seconds` bounds what is in flight when the server ends, `keep_alive` the seconds that
    an idle connection is kept. With a `certificate` and its `certificate_key`, files in PEM, the
    server speaks TLS. `access_log` is a file, or "-" for standard output.
    """

    control: str
    log: str
    host: str = "127.0.0.1"
    port: int = 0
    keys: str | None = None
    body_limit: int = 100 * 1024 * 1024
    drain_seconds: float = 30.0
    keep_alive: int = 75
    certificate: str | None = None
    certificate_key: str | None = None
    access_log: str | None = None

    def encode(self) -> str:
        """The configuration as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)


PROCESSES, REPLICAS, HTTP = "processes", "replicas", "http"
"""How a revision gets its workers: see RevisionSpec."""


@dataclass(frozen=True)
class RevisionSpec:
    """One revision of what is served; nothing here is secret.

    `kind` says whence its workers come. PROCESSES are started by the server, by `interpreter`, with
    the `entry_script` relative to the folder `source`; `variables` are for them, and what they
    write goes to `log`. REPLICAS connect by themselves. HTTP servers are asked at `upstreams`, host
    and port by the name of the replica, at `routes`: scoring, liveness and readiness.
    `scoring_timeout` bounds one `run`, `startup_timeout` the start of a worker with its `init`,
    both in seconds. `max_concurrency` bounds the requests that run or wait. `manifest` is a file
    that is served as it is, `digest` that of the image, told by status and metrics.
    """

    revision: str
    interpreter: str = ""
    source: str = ""
    entry_script: str = ""
    model_dir: str = ""
    log: str = ""
    digest: str = ""
    manifest: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    scoring_timeout: float = 60.0
    startup_timeout: float = 300.0
    max_concurrency: int = 1000
    kind: str = PROCESSES
    upstreams: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError("a revision needs a worker")
        if self.scoring_timeout <= 0 or self.startup_timeout <= 0:
            raise ValueError("a timeout must be longer than nothing")
        if self.kind not in (PROCESSES, REPLICAS, HTTP):
            raise ValueError(f"there are no workers of the kind {self.kind}")

    def as_json(self) -> dict[str, Any]:
        """The specification as a JSON object."""
        return dataclasses.asdict(self)


def spec_from_json(value: Mapping[str, Any]) -> RevisionSpec:
    """Read what `RevisionSpec.as_json` gave, also that of another version."""
    return RevisionSpec(**_known(RevisionSpec, value))


@dataclass(frozen=True)
class ReplicaStatus:
    """How one replica is doing: whether it can take requests, how often it was restarted."""

    name: str
    ready: bool
    restarts: int
    in_flight: int


@dataclass(frozen=True)
class RevisionStatus:
    """How a revision is doing: its workers, how often one was restarted, requests in it now.

    `replicas` has each that is known by a name, in the order of these.
    """

    revision: str
    digest: str
    workers_wanted: int
    workers_ready: int
    restarts: int
    in_flight: int
    replicas: tuple[ReplicaStatus, ...] = ()


@dataclass(frozen=True)
class Status:
    """How a server is doing.

    `interpreter` runs the server itself. `candidate` may still be starting. `requests` counts what
    was answered on /score. `key_fingerprints` has a digest of each key by its name. `draining`
    names revisions that finish what they have; `closing` tells that the server itself does.
    `paused` names a revision whose workers were ended to be started again. `certificate` is the
    SHA-256 of the certificate that is shown, empty without TLS.
    """

    pid: int
    version: str
    interpreter: str
    host: str
    port: int
    active: RevisionStatus | None
    candidate: RevisionStatus | None
    draining: tuple[str, ...]
    requests: int
    key_fingerprints: Mapping[str, str]
    closing: bool
    paused: str | None = None
    certificate: str = ""

    def as_json(self) -> dict[str, Any]:
        """The status as a JSON object."""
        return dataclasses.asdict(self)


def status_from_json(value: Mapping[str, Any]) -> Status:
    """Read what `Status.as_json` gave, also that of a server of another version."""
    told = _known(Status, value)
    for name in ("active", "candidate"):
        told[name] = None if value[name] is None else _revision_from_json(value[name])
    return Status(**{"interpreter": "", **told, "draining": tuple(value["draining"])})


def _revision_from_json(value: Mapping[str, Any]) -> RevisionStatus:
    told = _known(RevisionStatus, value)
    replicas = told.get("replicas", ())
    told["replicas"] = tuple(ReplicaStatus(**_known(ReplicaStatus, item)) for item in replicas)
    return RevisionStatus(**told)


def _known(form: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    """What a dataclass knows of what was read."""
    names = {item.name for item in dataclasses.fields(form)}
    return {name: item for name, item in value.items() if name in names}
