"""Generated files are up to date with the models they are made from."""

import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts/generate_docs.py"))


def test_generated_files_are_what_the_script_writes(generator: dict[str, Any]) -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generator["generated_files"]()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run scripts/generate_docs: {', '.join(stale)} lag behind the models"


def test_every_kind_with_a_provider_is_documented(generator: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(generator["KINDS"]) >= set(project["entry-points"]["amlplan.providers"])


def test_every_field_has_a_description(generator: dict[str, Any]) -> None:
    undescribed = [
        f"{kind}.{name}"
        for kind, models in generator["KINDS"].items()
        for model in models
        for name, info in model.model_fields.items()
        if not info.description
    ]
    assert not undescribed
