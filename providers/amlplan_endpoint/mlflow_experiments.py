"""Experiments: there is one, the history of the run, whatever a script calls it.

A script that names its experiment before its run would otherwise be refused by MLflow's client,
since the run that amlplan began is in another one. The name is kept as a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.answers import listed
from amlplan_endpoint.mlflow_documents import EXPERIMENT, milliseconds

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service

NAME_TAG = "mlflow.experiment"
TAG_PREFIX = "mlflow.experiment."


def get_by_name(service: Service, request: Request) -> Json:
    """The one experiment, by any name."""
    return {"experiment": _named(service, request.text("experiment_name"))}


def get(service: Service, request: Request) -> Json:
    """The one experiment, by any id."""
    asked = request.text("experiment_id")
    return {"experiment": _experiment(service) if asked == EXPERIMENT else _named(service, asked)}


def create(service: Service, request: Request) -> Json:
    """The one experiment, which gets the name."""
    for key, value in request.pairs("tags"):
        service.recording.record(service.run_id, "tag", name=TAG_PREFIX + key, value=value)
    return {"experiment_id": _named(service, request.text("name"))["experiment_id"]}


def search(service: Service, _request: Request) -> Json:
    """The one experiment."""
    return {"experiments": [_experiment(service)]}


def set_tag(service: Service, request: Request) -> Json:
    """Keep a tag of the experiment with the run."""
    name = TAG_PREFIX + request.text("key")
    service.recording.record(service.run_id, "tag", name=name, value=request.text("value", ""))
    return {}


def delete_tag(service: Service, request: Request) -> Json:
    """Take a tag of the experiment back."""
    name = TAG_PREFIX + request.text("key")
    service.recording.record(service.run_id, "tag", name=name, value=None, removed=True)
    return {}


def rename(service: Service, request: Request) -> Json:
    """Give the experiment another name."""
    _named(service, request.text("new_name"))
    return {}


def keep(_service: Service, _request: Request) -> Json:
    """Nothing: deleting or restoring an experiment changes no history."""
    return {}


def _named(service: Service, name: str) -> Json:
    """The experiment under a name that is not that of the history."""
    with service.lock:
        if name not in (service.experiment, service.history_name):
            service.recording.record(service.run_id, "tag", name=NAME_TAG, value=name)
        service.experiment = name
    return _experiment(service)


def _experiment(service: Service) -> Json:
    run = service.recording.run(service.run_id)
    tags = {
        name.removeprefix(TAG_PREFIX): value
        for name, value in run.tags.items()
        if name.startswith(TAG_PREFIX)
    }
    name = service.experiment or run.tags.get(NAME_TAG) or service.history_name
    began = milliseconds(run.started)
    return {
        "experiment_id": EXPERIMENT,
        "name": name,
        "artifact_location": "mlflow-artifacts:/runs",
        "lifecycle_stage": "active",
        "creation_time": began,
        "last_update_time": began,
        "tags": listed(tags),
    }


ROUTES = (
    ("GET", "/mlflow/experiments/get-by-name", get_by_name),
    ("GET", "/mlflow/experiments/get", get),
    ("GET", "/mlflow/experiments/list", search),
    ("GET", "/mlflow/experiments/search", search),
    ("POST", "/mlflow/experiments/search", search),
    ("POST", "/mlflow/experiments/create", create),
    ("POST", "/mlflow/experiments/update", rename),
    ("POST", "/mlflow/experiments/delete", keep),
    ("POST", "/mlflow/experiments/restore", keep),
    ("POST", "/mlflow/experiments/set-experiment-tag", set_tag),
    ("POST", "/mlflow/experiments/delete-experiment-tag", delete_tag),
)
