"""The description of the service that /swagger.json gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALIASES = {"2": "2", "2.0": "2", "3": "3", "3.0": "3", "3.1": "3.1"}
"""The version that each way to write one means."""
ANYTHING: dict[str, Any] = {"type": "object", "example": {}}
_KEY = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "Bearer and a key, as in: Bearer KEY",
}
_TEXT = {"type": "string"}
_HEALTHY = "The server lives and answers Healthy."
_FAILED = "The request failed, and the message says why."
_VERSIONS = [2, 3]


def swagger_of(
    version: str, schemas: Mapping[str, Any], variables: Mapping[str, str]
) -> dict[str, Any]:
    """The document of a version, with these schemas of input and output.

    The variables are those by which Azure ML names a service: SERVICE_NAME, SERVICE_VERSION and
    SERVICE_PATH_PREFIX.
    """
    parts = {
        "ServiceInput": schemas["input"],
        "ServiceOutput": schemas["output"],
        "ErrorResponse": {"type": "object", "properties": {"message": _TEXT}},
    }
    name = variables.get("SERVICE_NAME", "ML service")
    prefix = variables.get("SERVICE_PATH_PREFIX", "").strip("/")
    about = {
        "title": name,
        "description": f"How to ask {name}.",
        "version": variables.get("SERVICE_VERSION", "1.0"),
    }
    made = _swagger2 if version == "2" else _openapi
    document = made("/" + prefix if prefix else "", parts)
    if version == "3.1":
        document["openapi"] = "3.1.0"
    return {**document, "info": about}


def invalid(version: str, known: Sequence[str]) -> str:
    """What is said of a version that no service has, or not this one."""
    listed = ", ".join(known)
    if version in ALIASES:
        return (
            f"Swagger version [{version}] is not supported for the scoring script. "
            f"Supported swagger versions: [{listed}]."
        )
    return f"Swagger version [{version}] is not valid. Supported versions: [{listed}]."


def _swagger2(prefix: str, parts: dict[str, Any]) -> dict[str, Any]:
    def part(name: str) -> dict[str, Any]:
        return {"$ref": f"#/definitions/{name}"}

    def responses(description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        failed = {"description": _FAILED, "schema": part("ErrorResponse")}
        return {"200": {"description": description, "schema": schema, **more}, "default": failed}

    body = {
        "name": "serviceInputPayload",
        "in": "body",
        "description": "What the script takes.",
        "schema": part("ServiceInput"),
    }
    version = {"name": "version", "in": "query", "required": False, "type": "integer"}
    example = {"application/json": "Healthy"}
    return {
        "swagger": "2.0",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _KEY},
        "paths": _paths(
            prefix,
            health={"responses": responses(_HEALTHY, _TEXT, examples=example)},
            score={
                "security": [{"Bearer": []}],
                "parameters": [body],
                "responses": responses("What the script gave.", part("ServiceOutput")),
            },
            swagger={
                "parameters": [{**version, "enum": _VERSIONS}],
                "responses": responses("This document.", _TEXT),
            },
        ),
        "definitions": parts,
    }


def _openapi(prefix: str, parts: dict[str, Any]) -> dict[str, Any]:
    def part(name: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    def responses(description: str, content: dict[str, Any]) -> dict[str, Any]:
        failed = {"description": _FAILED, "content": part("ErrorResponse")}
        return {"200": {"description": description, "content": content}, "default": failed}

    version = {"name": "version", "in": "query", "required": False}
    healthy = {"text/plain": {"schema": {**_TEXT, "example": "Healthy"}}}
    return {
        "openapi": "3.0.3",
        "security": [{"Bearer": []}],
        "paths": _paths(
            prefix,
            health={"responses": responses(_HEALTHY, healthy)},
            score={
                "security": [{"Bearer": []}],
                "requestBody": {
                    "description": "What the script takes.",
                    "content": part("ServiceInput"),
                },
                "responses": responses("What the script gave.", part("ServiceOutput")),
            },
            swagger={
                "parameters": [{**version, "schema": {"type": "integer", "enum": _VERSIONS}}],
                "responses": responses("This document.", {"text/plain": {"schema": _TEXT}}),
            },
        ),
        "components": {"schemas": parts, "securitySchemes": {"Bearer": _KEY}},
    }


def _paths(
    prefix: str, health: dict[str, Any], score: dict[str, Any], swagger: dict[str, Any]
) -> dict[str, Any]:
    """The addresses; names of operations are those that generated clients call."""
    return {
        f"{prefix}/": {
            "get": {
                "operationId": "ServiceHealthCheck",
                "description": "Whether the server lives.",
                **health,
            }
        },
        f"{prefix}/score": {
            "post": {"operationId": "RunMLService", "description": "Asks the script.", **score}
        },
        f"{prefix}/swagger.json": {
            "get": {
                "operationId": "GetSwaggerSpec",
                "description": "Describes the service.",
                **swagger,
            }
        },
    }
