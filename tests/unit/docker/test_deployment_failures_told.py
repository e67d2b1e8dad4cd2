"""What a failed rollout tells."""

from __future__ import annotations

from typing import Any, cast

from amlplan_docker.deployments.rollout import CandidateFailedError, Rollout, SmokeFailedError
from amlplan_serve.client import ServeError


class Unanswering:
    """A front that does not answer."""

    def status(self) -> None:
        raise ServeError("nobody there")


def test_a_smoke_request_that_failed_shows_the_log_of_the_replica_that_is_gone() -> None:
    rollout = Rollout(cast("Any", Unanswering()), cast("Any", None))
    cause = SmokeFailedError("Revision 2 answered 500.")
    told = str(rollout._explained(CandidateFailedError(cause, "KeyError: 'data'", "")).detail)
    assert told.endswith("The end of its log:\n\nKeyError: 'data'")
    assert "log" not in str(rollout._explained(CandidateFailedError(cause, "", "")).detail)
