"""What the server must know of a loaded script: how to ask it, its schemas, who may ask."""

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from amlplan_serve.inside.script import Script

FILES = {
    "2": ("swagger.json", "swagger2.json"),
    "3": ("swagger3.json",),
    "3.1": ("swagger3.1.json",),
}
"""Descriptions of a service that a script may bring, or make in `init`, by their version."""
SCHEMA = "schema"
"""The folder beside that of the script which has the `schema_files` of an image."""
ALIASES = {"2": ("2", "2.0"), "3": ("3", "3.0"), "3.1": ("3.1",)}
ANYTHING = {"type": "object", "example": {}}  # type: dict[str, object]
VARIABLES = ("SERVICE_NAME", "SERVICE_VERSION", "SERVICE_PATH_PREFIX", "AML_CORS_ORIGINS")


class UnusableSwaggerError(Exception):
    """A file that describes the service cannot be read."""


def description_of(script: "Script", source: str) -> bytes:
    """Describe a script that is ready, as JSON; raises UnusableSwaggerError."""
    about = {
        "needs_only_body": script.needs_only_body,
        "files": _files(source),
        "schemas": _schemas(script.run),
        "variables": {name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    }
    return json.dumps(about, default=str).encode()


def _files(source: str) -> "dict[str, object]":
    found = dict(_schema_files(os.path.join(os.path.dirname(source), SCHEMA)))
    for version, names in FILES.items():
        for name in names:
            document = _read(os.path.join(source, name))
            if document:
                found[version] = document
                break
    return found


def _schema_files(folder: str) -> "Iterator[tuple[str, object]]":
    """What the image was given to describe its service, whatever the files are called."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        document = _read(os.path.join(folder, name)) if name.endswith(".json") else None
        if not isinstance(document, dict):
            continue
        told = str(document.get("openapi") or document.get("swagger") or "")
        version = "3.1" if told.startswith("3.1") else told[:1]
        if version in FILES:
            yield version, document


def _read(path: str) -> object:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        return None
    except ValueError as failure:
        text = "%s is no JSON, which a description of the service must be: %s" % (path, failure)
        raise UnusableSwaggerError(text) from failure


def _schemas(run: object) -> "dict[str, Any]":
    """What inference-schema knows of `run`, and the versions of swagger that can tell it."""
    module = sys.modules.get("inference_schema.schema_util")  # type: Any
    if module is None or not module.is_schema_decorated(run):
        return {"input": ANYTHING, "output": ANYTHING, "versions": sorted(FILES)}
    known = ["2.0"]  # an old inference-schema makes nothing else
    if hasattr(module, "get_supported_versions"):
        known = module.get_supported_versions(run)
    return {
        "input": module.get_input_schema(run),
        "output": module.get_output_schema(run),
        "versions": [name for name in sorted(FILES) if set(ALIASES[name]) & set(known)],
    }
