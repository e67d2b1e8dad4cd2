"""A run with a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from endpoint_workbench import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    found = Endpoint(tmp_path / "workspace")
    found.start()
    yield found
    found.close()
