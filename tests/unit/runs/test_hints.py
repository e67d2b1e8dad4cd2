from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.runs.hints import END, missing_file_hint

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "data" / "it's.csv").touch()
    (source / "kept.csv").touch()
    (source / ".gitignore").write_text("\n/data/\n")
    return source


def hint(source: Path, log: str) -> str | None:
    folder = source.parent / "run"
    folder.mkdir(exist_ok=True)
    (folder / "log.txt").write_text(log)
    return missing_file_hint(source, folder)


def message(path: str) -> str:
    return f"FileNotFoundError: [Errno 2] No such file or directory: {path!r}\n"


def test_the_rule_that_left_a_file_out_is_named(source: Path) -> None:
    told = hint(source, message("data/it's.csv"))
    assert told is not None
    assert "excluded by .gitignore line 2" in told
    assert told == hint(source, message("./data/../data/it's.csv"))
    work = source.parent / "run" / "work"
    assert told == hint(source, message(f"{work}/data/it's.csv"))
    assert told == hint(source, "x" * 3 * END + message("data/it's.csv"))


@pytest.mark.parametrize(
    "path", ["kept.csv", "missing.csv", "/etc/passwd", "../data", "data/missing.csv", ""]
)
def test_other_files_are_not_hinted_at(source: Path, path: str) -> None:
    assert hint(source, message(path)) is None


def test_a_log_that_says_nothing_gives_no_hint(source: Path) -> None:
    assert hint(source, "all is well\n") is None
    assert missing_file_hint(source, source.parent / "nowhere") is None
