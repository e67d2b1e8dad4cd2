"""Registered models, as MLflow's clients read and write them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from amlplan_endpoint.answers import INVALID, MISSING, NOT_SUPPORTED, Refusal, listed
from amlplan_endpoint.mlflow_documents import milliseconds
from amlplan_endpoint.mlflow_model_versions import STAGES, version_document
from amlplan_endpoint.searching import fits, parsed_filter
from amlplan_endpoint.stored_times import stored_milliseconds

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service


def create(service: Service, request: Request) -> Json:
    """A model without versions."""
    name = request.text("name")
    facts = {
        "created": milliseconds(time.time()),
        "description": request.text("description", ""),
        "tags": dict(request.pairs("tags")),
    }
    service.models.create(name, facts)
    return {"registered_model": document(service, name)}


def get(service: Service, request: Request) -> Json:
    """A model."""
    name = request.text("name")
    service.models.check(name)
    return {"registered_model": document(service, name)}


def search(service: Service, request: Request) -> Json:
    """The models that fit a filter, by name."""
    tests = parsed_filter(request.text("filter", ""))
    found = [document(service, name) for name in service.models.names()]
    for test in tests:
        found = [
            model
            for model in found
            if fits(
                test,
                {tag["key"]: tag["value"] for tag in model["tags"]}.get(test[1])
                if test[0] == "tag"
                else model.get(test[1]),
            )
        ]
    return {"registered_models": found}


def update(service: Service, request: Request) -> Json:
    """Describe a model."""
    name = request.text("name")
    service.models.check(name)
    service.models.change_facts(name, {"description": request.text("description", "")})
    return {"registered_model": document(service, name)}


def rename(_service: Service, request: Request) -> Json:
    """Refuse: versions are named by configurations and deployments."""
    message = f"{request.text('name')!r} keeps its name: others may refer to it."
    raise Refusal(NOT_SUPPORTED, message)


def delete(service: Service, request: Request) -> Json:
    """Hide a model and its versions from MLflow; the content stays in the workspace."""
    name = request.text("name")
    service.models.check(name)
    for version in service.models.versions(name):
        service.models.change_facts(name, {"deleted": True}, version.version)
    for alias in service.models.aliases(name):
        service.models.set_alias(name, alias, None)
    service.models.change_facts(name, {"deleted": True})
    return {}


def set_tag(service: Service, request: Request) -> Json:
    """Tag a model."""
    name = request.text("name")
    service.models.check(name)
    tag = {request.text("key"): request.text("value", "")}
    service.models.change_facts(name, {"tags": tag})
    return {}


def delete_tag(service: Service, request: Request) -> Json:
    """Take a tag of a model back."""
    name = request.text("name")
    service.models.check(name)
    service.models.change_facts(name, {"tags": {request.text("key"): None}})
    return {}


def set_alias(service: Service, request: Request) -> Json:
    """Let an alias mean a version."""
    name, alias = request.text("name"), request.text("alias")
    if alias.lower() == "latest":
        raise Refusal(INVALID, "The alias latest always means the newest version.")
    version = service.models.version(name, request.text("version"))
    service.models.set_alias(name, alias, version.version)
    return {}


def delete_alias(service: Service, request: Request) -> Json:
    """Let an alias mean nothing any more."""
    name = request.text("name")
    service.models.check(name)
    service.models.set_alias(name, request.text("alias"), None)
    return {}


def get_by_alias(service: Service, request: Request) -> Json:
    """The version that an alias means."""
    name, alias = request.text("name"), request.text("alias")
    service.models.check(name)
    number = service.models.aliases(name).get(alias)
    if number is None:
        raise Refusal(INVALID, f"Registered model alias {alias} not found.")
    version = service.models.version(name, number)
    return {"model_version": version_document(service, name, version)}


def get_latest_versions(service: Service, request: Request) -> Json:
    """The newest version in each stage, or in those that are asked for."""
    name = request.text("name")
    service.models.check(name)
    wanted = [str(stage).lower() for stage in request.items("stages")]
    found = latest_documents(service, name)
    kept = [item for item in found if not wanted or item["current_stage"].lower() in wanted]
    return {"model_versions": kept}


def document(service: Service, name: str) -> Json:
    """A model as MLflow's clients read it."""
    facts = service.models.facts(name)
    versions = service.models.versions(name)
    created = facts.get("created") or (stored_milliseconds(versions[0].at) if versions else 0)
    return {
        "name": name,
        "creation_timestamp": created,
        "last_updated_timestamp": stored_milliseconds(facts.get("changed"), created),
        "description": facts.get("description") or "",
        "tags": listed(facts.get("tags") or {}),
        "aliases": [
            {"alias": alias, "version": str(number)}
            for alias, number in service.models.aliases(name).items()
        ],
        "latest_versions": latest_documents(service, name),
    }


def latest_documents(service: Service, name: str) -> list[Json]:
    """The newest version in each stage."""
    newest: dict[str, Json] = {}
    for version in service.models.versions(name):
        found = version_document(service, name, version)
        newest[found["current_stage"]] = found
    if not newest and name not in service.models.names():
        raise Refusal(MISSING, f"Registered Model with name={name} not found")
    return [newest[stage] for stage in STAGES if stage in newest]


ROUTES = (
    ("POST", "/mlflow/registered-models/create", create),
    ("GET", "/mlflow/registered-models/get", get),
    ("GET", "/mlflow/registered-models/list", search),
    ("GET", "/mlflow/registered-models/search", search),
    ("PATCH", "/mlflow/registered-models/update", update),
    ("POST", "/mlflow/registered-models/rename", rename),
    ("DELETE", "/mlflow/registered-models/delete", delete),
    ("POST", "/mlflow/registered-models/set-tag", set_tag),
    ("DELETE", "/mlflow/registered-models/delete-tag", delete_tag),
    ("POST", "/mlflow/registered-models/alias", set_alias),
    ("DELETE", "/mlflow/registered-models/alias", delete_alias),
    ("GET", "/mlflow/registered-models/alias", get_by_alias),
    ("POST", "/mlflow/registered-models/get-latest-versions", get_latest_versions),
    ("GET", "/mlflow/registered-models/get-latest-versions", get_latest_versions),
)
