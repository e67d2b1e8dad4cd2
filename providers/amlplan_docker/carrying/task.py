"""What a carrier is to do, as a file in the run's folder; no value of a secret is in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from amlplan.files import encode, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "container.json"
"""The file in a run's folder."""
BROUGHT = "container.brought"
"""The file that tells that everything was fetched and the container removed."""
INSIDE = "/amlplan/run"
"""The run's folder in its container."""
WORK = f"{INSIDE}/work"


@dataclass(frozen=True, slots=True)
class CarryTask:
    """A run in a container: where, from which image, with what limits, and what it executes.

    `connection` has the fields of a connection to the engine. `variables` are those of the script
    that are no secrets. `include` says what is fetched of the working folder. `recorder` is the
    folder on this host that is put on the script's path. `handed` names variables of the script,
    about MLflow, which the supervisor may change and the carrier has in its own environment. With
    `counts_gpus` the graphics processors are certain ones, which the supervisor names there too.
    """

    run: str
    container: str
    connection: Mapping[str, str | None]
    image: str
    interpreter: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    labels: Mapping[str, str]
    recorder: str
    include: tuple[str, ...] = ()
    retries: int = 0
    max_duration: float | None = None
    network: str | None = None
    memory: int | None = None
    cpus: float | None = None
    gpus: int = 0
    counts_gpus: bool = False
    shm_size: int | None = None
    handed: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Keep it in the run's folder; raises ProviderError."""
        write_file(folder / NAME, encode(asdict(self)))


def read_task(folder: Path) -> CarryTask:
    """The task in a run's folder; raises OSError, or ValueError for what is none."""
    document: dict[str, Any] = json.loads(folder.joinpath(NAME).read_bytes())
    try:
        for name in ("command", "include", "handed"):
            document[name] = tuple(document[name])
        return CarryTask(**document)
    except (TypeError, KeyError, AttributeError) as failure:
        raise ValueError(f"{folder / NAME} is not what amlplan writes") from failure
