"""What is printed for machines, held against the published JSON Schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas/amlplan_schemas/json"


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def document(name: str, text: str) -> Any:
    """A document that fits its schema."""
    found = json.loads(text)
    validator(name).validate(found)
    return found


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of a stream; each is whole and fits the schema, and the first is the version."""
    assert text.endswith("\n")
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        validator("stream").validate(line)
    assert found[0]["type"] == "version"
    return found


def of_type(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in found if line["type"] == name]
