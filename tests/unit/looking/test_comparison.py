"""What differs between runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amlplan.history import OutputFile
from amlplan.looking.comparison import FILES, comparison
from amlplan.snapshots.snapshot import scan, store
from amlplan_local.remembered import contents_of
from amlplan_local.specification import (
    EnvironmentSpec,
    digest_of_settings,
    write_specification,
)
from looking_support import content_store, detail

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.looking.comparison import Section
    from amlplan_local.store import ContentStore


def by_title(sections: list[Section]) -> dict[str, dict[str, list[object]]]:
    return {
        section.title: {row.name: list(row.values) for row in section.rows} for section in sections
    }


def snapshot(folder: Path, content: ContentStore, **files: str) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    taken = scan(folder, max_size=10**6, max_files=100, cache_folder=folder.parent / "cache")
    store(taken, folder, content)
    return taken.id


def test_only_what_differs_unless_all_is_wanted(tmp_path: Path) -> None:
    content = content_store(tmp_path)
    first = snapshot(tmp_path / "a", content, same="1", other="2", gone="3")
    second = snapshot(tmp_path / "b", content, same="1", other="4", new="5")
    runs = [
        detail(
            1,
            {"mse": 0.1, "odd": math.nan, "same": 1},
            parameters={"alpha": "1", "beta": "2"},
            definition={"snapshot": first, "program": ["python", "t.py"], "commit": "abc"},
            outputs={"outputs/m": OutputFile("outputs/m", "sha256:1", 3)},
        ),
        detail(
            2,
            {"mse": 0.2, "odd": math.nan, "same": 1, "new": 3},
            parameters={"alpha": "3", "beta": "2"},
            definition={"snapshot": second, "program": ["python", "t.py"], "commit": "abc"},
        ),
    ]
    found = by_title(comparison(runs, content))
    assert found["Parameters"] == {"alpha": ["1", "3"]}
    assert found["Metrics"] == {"mse": [0.1, 0.2], "new": [None, 3]}
    assert found["Origin"] == {"snapshot": [first, second]}
    assert set(found[FILES]) == {"other", "gone", "new"}
    assert found[FILES]["gone"][1] is None
    assert found["Outputs"] == {"outputs/m": ["sha256:1", None]}
    assert "Tags" not in found
    everything = by_title(comparison(runs, content, everything=True))
    assert everything["Metrics"]["same"] == [1, 1]
    assert everything["Origin"]["commit"] == ["abc", "abc"]
    assert set(everything[FILES]) == {"other", "gone", "new"}


def test_a_snapshot_that_is_gone_is_told_by_its_id(tmp_path: Path) -> None:
    runs = [detail(number, definition={"snapshot": f"sha256:{number}"}) for number in (1, 2)]
    found = by_title(comparison(runs, content_store(tmp_path)))
    assert found["Origin"]["snapshot"] == ["sha256:1", "sha256:2"]
    assert FILES not in found


def test_environments_are_compared_package_by_package(tmp_path: Path) -> None:
    runs = [detail(number, definition={"environment": f"sha256:{number}"}) for number in (1, 2)]
    known = {
        "sha256:1": {"python": "3.11", "numpy": "1.26.0", "six": "1.16"},
        "sha256:2": {"python": "3.11", "numpy": "2.1.0"},
    }
    found = by_title(comparison(runs, content_store(tmp_path), known.__getitem__))
    assert found["Environment"] == {"numpy": ["1.26.0", "2.1.0"], "six": ["1.16", None]}
    assert found["Origin"]["environment"] == ["sha256:1", "sha256:2"]


def test_a_store_remembers_what_environments_are_made_of(tmp_path: Path) -> None:
    packages = (
        {"name": "numpy", "version": "1.26.0", "hashes": []},
        {"name": "numpy", "version": "2.1.0", "hashes": []},
        {"name": "mine", "path": "wheels/mine.whl", "hashes": []},
    )
    settings = {
        "python": "3.11",
        "user_managed": False,
        "interpreter": None,
        "platforms": (),
        "packages": packages,
    }
    spec = EnvironmentSpec(digest_of_settings(**settings), "3.11", packages)
    write_specification(tmp_path, spec)
    assert contents_of(tmp_path, spec.digest) == {
        "python": "3.11",
        "numpy": "1.26.0, 2.1.0",
        "mine": "wheels/mine.whl",
    }
    assert contents_of(tmp_path, "sha256:none") == {}
