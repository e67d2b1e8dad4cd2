"""Models of an image lie as Azure ML lays them out, also where the usual place is forbidden."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_run.azureml import served_models
from amlplan_serve.image import Image
from amlplan_serve.model_view import view_of_models

if TYPE_CHECKING:
    from collections.abc import Sequence


def image(folder: Path, names: Sequence[str]) -> Image:
    models = {name: str(folder / "models" / name) for name in names}
    for place in models.values():
        (Path(place) / "sub").mkdir(parents=True)
        (Path(place) / "sub/model.pkl").write_text(place)
    return Image("/python", "/source", "score.py", models, "/manifest.json")


@pytest.mark.parametrize("can_write", [True, False])
@pytest.mark.parametrize("names", [["ridge"], ["ridge", "trees"]])
def test_scripts_and_model_find_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], can_write: bool
) -> None:
    place = tmp_path / "var/azureml-models"
    if not can_write:
        (tmp_path / "var").write_text("nobody makes a folder below a file")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = image(tmp_path, names)
    found = Path(view_of_models(made, {"ridge": "7"}, str(place)))
    assert (found.parts[-2:] == ("ridge", "7")) is (len(names) == 1)
    assert found.is_relative_to(place) is can_write
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(found))
    monkeypatch.delenv("AMLPLAN_RUN_ID", raising=False)
    ridge = Path(served_models.path_of("ridge"))
    assert ridge.parts[-3:] == ("ridge", "7", "sub")
    assert (ridge / "model.pkl").read_text() == made.models["ridge"]
