"""A run whose script is written for the Azure ML SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from azureml_workbench import AzureScript

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def script(tmp_path: Path) -> AzureScript:
    return AzureScript(tmp_path)
