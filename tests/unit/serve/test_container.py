"""What a container of ours reads: its variables, its image's document, its secrets, its models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.container import Variables, read_secrets
from amlplan_serve.image import Image, UnusableImageError, read_image
from amlplan_serve.model_view import versions_in, view_of_models
from harness.containers import image_at

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = {
    "format_version": 1,
    "interpreter": "/amlplan/environment/bin/python",
    "source": "/amlplan/source",
    "entry_script": "score.py",
    "models": {"ridge": {"digest": "sha256:0", "path": "/amlplan/models/ridge"}},
    "manifest": "/amlplan/manifest.json",
    "server": "amlplan",
}


def image_with(models: Mapping[str, str]) -> Image:
    return Image("python", "/source", "score.py", models, "/manifest.json")


def model_at(folder: Path) -> str:
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/weights.bin").write_bytes(b"weights")
    (folder / "labels.txt").write_bytes(b"labels")
    return str(folder)


def test_an_image_tells_what_to_start(tmp_path: Path) -> None:
    (tmp_path / "image.json").write_text(json.dumps(DOCUMENT))
    image = read_image(tmp_path)
    assert image.interpreter == "/amlplan/environment/bin/python"
    assert image.models == {"ridge": "/amlplan/models/ridge"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "not of format 1"),
        (json.dumps({**DOCUMENT, "format_version": 2}), "not of format 1"),
        (json.dumps({**DOCUMENT, "models": []}), "lacks something"),
        (json.dumps({**DOCUMENT, "models": {"ridge": {}}}), "lacks something: KeyError"),
        (json.dumps({"format_version": 1}), "lacks something: KeyError"),
    ],
)
def test_a_document_that_makes_no_sense_is_told_of(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "image.json").write_text(text)
    with pytest.raises(UnusableImageError, match=said):
        read_image(tmp_path)


def test_folders_of_the_view_are_real_and_files_are_links(tmp_path: Path) -> None:
    image = image_with({"ridge": model_at(tmp_path / "ridge")})
    for _ in range(2):
        view = Path(view_of_models(image, {"ridge": "12"}, str(tmp_path / "view")))
    assert view == tmp_path / "view/ridge/12"
    assert sorted(str(path.relative_to(view)) for path in view.rglob("*")) == [
        "inner",
        "inner/weights.bin",
        "labels.txt",
    ]
    assert (view / "inner/weights.bin").read_bytes() == b"weights"
    assert (view / "inner").is_dir()
    assert not (view / "inner").is_symlink()


def test_another_version_of_a_restarted_container_lies_beside_the_first(tmp_path: Path) -> None:
    image = image_with({"ridge": model_at(tmp_path / "ridge")})
    place = str(tmp_path / "view")
    assert view_of_models(image, {"ridge": "1"}, place) == f"{place}/ridge/1"
    assert view_of_models(image, {"ridge": "2"}, place) == f"{place}/ridge/2"


def test_a_view_that_cannot_be_made_at_its_place_is_made_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    image = image_with({"ridge": model_at(tmp_path / "ridge")})
    view = Path(view_of_models(image, {}, str(tmp_path / "file/view")))
    assert view.parts[-2:] == ("ridge", "1")
    assert (view / "labels.txt").read_bytes() == b"labels"


def test_without_models_there_is_an_empty_folder(tmp_path: Path) -> None:
    view = Path(view_of_models(image_with({}), {}, str(tmp_path / "view")))
    assert list(view.iterdir()) == []


def test_versions_are_texts(tmp_path: Path) -> None:
    assert versions_in('{"ridge": 3, "lasso": "4"}') == {"ridge": "3", "lasso": "4"}
    assert versions_in("") == {}


def test_secrets_are_optional_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    assert read_secrets(path) == {}
    path.write_text('{"TOKEN": "hidden-value"}')
    path.chmod(0o640)
    with pytest.raises(UnusableImageError, match="0600"):
        read_secrets(path)
    path.chmod(0o600)
    assert read_secrets(path) == {"TOKEN": "hidden-value"}
    for broken in ("hidden-value", '{"TOKEN": ["hidden-value"]}', '["hidden-value"]'):
        path.write_text(broken)
        with pytest.raises(UnusableImageError) as failure:
            read_secrets(path)
        assert "hidden-value" not in str(failure.value)


def test_variables_have_values_that_fit_most() -> None:
    variables = Variables({"AMLPLAN_DATA": "/data", "AMLPLAN_PORT": "", "PORT": "1"})
    assert variables.number("PORT", 5001) == 5001
    assert variables.control == "/data/control.sock"
    assert variables.link == "/amlplan/link"
    assert variables.access_log == "-"
    assert Variables({"AMLPLAN_ACCESS_LOG": "none"}).access_log is None


def test_the_image_of_the_tests_is_one(tmp_path: Path) -> None:
    image = read_image(image_at(tmp_path, models={"a": b"1"}))
    assert (Path(image.models["a"]) / "inner/weights.bin").read_bytes() == b"1"
