"""What providers are made with: the others by their kinds, and secrets by their references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan.project.folders import provider_context
from amlplan.provider import ProviderContext
from amlplan.registry import Registry
from amlplan.values import SecretReference

if TYPE_CHECKING:
    from pathlib import Path


def test_a_provider_reaches_others_by_their_kind(tmp_path: Path) -> None:
    registry = Registry(provider_context(tmp_path))
    assert registry.context.provider_of("workspace") is registry.provider("workspace")
    with pytest.raises(ProviderError, match="No installed package provides workspaces"):
        registry.context.provider_of("workspaces")
    with pytest.raises(ProviderError, match="knows a provider of workspace"):
        ProviderContext(tmp_path, tmp_path, tmp_path).provider_of("workspace")


def test_a_secret_of_a_connection_is_found_by_its_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_PASSWORD", "open sesame")
    find = provider_context(tmp_path).find_secret
    assert find(SecretReference("env", "BOX_PASSWORD")) == "open sesame"
    assert find(SecretReference("env", "NO_SUCH_PASSWORD")) is None
    assert (
        ProviderContext(tmp_path, tmp_path, tmp_path).find_secret(
            SecretReference("env", "BOX_PASSWORD")
        )
        is None
    )


def test_a_kind_that_a_target_chose_is_of_the_block_type(tmp_path: Path) -> None:
    types = Registry(provider_context(tmp_path)).block_types
    assert {"image", "image@docker", "image@fake"} <= types["image"]
    assert {"compute.local", "compute.docker", "compute.fake"} <= types["compute"]
