from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def uv_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def own_uv_cache(uv_cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that no other process writes at the same time."""
    monkeypatch.setenv("UV_CACHE_DIR", str(uv_cache_folder))
