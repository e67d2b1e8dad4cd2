"""Runs: the first is the one that amlplan began, every other is a child of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.answers import INVALID, NOT_SUPPORTED, Refusal
from amlplan_endpoint.mlflow_documents import NAME_TAG, PARENT_TAG, run_document, run_info
from amlplan_endpoint.mlflow_experiments import NAME_TAG as EXPERIMENT_TAG
from amlplan_endpoint.mlflow_logging import set_tags
from amlplan_endpoint.past_runs import past_run, past_runs
from amlplan_endpoint.run_record import FINAL, LIFECYCLE, RUNNING
from amlplan_endpoint.searching import searched

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.run_record import RunRecord
    from amlplan_endpoint.service import Service

STATUSES = {"FINISHED": "Completed", "FAILED": "Failed", "KILLED": "Canceled"}
_NUMBERS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
LARGEST_PAGE = 50_000


def create(service: Service, request: Request) -> Json:
    """A new child, of the run that is named as its parent or of the run itself."""
    tags = dict(request.pairs("tags"))
    parent = service.run_id
    if tags.get(PARENT_TAG):
        parent = service.recording.run(tags.pop(PARENT_TAG)).id
    name = request.text("run_name", "") or tags.get(NAME_TAG, "")
    child = service.children.start(parent, name, request.text("user_id", ""), request.rank)
    if service.experiment and service.experiment != service.history_name:
        tags = {EXPERIMENT_TAG: service.experiment, **tags}
    set_tags(service, child, tags)
    return {"run": _document(service, service.recording.run(child))}


def get(service: Service, request: Request) -> Json:
    """A run of this script, or an earlier one."""
    name = request.text("run_id|run_uuid")
    service.recording.refresh()
    run = service.recording.find(name)
    if run is None:
        return {"run": run_document(past_run(service, name))}
    return {"run": _document(service, run)}


def update(service: Service, request: Request) -> Json:
    """Take how a script says that a run stands; that of the run itself is its supervisor's."""
    run = service.recording.run(request.text("run_id|run_uuid"))
    said = request.body.get("status")
    if said is not None:
        _set_status(service, run, _NUMBERS.get(said, "") if isinstance(said, int) else str(said))
    name = request.text("run_name", "")
    if name:
        service.recording.record(run.id, "tag", name=NAME_TAG, value=name)
    return {"run_info": run_info(run, service.said.get(run.id))}


def delete(service: Service, request: Request) -> Json:
    """Mark a run as taken back; history keeps it."""
    return _mark(service, request, "deleted")


def restore(service: Service, request: Request) -> Json:
    """Take the mark away."""
    return _mark(service, request, "active")


def search(service: Service, request: Request) -> Json:
    """The runs of this script, then the earlier ones of its history, that fit a filter."""
    service.recording.refresh()
    mine = service.recording.runs()
    mine.reverse()
    view = str(request.body.get("run_view_type", "ACTIVE_ONLY"))
    found = [run for run in [*mine, *past_runs(service)] if _is_in(run, view)]
    order = [str(item) for item in request.items("order_by")]
    found = searched(found, request.text("filter", ""), order)
    start, most = _page(request)
    page = found[start : start + most]
    answer: Json = {"runs": [_document(service, run) for run in page]}
    return (
        answer if start + most >= len(found) else {**answer, "next_page_token": str(start + most)}
    )


def _set_status(service: Service, run: RunRecord, said: str) -> None:
    if said not in {*STATUSES, RUNNING.upper(), "SCHEDULED"}:
        raise Refusal(INVALID, f"{said!r} is no status of a run.")
    service.said[run.id] = said
    if run.id != service.run_id and said in STATUSES and run.status not in FINAL:
        service.children.set_status(run.id, STATUSES[said])


def _mark(service: Service, request: Request, stage: str) -> Json:
    run = service.recording.run(request.text("run_id|run_uuid"))
    if run.id == service.run_id and stage == "deleted":
        raise Refusal(NOT_SUPPORTED, "The run of the script itself cannot be deleted by it.")
    service.recording.record(run.id, "tag", name=LIFECYCLE, value=stage)
    return {}


def _is_in(run: RunRecord, view: str) -> bool:
    if view in ("ALL", "3"):
        return True
    return run.is_deleted == (view in ("DELETED_ONLY", "2"))


def _page(request: Request) -> tuple[int, int]:
    start, most = request.number("page_token", 0), request.number("max_results", 1000)
    if start < 0 or not 0 < most <= LARGEST_PAGE:
        raise Refusal(INVALID, f"max_results has to be a number from 1 to {LARGEST_PAGE}.")
    return start, most


def _document(service: Service, run: RunRecord) -> Json:
    return run_document(run, service.said.get(run.id))


ROUTES = (
    ("POST", "/mlflow/runs/create", create),
    ("GET", "/mlflow/runs/get", get),
    ("POST", "/mlflow/runs/update", update),
    ("POST", "/mlflow/runs/delete", delete),
    ("POST", "/mlflow/runs/restore", restore),
    ("POST", "/mlflow/runs/search", search),
)
