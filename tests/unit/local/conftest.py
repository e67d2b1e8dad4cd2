from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_workbench import Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.provider import ProviderContext


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.fixture
def context(bench: Workbench) -> ProviderContext:
    return bench.context
