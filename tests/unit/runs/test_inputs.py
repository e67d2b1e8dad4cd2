from __future__ import annotations

from pathlib import Path

import pytest

from amlplan.errors import AmlplanError, CanceledError, RunError
from amlplan.runs.inputs import Input, fingerprinted, link, within


def test_inputs_are_fingerprinted_by_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("same")
    (tmp_path / "b").write_text("same")
    (tmp_path / "c").write_text("other")
    paths = {"one": "a", "two": str(tmp_path / "b"), "three": "c"}
    one, two, three = fingerprinted(paths, tmp_path, tmp_path / "cache")
    assert (one.size, one.path) == (4, tmp_path / "a")
    assert one.digest != three.digest
    assert two.path == tmp_path / "b"


def test_an_interrupt_is_looked_for_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")

    def check() -> None:
        raise CanceledError("Interrupted")

    with pytest.raises(CanceledError):
        fingerprinted({"one": "a"}, tmp_path, tmp_path / "cache", check)


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r'The input "one" is .*nothing'):
        fingerprinted({"one": "nothing"}, tmp_path, tmp_path / "cache")


def test_a_link_is_made_where_the_snapshot_lacks_an_input(tmp_path: Path) -> None:
    source, work = tmp_path / "source", tmp_path / "work"
    for path in (source / "deep" / "data", source / "kept", tmp_path / "outside"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    work.mkdir()
    (work / "kept").write_text("snapshot")
    places = (source / "deep" / "data", source / "kept", tmp_path / "outside", source)
    link([Input(str(place), place, "", 0) for place in places], source, work)
    assert (work / "deep" / "data").readlink() == source / "deep" / "data"
    assert (work / "kept").read_text() == "snapshot"
    assert sorted(path.name for path in work.iterdir()) == ["deep", "kept"]


def test_a_link_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "source" / "a").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a").write_text("a file where a folder has to be")
    item = Input("x", tmp_path / "source" / "a" / "b", "", 0)
    with pytest.raises(AmlplanError, match="a/b"):
        link([item], tmp_path / "source", tmp_path / "work")


@pytest.mark.parametrize(
    ("name", "variable"), [("images", "IMAGES"), ("a-b.c", "A_B_C"), ("ä1", "_1")]
)
def test_the_variable_of_an_input(tmp_path: Path, name: str, variable: str) -> None:
    assert Input(name, tmp_path, "", 0).variable == f"AMLPLAN_INPUT_{variable}"


@pytest.mark.parametrize(
    ("path", "mode"),
    [("data/a.csv", ""), ("../beside/a.csv", "mount"), (".", "mount"), ("..data/a.csv", "")],
)
def test_a_container_gets_what_is_not_in_the_source_in_a_folder_of_its_own(
    tmp_path: Path, path: str, mode: str
) -> None:
    source = tmp_path / "source"
    [found] = within([Input("images", source / path, "sha256:1", 1)], source)
    assert found.mode == mode
    assert found.place_in(Path("/work"), source).is_relative_to("/work")
