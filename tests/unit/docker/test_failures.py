"""What an engine answers, told apart."""

from __future__ import annotations

import pytest

from amlplan.errors import AuthError, NotFoundError, ProviderError, QuotaError, UnreachableError
from amlplan_docker.engine.failures import (
    ConflictError,
    DiskFullError,
    LoginRefusedError,
    NotThereError,
    RefusedError,
    failure_of,
)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (404, "No such container: x", NotThereError),
        (500, "No such image: x:1", NotThereError),
        (0, "manifest for 127.0.0.1:1/x:2 not found: manifest unknown", NotThereError),
        (404, "pull access denied for x, repository does not exist or may require", NotThereError),
        (409, "Conflict. The container name is in use", ConflictError),
        (403, "error while removing network: network n id 1 has active endpoints", ConflictError),
        (403, "bridge is a pre-defined network and cannot be removed", RefusedError),
        (500, "write /var/lib/docker/x: no space left on device", DiskFullError),
        (0, "failed to register layer: Error: write /a: no space left on device", DiskFullError),
        (401, "denied", LoginRefusedError),
        (0, "unauthorized: authentication required", LoginRefusedError),
        (500, "Get http://x/v2/y: no basic auth credentials", LoginRefusedError),
        (500, "something else", RefusedError),
        (400, "", RefusedError),
    ],
)
def test_answers_are_told_apart(status: int, said: str, kind: type[ProviderError]) -> None:
    failure = failure_of(status, said)
    assert type(failure) is kind
    assert not isinstance(failure, UnreachableError)
    assert failure.detail.rstrip()[-1] in ".!?"


def test_they_are_what_the_core_knows() -> None:
    assert issubclass(NotThereError, NotFoundError)
    assert issubclass(DiskFullError, QuotaError)
    assert issubclass(LoginRefusedError, AuthError)
    assert issubclass(ConflictError, ProviderError)
