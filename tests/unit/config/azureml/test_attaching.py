"""Folders that are attached to a history by project.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan.config.azureml.project_file import read_project_file, runconfig_names, runconfig_path
from amlplan.errors import ConfigError, RunError
from amlplan.project.attaching import attach

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_is_named_for_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "my project"
    root.mkdir()
    assert read_project_file(root) is None
    assert attach(root, None).history == "my-project"
    assert attach(root, "other").path == ".azureml/project.json"
    found = json.loads((root / ".azureml/project.json").read_text())
    assert found == {"Id": "other", "Scope": "/projects/my project"}
    assert attach(root, None).history == "other"
    for wrong in ("", "a b"):
        with pytest.raises(RunError, match=f"'{wrong}' cannot be one"):
            attach(root, wrong)
    assert json.loads((root / ".azureml/project.json").read_text()) == found


def test_what_a_file_says_beside_stays(tmp_path: Path) -> None:
    path = tmp_path / "aml_config" / "project.json"
    path.parent.mkdir()
    path.write_text('{"Id": "no name!", "Scope": "/subscriptions/1", "More": [1]}')
    with pytest.raises(ConfigError, match="Id must name a history"):
        read_project_file(tmp_path)
    assert attach(tmp_path, "new").path == "aml_config/project.json"
    found = json.loads(path.read_text())
    assert found == {"Id": "new", "Scope": "/subscriptions/1", "More": [1]}


@pytest.mark.parametrize("text", ["{", "[]", '{"Id": 3}', "\udcff", "[" * 50_000])
def test_a_broken_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".azureml" / "project.json"
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        read_project_file(tmp_path)
    place = caught.value.diagnostics[0].range
    assert place is not None
    assert place.source.filename == ".azureml/project.json"


def test_no_file_is_replaced_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / ".azureml" / "project.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(RunError, match="is no JSON object"):
        attach(tmp_path, "new")
    assert path.read_text() == "{"


def test_the_newer_folder_comes_first(tmp_path: Path) -> None:
    for folder in (".azureml", "aml_config"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "local.runconfig").touch()
    (tmp_path / "aml_config" / "old.runconfig").touch()
    assert runconfig_names(tmp_path) == ["local", "old"]
    assert runconfig_path(tmp_path, "local") == ".azureml/local.runconfig"
    assert runconfig_path(tmp_path, "old") == "aml_config/old.runconfig"
    assert runconfig_path(tmp_path, "aml_config/local.runconfig") == "aml_config/local.runconfig"
    assert runconfig_path(tmp_path, "none") is None
