"""Logged models of MLflow 3: files of a run with a name, a status, parameters and tags."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amlplan_endpoint.answers import INVALID, MISSING, NOT_SUPPORTED, Refusal, listed
from amlplan_endpoint.mlflow_documents import EXPERIMENT, metric_document, milliseconds
from amlplan_endpoint.names import shown, told
from amlplan_endpoint.past_models import past_model
from amlplan_endpoint.places import model_place

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service

PENDING, READY = "LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY"
_NUMBERS = {1: PENDING, 2: READY, 3: "LOGGED_MODEL_UPLOAD_FAILED"}


def create(service: Service, request: Request) -> Json:
    """A new logged model of a run."""
    run = service.recording.run(request.text("source_run_id", service.run_id)).id
    with service.lock:
        number = len(service.recording.models) + 1
        model_id = f"m-{shown(service.run_id)}-m{number}"
        _record(
            service,
            run,
            {
                "model_id": model_id,
                "name": request.text("name", f"model-{number}"),
                "model_type": request.text("model_type", ""),
                "status": PENDING,
                "parameters": dict(request.pairs("params")),
                "tags": dict(request.pairs("tags")),
                "created": milliseconds(time.time()),
            },
        )
    return {"model": document(service, model_id)}


def get(service: Service, request: Request) -> Json:
    """A logged model of this run, or of an earlier one."""
    return {"model": document(service, request.words["model_id"])}


def finish(service: Service, request: Request) -> Json:
    """Tell what became of a logged model."""
    status = request.body.get("status")
    status = _NUMBERS.get(status, READY) if isinstance(status, int) else str(status)
    return _changed(service, request, {"status": status})


def set_tags(service: Service, request: Request) -> Json:
    """Add tags to a logged model."""
    tags = _own(service, request)["tags"] | dict(request.pairs("tags"))
    return _changed(service, request, {"tags": tags})


def delete_tag(service: Service, request: Request) -> Json:
    """Take a tag of a logged model back."""
    tags = dict(_own(service, request)["tags"])
    tags.pop(request.words["key"], None)
    _changed(service, request, {"tags": tags})
    return {}


def log_parameters(service: Service, request: Request) -> Json:
    """Add parameters to a logged model."""
    parameters = _own(service, request)["parameters"] | dict(request.pairs("params"))
    _changed(service, request, {"parameters": parameters})
    return {}


def delete(_service: Service, request: Request) -> Json:
    """Refuse: what a run gave is not taken back."""
    message = f"{request.words['model_id']!r} stays: amlplan keeps what a run logged."
    raise Refusal(NOT_SUPPORTED, message)


def search(service: Service, request: Request) -> Json:
    """The logged models of this run, the newest first, or those of one run in it.

    Of filters, `source_run_id = '…'` and `name = '…'` are understood.
    """
    from amlplan_endpoint.searching import fits, parsed_filter

    tests = parsed_filter(request.text("filter", ""))
    found = [document(service, model_id) for model_id in reversed(service.recording.models)]
    for test in tests:
        found = [model for model in found if fits(test, _attribute(model, test))]
    return {"models": found[: request.number("max_results", 100)]}


def list_files(service: Service, request: Request) -> Json:
    """What is in a folder of a logged model, by whole paths."""
    from amlplan_endpoint.places import checked

    model_id = request.words["model_id"]
    path = checked(request.text("artifact_directory_path", ""))
    head = f"{path}/" if path else ""
    found = model_place(service, model_id).listed(path)
    return {
        "root_uri": f"mlflow-artifacts:/models/{model_id}",
        "files": [{**item, "path": head + item["path"]} for item in found],
    }


def log_outputs(service: Service, request: Request) -> Json:
    """Note which logged models a run gave, and at which step."""
    run = service.recording.run(request.text("run_id")).id
    gave = {str(item["model_id"]): int(item.get("step") or 0) for item in _models(request)}
    service.recording.record(run, "list", name="models", values=list(gave), gave=gave)
    return {}


def document(service: Service, model_id: str) -> Json:
    """A logged model as MLflow's clients read it; raises Refusal."""
    model = service.recording.models.get(model_id) or past_model(service, model_id)
    points = service.recording.model_points.get(model_id, {})
    run = shown(model.get("run", told(model_id.removeprefix("m-").rpartition("-m")[0], "")))
    return {
        "info": {
            "model_id": model_id,
            "experiment_id": EXPERIMENT,
            "name": model["name"],
            "creation_timestamp_ms": model["created"],
            "last_updated_timestamp_ms": milliseconds(model["t"]),
            "artifact_uri": f"mlflow-artifacts:/models/{model_id}",
            "status": model["status"],
            "model_type": model["model_type"],
            "source_run_id": run,
            "tags": listed(model["tags"]),
        },
        "data": {
            "params": listed(model["parameters"]),
            "metrics": [
                {**metric_document(name, point), "model_id": model_id, "run_id": shown(of)}
                for name, (of, point) in points.items()
            ],
        },
    }


def _changed(service: Service, request: Request, changes: Json) -> Json:
    with service.lock:
        model = _own(service, request)
        run = model.get("run", service.run_id)
        kept = {name: value for name, value in model.items() if name not in ("t", "n", "type")}
        kept.pop("run", None)
        _record(service, run, {**kept, **changes})
    return {"model": document(service, request.words["model_id"])}


def _record(service: Service, run: str, fields: Json) -> None:
    service.recording.record(run, "model", **fields)


def _own(service: Service, request: Request) -> Json:
    model = service.recording.models.get(request.words["model_id"])
    if model is None:
        raise Refusal(MISSING, f"This run has no model {request.words['model_id']!r}.")
    return model


def _attribute(model: Json, test: tuple[str, str, str, Any]) -> Any:
    entity, key = test[:2]
    if entity == "tag":
        return {item["key"]: item["value"] for item in model["info"]["tags"]}.get(key)
    if entity == "param":
        return {item["key"]: item["value"] for item in model["data"]["params"]}.get(key)
    if entity == "metric":
        return {item["key"]: item["value"] for item in model["data"]["metrics"]}.get(key)
    return model["info"].get(key)


def _models(request: Request) -> list[Json]:
    found = request.items("models")
    if not all(isinstance(item, dict) and "model_id" in item for item in found):
        raise Refusal(INVALID, "Each of models has to have a model_id.")
    return found


ROUTES = (
    ("POST", "/mlflow/logged-models", create),
    ("POST", "/mlflow/logged-models/search", search),
    ("GET", "/mlflow/logged-models/{model_id}", get),
    ("PATCH", "/mlflow/logged-models/{model_id}", finish),
    ("DELETE", "/mlflow/logged-models/{model_id}", delete),
    ("PATCH", "/mlflow/logged-models/{model_id}/tags", set_tags),
    ("DELETE", "/mlflow/logged-models/{model_id}/tags/{key}", delete_tag),
    ("POST", "/mlflow/logged-models/{model_id}/params", log_parameters),
    ("GET", "/mlflow/logged-models/{model_id}/artifacts/directories", list_files),
    ("POST", "/mlflow/runs/outputs", log_outputs),
)
