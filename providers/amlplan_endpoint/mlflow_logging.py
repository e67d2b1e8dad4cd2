"""What scripts log: metrics, parameters, tags, inputs, alone and in batches, and their history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amlplan_endpoint.answers import INVALID, Refusal, pair_of
from amlplan_endpoint.mlflow_documents import metric_document, milliseconds
from amlplan_endpoint.past_runs import past_series
from amlplan_endpoint.run_record import Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service

STEPS = 2**63
_EXTRA = ("model_id", "dataset_name", "dataset_digest")


def log_metric(service: Service, request: Request) -> Json:
    """Record one point."""
    run = service.recording.run(request.text("run_id|run_uuid")).id
    _record_metric(service, run, request.body)
    return {}


def log_parameter(service: Service, request: Request) -> Json:
    """Record a parameter, which never changes."""
    run = service.recording.run(request.text("run_id|run_uuid")).id
    key, value = pair_of(request.body)
    _check_parameters(service, run, {key: value})
    _record_parameter(service, run, key, value)
    return {}


def log_batch(service: Service, request: Request) -> Json:
    """Record points, parameters and tags; where one of them is wrong, none."""
    run = service.recording.run(request.text("run_id|run_uuid")).id
    metrics = [(item, _point(item)) for item in request.items("metrics")]
    parameters, tags = request.pairs("params"), request.pairs("tags")
    _check_parameters(service, run, dict(parameters))
    for key, value in parameters:
        _record_parameter(service, run, key, value)
    for item, point in metrics:
        service.recording.record_point(run, item["key"], point, **_extra(item))
    set_tags(service, run, dict(tags))
    return {}


def set_tag(service: Service, request: Request) -> Json:
    """Record a tag."""
    run = service.recording.run(request.text("run_id|run_uuid")).id
    set_tags(service, run, dict([pair_of(request.body)]))
    return {}


def delete_tag(service: Service, request: Request) -> Json:
    """Take a tag back."""
    run, key = service.recording.run(request.text("run_id|run_uuid")), request.text("key")
    if key not in run.tags:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"The run has no tag {key!r}.")
    service.recording.record(run.id, "tag", name=key, value=None, removed=True)
    return {}


def log_inputs(service: Service, request: Request) -> Json:
    """Record the data that a run reads, each as a row of its table of inputs."""
    run = service.recording.run(request.text("run_id|run_uuid"))
    for item in request.items("datasets"):
        if not isinstance(item, dict) or not isinstance(item.get("dataset"), dict):
            raise Refusal(INVALID, "Each of datasets has to have a dataset.")
        if item not in run.inputs:
            values = {key: str(value)[:1000] for key, value in item["dataset"].items()}
            values |= dict(request_tags(item))
            service.recording.record(run.id, "row", name="inputs", values=values, input=item)
    return {}


def request_tags(item: Json) -> list[tuple[str, str]]:
    """The tags of an input, as in its context."""
    tags = item.get("tags")
    return [pair_of(tag) for tag in tags] if isinstance(tags, list) else []


def log_model(service: Service, request: Request) -> Json:
    """Add what a model is to the tag in which MLflow keeps that."""
    import json

    run = service.recording.run(request.text("run_id|run_uuid"))
    name = "mlflow.log-model.history"
    try:
        models = [*json.loads(run.tags.get(name, "[]")), json.loads(request.text("model_json"))]
    except ValueError as failure:
        raise Refusal(INVALID, "model_json is no JSON.") from failure
    set_tags(service, run.id, {name: json.dumps(models)})
    return {}


def history(service: Service, request: Request) -> Json:
    """All points of a metric."""
    run, name = request.text("run_id|run_uuid"), request.text("metric_key")
    points = sorted(_series(service, run, name), key=lambda point: point.timestamp)
    start, most = request.number("page_token", 0), request.number("max_results", 0)
    page = points[start : start + most] if most else points[start:]
    answer: Json = {"metrics": [metric_document(name, point) for point in page]}
    more = most and start + most < len(points)
    return {**answer, "next_page_token": str(start + most)} if more else answer


def histories(service: Service, request: Request) -> Json:
    """The points of a metric in several runs, within some steps."""
    name = request.text("metric_key")
    start, end = request.number("start_step", -STEPS), request.number("end_step", STEPS)
    points = []
    for run in request.items("run_ids"):
        points += [
            {**metric_document(name, point), "run_id": run}
            for point in _series(service, run, name)
            if start <= point.step <= end
        ]
    return {"metrics": points}


def _series(service: Service, name: str, metric: str) -> list[Point]:
    """The points of a metric of a run of this script, or of an earlier one."""
    found = service.recording.find(name)
    if found is None:
        return past_series(service, name, metric)
    return list(service.recording.series(found.id, metric))


def set_tags(service: Service, run: str, tags: Mapping[str, str]) -> None:
    """Record tags; one that has that value already is not recorded again."""
    present = service.recording.run(run).tags
    for key, value in tags.items():
        if present.get(key) != value:
            service.recording.record(run, "tag", name=key, value=value)


def _record_metric(service: Service, run: str, item: Json) -> None:
    point = _point(item)
    service.recording.record_point(run, item["key"], point, **_extra(item))


def _point(item: Any) -> Point:
    if not isinstance(item, dict) or not isinstance(item.get("key"), str):
        raise Refusal(INVALID, "A metric has to have a key.")
    try:
        return Point(
            value=float(item["value"]),
            timestamp=int(item.get("timestamp") or milliseconds(time.time())),
            step=int(item.get("step") or 0),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as failure:
        given = str(item.get("value"))[:100]
        message = f"Metric {item['key']!r} has no number as its value: {given!r}."
        raise Refusal(INVALID, message) from failure


def _extra(item: Json) -> Json:
    return {name: item[name] for name in _EXTRA if isinstance(item.get(name), str) and item[name]}


def _check_parameters(service: Service, run: str, parameters: Mapping[str, str]) -> None:
    present = service.recording.run(run).parameters
    for key, value in parameters.items():
        if present.get(key, value) != value:
            raise Refusal(
                INVALID,
                f"Changing param values is not allowed. Param {key!r} of run {run!r} was logged as "
                f"{present[key]!r} before; it cannot become {value!r}.",
            )


def _record_parameter(service: Service, run: str, key: str, value: str) -> None:
    if key not in service.recording.run(run).parameters:
        service.recording.record(run, "parameter", name=key, value=value)


ROUTES = (
    ("POST", "/mlflow/runs/log-metric", log_metric),
    ("POST", "/mlflow/runs/log-parameter", log_parameter),
    ("POST", "/mlflow/runs/log-batch", log_batch),
    ("POST", "/mlflow/runs/set-tag", set_tag),
    ("POST", "/mlflow/runs/delete-tag", delete_tag),
    ("POST", "/mlflow/runs/log-inputs", log_inputs),
    ("POST", "/mlflow/runs/log-model", log_model),
    ("GET", "/mlflow/metrics/get-history", history),
    ("GET", "/mlflow/metrics/get-history-bulk-interval", histories),
)
