"""What /swagger.json gives beside what Azure ML's server gives too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import RevisionFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.service import Service

SCRIPT = "def init(): pass\ndef run(data): return data"


def source_with(folder: Path, **files: str) -> str:
    """The source of an image beside the folder of its schema files."""
    source, schema = folder / "image" / "source", folder / "image" / "schema"
    source.mkdir(parents=True)
    schema.mkdir()
    (source / "score.py").write_text(SCRIPT)
    for name, content in files.items():
        (schema / f"{name}.json").write_text(content)
    return str(source)


def titled(service: Service, version: str) -> object:
    document = service.ask("GET", f"/swagger.json?version={version}").json
    return document.get("info", {}).get("title")


def test_schema_files_are_served_by_the_version_that_they_say(
    service: Service, tmp_path: Path
) -> None:
    source = source_with(
        tmp_path,
        a='{"swagger": "2.0", "info": {"title": "two"}}',
        b='{"openapi": "3.1.0", "info": {"title": "three one"}}',
        other='{"rows": []}',
        more="[1]",
    )
    service.start().serve(SCRIPT, source=source)
    assert [titled(service, version) for version in ("2", "3", "3.1")] == [
        *("two", "ML service", "three one"),
    ]


def test_a_description_that_is_no_json_stops_a_revision(service: Service, tmp_path: Path) -> None:
    source = source_with(tmp_path, broken="{")
    with pytest.raises(RevisionFailedError, match=r"broken\.json is no JSON"):
        service.start().serve(SCRIPT, source=source)


def test_nothing_is_described_for_certain_before_there_is_a_script(service: Service) -> None:
    service.start()
    assert service.ask("GET", "/swagger.json").json["definitions"]["ServiceInput"] == {
        "type": "object",
        "example": {},
    }
    service.serve(SCRIPT)
    assert json.loads(service.ask("GET", "/swagger.json").body)["swagger"] == "2.0"
