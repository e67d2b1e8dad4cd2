"""Records in the run what a script records with MLflow at a server of its own, beside that.

Stands between MLflow's client and its store, of whatever kind: what the store has taken is recorded
here too. What fails here never reaches the script.
"""

import os
import threading
from contextlib import suppress
from importlib import import_module

from amlplan_run import current
from amlplan_run.run import ChildRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

    from amlplan_run.run import Run

UTILS = "mlflow.tracking._tracking_service.utils"
CLIENT = "mlflow.tracking._tracking_service.client"
_MARK = "_amlplan_mirror"
_OURS = "mlflow."
"""How the tags begin that MLflow keeps for itself."""
_PARENT = "mlflow.parentRunId"


def apply() -> None:
    """Mirror each store that MLflow opens in this process, and each file that it sends."""
    mirror = Mirror()
    utils = import_module(UTILS)  # type: Any
    opened = utils._get_store  # noqa: SLF001 - the one place where all of MLflow gets its store

    def get_store(*given: "Any", **named: "Any") -> "Any":
        return mirror.over(opened(*given, **named))

    utils._get_store = get_store  # noqa: SLF001
    client = import_module(CLIENT).TrackingServiceClient
    for name in ("log_artifact", "log_artifacts", "log_model_artifacts"):
        if hasattr(client, name):
            setattr(client, name, mirror.around(getattr(client, name), getattr(mirror, name), 1))


class Mirror:
    """Knows which run here belongs to each run there.

    The first that a script starts is the run itself; every other is a child of it.
    """

    def __init__(self) -> None:
        self._runs: "Dict[str, Run]" = {}
        self._within = threading.local()
        self._lock = threading.RLock()

    def over(self, store: "Any") -> "Any":
        """The store, whose methods tell this mirror what they were given."""
        with self._lock:
            if not getattr(store, _MARK, False):
                for name in sorted(_TOLD):
                    method = getattr(store, name, None)
                    if method is not None:
                        setattr(store, name, self.around(method, getattr(self, _TOLD[name])))
                setattr(store, _MARK, True)
        return store

    def around(
        self, method: "Callable[..., Any]", tell: "Callable[..., None]", skipped: int = 0
    ) -> "Callable[..., Any]":
        """A method that does what it did, and then tells of it; what it calls itself does not."""

        def mirrored(*given: "Any", **named: "Any") -> "Any":
            if getattr(self._within, "it", False):
                return method(*given, **named)
            self._within.it = True
            try:
                result = method(*given, **named)
            finally:
                self._within.it = False
            with suppress(Exception):  # another MLflow: the script goes on as ever
                tell(result, *given[skipped:], **named)
            return result

        mirrored.__name__ = getattr(method, "__name__", "mirrored")
        mirrored.__doc__ = method.__doc__
        return mirrored

    def run(self, there: str) -> "Run":
        """The run here that has what is recorded in a run there."""
        with self._lock:
            if there not in self._runs:
                self._runs[there] = current().child_run(there) if self._runs else current()
            return self._runs[there]

    def create_run(self, result: "Any", *_given: "Any", **_named: "Any") -> None:
        """A run was created there."""
        there = result.info.run_id
        tags = result.data.tags
        with self._lock:
            if there in self._runs:
                return
            if not self._runs:
                self._runs[there] = current()
            else:
                above = self._runs.get(tags.get(_PARENT)) or current()
                name = getattr(result.info, "run_name", None) or tags.get("mlflow.runName")
                self._runs[there] = above.child_run(name or there)

    def update_run_info(
        self, _result: "Any", run_id: str, run_status: "Any", *_given: "Any", **_named: "Any"
    ) -> None:
        """A run there got another status."""
        run = self.run(run_id)
        if not isinstance(run, ChildRun):
            return
        status = import_module("mlflow.entities").RunStatus.to_string(run_status)
        if status == "FINISHED":
            run.complete()
        elif status == "FAILED":
            run.fail()
        elif status == "KILLED":
            run.cancel()

    def log_metric(self, _result: "Any", run_id: str, metric: "Any") -> None:
        """A value of a metric was recorded there."""
        self.run(run_id).log(metric.key, metric.value, metric.step)

    def log_param(self, _result: "Any", run_id: str, param: "Any") -> None:
        """A parameter was recorded there."""
        self.run(run_id).parameter(param.key, param.value)

    def set_tag(self, _result: "Any", run_id: str, tag: "Any") -> None:
        """A tag was set there."""
        if not tag.key.startswith(_OURS):
            self.run(run_id).tag(tag.key, tag.value)

    def delete_tag(self, _result: "Any", run_id: str, key: str) -> None:
        """A tag was taken away there."""
        self.run(run_id).remove_tag(key)

    def log_batch(
        self,
        result: "Any",
        run_id: str,
        metrics: "Any" = (),
        params: "Any" = (),
        tags: "Any" = (),
    ) -> None:
        """Several things were recorded there."""
        for param in params or ():
            self.log_param(result, run_id, param)
        for metric in metrics or ():
            self.log_metric(result, run_id, metric)
        for tag in tags or ():
            self.set_tag(result, run_id, tag)

    def log_artifact(
        self, _result: "Any", run_id: str, local_path: str, artifact_path: "Any" = None
    ) -> None:
        """A file was sent there."""
        run = self.run(run_id)
        run.artifact(local_path, _name(run, artifact_path, os.path.basename(local_path)))

    def log_artifacts(
        self, _result: "Any", run_id: str, local_dir: str, artifact_path: "Any" = None
    ) -> None:
        """A folder was sent there: what is in it, at that place."""
        run = self.run(run_id)
        for name in sorted(os.listdir(local_dir)):
            run.artifact(os.path.join(local_dir, name), _name(run, artifact_path, name))

    def log_model_artifacts(self, _result: "Any", model_id: str, local_dir: str) -> None:
        """The files of a model were sent there, as MLflow 3 does apart from those of runs."""
        current().artifact(local_dir, "logged-models/" + model_id)


_TOLD = {
    "create_run": "create_run",
    "update_run_info": "update_run_info",
    "log_metric": "log_metric",
    "log_metric_async": "log_metric",
    "log_param": "log_param",
    "log_param_async": "log_param",
    "set_tag": "set_tag",
    "set_tag_async": "set_tag",
    "delete_tag": "delete_tag",
    "log_batch": "log_batch",
    "log_batch_async": "log_batch",
}
"""Methods of stores, by who is told of them."""


def _name(run: "Run", *parts: "Any") -> str:
    """Where a file lies in outputs; those of children are apart, as in any other run."""
    above = "children/%s/" % run.id if isinstance(run, ChildRun) else ""
    return above + "/".join(str(part).strip("/") for part in parts if part)
