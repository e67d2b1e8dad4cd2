"""A run whose script is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_workbench import Script

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)
