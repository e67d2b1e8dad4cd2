from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A server that is not started yet; it and its workers are gone after the test."""
    made = Service(tmp_path)
    yield made
    made.stop()
