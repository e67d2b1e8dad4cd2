"""`Model.get_model_path` in a process that serves, where the SDK gives the same paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_run.azureml import served_models
from amlplan_run.azureml.errors import ModelNotFoundException
from amlplan_run.azureml.models import Model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AMLPLAN_RUN_ID", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("ridge/2/model.pkl", "ridge/10/model.pkl", "net/1/a.bin", "net/1/b/c.bin"):
        path = tmp_path / "azureml-models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "azureml-models/folder/v7/saved").mkdir(parents=True)
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / "azureml-models"))
    return tmp_path / "azureml-models"


@pytest.mark.parametrize(
    ("name", "version", "place"),
    [
        ("ridge", None, "ridge/10/model.pkl"),
        ("ridge", 2, "ridge/2/model.pkl"),
        ("ridge", "2", "ridge/2/model.pkl"),
        ("net", None, "net/1"),
        ("folder", None, "folder/v7/saved"),
    ],
)
def test_a_model_is_found_by_name_and_version(
    root: Path, name: str, version: object, place: str
) -> None:
    assert Model.get_model_path(name, version=version) == str(root / place)


@pytest.mark.parametrize("single", ["ridge/10", "ridge/10/", "net/1"])
def test_all_models_are_found_where_the_variable_names_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, single: str
) -> None:
    monkeypatch.setenv("AZUREML_MODEL_DIR", f"{root}/{single}")
    assert Model.get_model_path("ridge") == str(root / "ridge/10/model.pkl")


@pytest.mark.parametrize(("name", "version"), [("none", None), ("ridge", 3), ("none", 1)])
def test_a_model_that_is_not_there_is_told_with_those_that_are(
    root: Path, name: str, version: object
) -> None:
    with pytest.raises(ModelNotFoundException, match="folder:v7, net:1, ridge:10, ridge:2"):
        Model.get_model_path(name, version)


def test_a_file_of_the_working_folder_stands_for_a_model(root: Path) -> None:
    (root.parent / "work/local.pkl").write_text("x")
    assert Model.get_model_path("local.pkl") == "local.pkl"


def test_a_run_is_none_of_these(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served_models.are_there()
    monkeypatch.setenv("AMLPLAN_RUN_ID", "run_1")
    assert not served_models.are_there()
