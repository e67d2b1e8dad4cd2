"""A store of histories is found by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan import registry
from amlplan.errors import HistoryError
from amlplan_state.runs.store import SqliteHistory

if TYPE_CHECKING:
    from pathlib import Path


def test_a_store_is_found_by_its_entry_point(tmp_path: Path) -> None:
    assert isinstance(registry.history("sqlite", tmp_path), SqliteHistory)


def test_an_unknown_store_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        HistoryError, match=r"keeps a history in \"oracle\"\. Choose from: postgresql, sqlite"
    ):
        registry.history("oracle", tmp_path)
