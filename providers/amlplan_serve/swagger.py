"""The description of the service that /swagger.json gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VERSIONS = {"2": "2", "2.0": "2", "3": "3", "3.0": "3", "3.1": "3.1"}
FILES = {
    "2": ("swagger.json", "swagger2.json"),
    "3": ("swagger3.json",),
    "3.1": ("swagger3.1.json",),
}
ANYTHING: dict[str, Any] = {"type": "object", "example": {}}
ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}


def swagger_of(source: str | None, version: str) -> bytes | None:
    """The document of a version, the script's own where its folder has one; None for no version."""
    known = VERSIONS.get(version)
    if known is None:
        return None
    for name in FILES[known] if source is not None else ():
        try:
            return json.dumps(json.loads((Path(source or "") / name).read_bytes())).encode()
        except (OSError, ValueError):
            continue
    return json.dumps(_swagger2() if known == "2" else _openapi(known)).encode()


def _swagger2() -> dict[str, Any]:
    def reply(name: str) -> dict[str, Any]:
        return {"description": name, "schema": {"$ref": f"#/definitions/{name}"}}

    def responses(name: str) -> dict[str, Any]:
        return {"200": reply(name), "default": reply("ErrorResponse")}

    healthy = {"description": "Healthy", "schema": {"type": "string"}}
    parameter = {"name": "input", "in": "body", "schema": {"$ref": "#/definitions/ServiceInput"}}
    return {
        "swagger": "2.0",
        "info": {"title": "ML service", "version": "1.0"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {
            "Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}
        },
        "paths": {
            "/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "responses": {"200": healthy, "default": reply("ErrorResponse")},
                }
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "security": [{"Bearer": []}],
                    "parameters": [parameter],
                    "responses": responses("ServiceOutput"),
                }
            },
        },
        "definitions": {
            "ServiceInput": ANYTHING,
            "ServiceOutput": ANYTHING,
            "ErrorResponse": ERROR,
        },
    }


def _openapi(version: str) -> dict[str, Any]:
    def content(name: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    def reply(name: str) -> dict[str, Any]:
        return {"description": name, "content": content(name)}

    healthy = {
        "description": "Healthy",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    return {
        "openapi": "3.1.0" if version == "3.1" else "3.0.3",
        "info": {"title": "ML service", "version": "1.0"},
        "paths": {
            "/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "responses": {"200": healthy, "default": reply("ErrorResponse")},
                }
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "security": [{"Bearer": []}],
                    "requestBody": {"content": content("ServiceInput")},
                    "responses": {
                        "200": reply("ServiceOutput"),
                        "default": reply("ErrorResponse"),
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "ServiceInput": ANYTHING,
                "ServiceOutput": ANYTHING,
                "ErrorResponse": ERROR,
            },
            "securitySchemes": {
                "Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}
            },
        },
    }
