from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.containers import Containers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    """A front and replicas that are not started yet; all is gone after the test."""
    made = Containers(tmp_path)
    yield made
    made.close()
