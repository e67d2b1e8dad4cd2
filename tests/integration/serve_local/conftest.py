from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.deployments import Deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project


@pytest.fixture
def deployed(project: Project) -> Iterator[Deployed]:
    """A project with a deployment to apply; its processes are gone after the test."""
    made = Deployed(project)
    yield made
    made.end()
