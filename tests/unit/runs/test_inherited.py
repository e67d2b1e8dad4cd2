from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.history_location import HistoryLocation, write_location
from amlplan.runs.inherited import inherited_secrets
from amlplan.values import SecretReference

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("dsn", "passwords"),
    [
        ("postgresql://ana:geh%40eim@host/d", ["geh%40eim", "geh@eim"]),
        ("postgresql://host/d?user=ana&password=geh%40eim&sslmode=require", ["geh@eim"]),
        ("host=h user=ana password=geheim dbname=d", ["geheim"]),
        ("password = 'ge\\\\h \\'eim' host=h", ["ge\\h 'eim"]),
        ("host=h dbname=d", []),
        ("postgresql://[broken", []),
    ],
)
def test_the_password_is_found_however_a_history_is_reached(
    dsn: str, passwords: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = SecretReference("env", "DSN")
    write_location(tmp_path, HistoryLocation("postgresql", "main", reference, "/", "/logs"))
    monkeypatch.setenv("DSN", dsn)
    found = inherited_secrets(tmp_path)
    assert found[0] == dsn
    assert set(passwords) <= set(found)
    assert bool(found[1:]) == bool(passwords)


def test_a_history_in_the_folder_has_no_secret(tmp_path: Path) -> None:
    assert inherited_secrets(tmp_path) == ()
