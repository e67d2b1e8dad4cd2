"""Versions of registered models, as MLflow's clients read and write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan_endpoint.answers import INVALID, Refusal, listed
from amlplan_endpoint.mlflow_logged_models import document as model_document
from amlplan_endpoint.names import shown
from amlplan_endpoint.searching import fits, parsed_filter
from amlplan_endpoint.stored_times import stored_milliseconds

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service
    from amlplan_local.versions import Version

STAGES = ("None", "Staging", "Production", "Archived")


def create(service: Service, request: Request) -> Json:
    """Register what a run or a logged model has; it is in the workspace on return."""
    from amlplan_endpoint.registering import register

    name, source = request.text("name"), request.text("source")
    service.models.check(name)
    place, model_id = _place(service, source)
    asked = request.text("run_id", "") or _run_of(service, model_id)
    run = service.recording.find(asked) or service.recording.run(service.run_id)
    version = register(service, name, run.id, place)
    facts = {
        "source": source,
        "description": request.text("description", ""),
        "tags": dict(request.pairs("tags")),
        "model_id": request.text("model_id", model_id),
        "run_link": request.text("run_link", ""),
        "user": run.by,
    }
    service.models.change_facts(name, facts, version.version)
    return {"model_version": version_document(service, name, version)}


def get(service: Service, request: Request) -> Json:
    """One version."""
    name, version = _asked(service, request)
    return {"model_version": version_document(service, name, version)}


def download_uri(service: Service, request: Request) -> Json:
    """Where the files of a version are."""
    name, version = _asked(service, request)
    return {"artifact_uri": f"mlflow-artifacts:/registered/{name}/{version.version}"}


def search(service: Service, request: Request) -> Json:
    """The versions that fit a filter, the newest of each model first."""
    tests = parsed_filter(request.text("filter", ""))
    found = [
        version_document(service, name, version)
        for name in service.models.names()
        for version in service.models.versions(name)
    ]
    for test in tests:
        found = [item for item in found if fits(test, _attribute(item, test))]
    found.sort(key=lambda item: (item["name"], -int(item["version"])))
    return {"model_versions": found}


def update(service: Service, request: Request) -> Json:
    """Describe a version."""
    name, version = _asked(service, request)
    changes = {"description": request.text("description", "")}
    service.models.change_facts(name, changes, version.version)
    return {"model_version": version_document(service, name, version)}


def move(service: Service, request: Request) -> Json:
    """Bring a version into a stage."""
    name, version = _asked(service, request)
    stages = {stage.lower(): stage for stage in STAGES}
    stage = stages.get(request.text("stage").lower())
    if stage is None:
        raise Refusal(INVALID, f"{request.text('stage')!r} is no stage: {', '.join(STAGES)}.")
    if request.body.get("archive_existing_versions") is True:
        for other in service.models.versions(name):
            if _stage(service, name, other) == stage:
                service.models.change_facts(name, {"stage": "Archived"}, other.version)
    service.models.change_facts(name, {"stage": stage}, version.version)
    return {"model_version": version_document(service, name, version)}


def delete(service: Service, request: Request) -> Json:
    """Hide a version from MLflow; its content stays in the workspace."""
    name, version = _asked(service, request)
    for alias, number in service.models.aliases(name).items():
        if number == version.version:
            service.models.set_alias(name, alias, None)
    service.models.change_facts(name, {"deleted": True}, version.version)
    return {}


def set_tag(service: Service, request: Request) -> Json:
    """Tag a version."""
    name, version = _asked(service, request)
    tag = {request.text("key"): request.text("value", "")}
    service.models.change_facts(name, {"tags": tag}, version.version)
    return {}


def delete_tag(service: Service, request: Request) -> Json:
    """Take a tag of a version back."""
    name, version = _asked(service, request)
    tag = {request.text("key"): None}
    service.models.change_facts(name, {"tags": tag}, version.version)
    return {}


def version_document(service: Service, name: str, version: Version) -> Json:
    """A version as MLflow's clients read it."""
    facts = service.models.facts(name, version.version)
    aliases = service.models.aliases(name)
    run = version.lineage.get("run")
    made = stored_milliseconds(version.at)
    document: Json = {
        "name": name,
        "version": str(version.version),
        "creation_timestamp": made,
        "last_updated_timestamp": stored_milliseconds(facts.get("changed"), made),
        "current_stage": facts.get("stage") or "None",
        "description": facts.get("description") or "",
        "source": facts.get("source") or f"mlflow-artifacts:/registered/{name}/{version.version}",
        "run_id": shown(run) if isinstance(run, str) else "",
        "user_id": facts.get("user") or "",
        "status": "READY",
        "run_link": facts.get("run_link") or "",
        "tags": listed(facts.get("tags") or {}),
        "aliases": [alias for alias, number in aliases.items() if number == version.version],
    }
    return document | ({"model_id": facts["model_id"]} if facts.get("model_id") else {})


def _place(service: Service, source: str) -> tuple[tuple[str, str], str]:
    """The head and the rest of a source, and the logged model that it is, or ""."""
    from amlplan_endpoint.registering import source_of

    if not source.startswith("models:/m-"):
        return source_of(source), ""
    model_id = source.removeprefix("models:/")
    uri = model_document(service, model_id)["info"]["artifact_uri"]
    return source_of(uri), model_id


def _run_of(service: Service, model_id: str) -> str:
    """The run of this script that gave a logged model, or ""."""
    model = service.recording.models.get(model_id)
    return "" if model is None else model.get("run", service.run_id)


def _asked(service: Service, request: Request) -> tuple[str, Version]:
    name = request.text("name")
    return name, service.models.version(name, request.text("version"))


def _stage(service: Service, name: str, version: Version) -> str:
    return str(service.models.facts(name, version.version).get("stage") or "None")


def _attribute(item: Json, test: tuple[str, str, str, Any]) -> Any:
    if test[0] == "tag":
        return {tag["key"]: tag["value"] for tag in item["tags"]}.get(test[1])
    names = {"version_number": "version", "source_path": "source"}
    return item.get(names.get(test[1], test[1]))


ROUTES = (
    ("POST", "/mlflow/model-versions/create", create),
    ("GET", "/mlflow/model-versions/get", get),
    ("GET", "/mlflow/model-versions/get-download-uri", download_uri),
    ("GET", "/mlflow/model-versions/search", search),
    ("PATCH", "/mlflow/model-versions/update", update),
    ("POST", "/mlflow/model-versions/transition-stage", move),
    ("DELETE", "/mlflow/model-versions/delete", delete),
    ("POST", "/mlflow/model-versions/set-tag", set_tag),
    ("DELETE", "/mlflow/model-versions/delete-tag", delete_tag),
)
