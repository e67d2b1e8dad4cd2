"""Keeps MLflow with the run: what a script says about another server is told, and not followed.

Applied by sitecustomize when a script has imported MLflow, of any version from 1.30 on.
"""

import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Set

HEADER = "X-Amlplan-Rank"
RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")
_PLACES = (
    ("set_tracking_uri", "mlflow"),
    ("set_tracking_uri", "mlflow.tracking"),
    ("set_tracking_uri", "mlflow.tracking._tracking_service.utils"),
    ("set_registry_uri", "mlflow"),
    ("set_registry_uri", "mlflow.tracking"),
    ("set_registry_uri", "mlflow.tracking._model_registry.utils"),
)
"""Where its functions stand: a script may have them from each."""


def apply(module: "Any") -> None:  # noqa: ARG001 - the mechanism gives what was imported
    """Let MLflow in this process record into the run only."""
    service = os.environ.get("AMLPLAN_RUN_SERVICE", "")
    wanted = os.environ.get("AMLPLAN_MLFLOW")
    if wanted == "both" and os.environ.get("AMLPLAN_RUN_EVENTS"):
        import_module("amlplan_run.mlflow_mirror").apply()
    if not service or wanted in ("both", "leave"):
        return
    keeper = Keeper(service)
    if os.environ.get("AMLPLAN_MLFLOW_REPLACED"):
        keeper.tell("MLFLOW_TRACKING_URI", "another server")
    for name, place in _PLACES:
        if hasattr(sys.modules.get(place), name):
            setattr(sys.modules[place], name, keeper.setter(name))
    client = getattr(sys.modules.get("mlflow.tracking.client"), "MlflowClient", None)
    if client is not None:
        client.__init__ = keeper.client(client.__init__)
    if rank() is not None:
        _register_rank()


class Keeper:
    """Stands in the place of MLflow's functions that choose a server."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._told: "Set[str]" = set()

    def setter(self, name: str) -> "Callable[..., None]":
        """A function that chooses no server, and says so where another one was asked for."""

        def choose(uri: "Any" = None, *_arguments: "Any", **_named: "Any") -> None:
            if not self._is_ours(uri):
                self.tell(name, uri)

        choose.__name__ = name
        choose.__doc__ = "Not followed in a run of amlplan: it records into the run."
        return choose

    def client(self, make: "Callable[..., None]") -> "Callable[..., None]":
        """The constructor of clients, all of which talk to the run's service."""

        def construct(client: "Any", *given: "Any", **named: "Any") -> None:
            kept = list(given)
            for place, uri in enumerate(kept[:2]):
                if not self._is_ours(uri):
                    self.tell("MlflowClient", uri)
                    kept[place] = None
            for name in ("tracking_uri", "registry_uri"):
                if not self._is_ours(named.get(name)):
                    self.tell("MlflowClient", named[name])
                    named[name] = None
            make(client, *kept, **named)

        construct.__doc__ = make.__doc__
        return construct

    def tell(self, what: str, uri: "Any") -> None:
        """Say on standard error, once for each, that something is not followed."""
        if what in self._told:
            return
        self._told.add(what)
        line = (
            "amlplan: MLflow records into this run, so %s (%s) is not followed; to follow it, "
            'write mlflow { tracking = "both" } in the run_config\n'
            % (what, _without_password(uri))
        )
        _print(sys.stderr, line)

    def _is_ours(self, uri: "Any") -> bool:
        return not uri or str(uri).rstrip("/") == self._service


def rank() -> "Any":
    """The number of this process in a script of several; None where it is the only one."""
    for name in RANKS:
        value = os.environ.get(name, "")
        if value.isdigit():
            return int(value)
    return None


class RankHeader:
    """Tells the service the rank, by which runs of all processes are recognised as one."""

    def in_context(self) -> bool:
        """Whether there is a rank to be told."""
        return rank() is not None

    def request_headers(self) -> "Dict[str, str]":
        """The header that tells it."""
        return {HEADER: str(rank())}


def _register_rank() -> None:
    try:
        registry = import_module("mlflow.tracking.request_header.registry")
        registry._request_header_provider_registry.register(RankHeader)  # noqa: SLF001
    except (ImportError, AttributeError):  # another MLflow: its ranks then have runs of their own
        return


def _print(stream: "Any", line: str) -> None:
    try:
        stream.write(line)
        stream.flush()
    except Exception:  # noqa: BLE001, S110 - a stream that is closed has nobody to tell it to
        pass


def _without_password(uri: "Any") -> str:
    head, at, rest = str(uri).rpartition("@")
    if not at:
        return rest
    return head.partition("//")[0] + "//" + rest
