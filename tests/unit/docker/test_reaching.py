"""Logins go to the registry that they are for, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from amlplan.errors import CanceledError
from amlplan.testing import StandInOperation
from amlplan_docker.engine.sending import sent, size_text, told_once
from amlplan_docker.reaching import login_of

GIVEN = {"username": "ana", "password": "word"}


@pytest.mark.parametrize(
    ("registry", "repository", "is_given"),
    [
        ("registry.local:5000/fraud", None, True),
        ("registry.local:5000/fraud", "registry.local:5000/bases/python:3.11", True),
        ("registry.local:5000", "registry.local:5000/python", True),
        ("registry.local:5000/fraud", "registry.local/bases/python:3.11", False),
        ("registry.local:5000/fraud", "python:3.11-slim", False),
        ("team", "python:3.11-slim", True),
    ],
)
def test_a_login_is_shown_to_its_registry_alone(
    registry: str, repository: str | None, is_given: bool
) -> None:
    values: dict[str, Any] = {"registry": registry, "credentials": GIVEN}
    login = login_of(values, repository)
    assert (login is not None) is is_given
    assert "word" not in repr(login)


def test_a_block_without_a_login_leaves_it_to_docker() -> None:
    assert login_of({"registry": "a:5", "credentials": None}) is None
    assert login_of({"credentials": {"username": "ana", "password": None}}) is None


def test_bars_are_told_once() -> None:
    operation = StandInOperation()
    take = told_once(operation)
    for text in (
        "ab12 Preparing",
        "ab12 Pushing [==>      ]  1.2MB/17MB",
        "ab12 Pushing [=====>   ]  9.9MB/17MB",
        "ab12 Pushing  512B",
        "ab12 Pushed",
        "sha256:12 digest: sha256:12 size: 528",
    ):
        take(text)
    assert operation.texts == [
        "ab12 Preparing",
        "ab12 Pushing",
        "ab12 Pushed",
        "sha256:12 digest: sha256:12 size: 528",
    ]
    operation.cancelled = True
    with pytest.raises(CanceledError):
        take("more")


def test_what_is_sent_can_be_canceled_and_tells_how_far_it_is() -> None:
    operation = StandInOperation()
    pieces = sent([b"x" * 30_000_000] * 5, 150_000_000, operation)
    assert len(b"".join(pieces)) == 150_000_000
    assert operation.texts == [
        "sending 150 MB to the engine",
        "sent 60 MB of 150 MB",
        "sent 120 MB of 150 MB",
    ]
    operation.cancelled = True
    with pytest.raises(CanceledError):
        next(sent([b"x"], 1, operation))


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (20_480, "20.5 KB"), (3e12, "3 TB")]
)
def test_sizes_for_people(size: float, text: str) -> None:
    assert size_text(size) == text
