"""A replica that cannot be made ends the front's waiting for it, whenever that begins."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from amlplan.errors import ProviderError
from amlplan_deployments.revisions import Revision
from amlplan_docker.deployments.rollout import Rollout
from amlplan_serve.client import ServeError, ServerClient

if TYPE_CHECKING:
    from amlplan_docker.deployments.replicas import Replicas

SPEC: dict[str, Any] = {"image_id": "sha256:i", "server": "amlplan", "models": [], "routes": None}


class LateFront:
    """A fake front that learns of a candidate only after it was told once to forget it."""

    def __init__(self) -> None:
        self.told = 0
        self.ended = threading.Event()

    def discard(self, _revision: str) -> None:
        self.told += 1
        if self.told > 1:
            self.ended.set()

    def load(self) -> None:
        if not self.ended.wait(20):
            raise AssertionError("nobody ended the waiting")
        raise ServeError("The candidate was discarded.")


class NoReplicas:
    """A fake of replicas of which there are none."""

    def seen(self) -> list[Any]:
        return []


def test_a_front_that_begins_late_to_wait_is_told_again() -> None:
    front = LateFront()
    rollout = Rollout(cast("ServerClient", front), cast("Replicas", NoReplicas()))
    revision = Revision(
        number=2, key="k", image_digest="d", spec=SPEC, at=datetime.now(UTC).isoformat()
    )

    def refused() -> None:
        raise ProviderError("A replica did not start", "Minimum memory limit allowed is 6MB.")

    with pytest.raises(ProviderError, match="6MB"):
        rollout._while_starting(front.load, refused, revision, None)
    assert front.ended.is_set()
