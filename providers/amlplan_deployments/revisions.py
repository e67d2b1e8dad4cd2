"""The revisions of a deployment: what makes one, and which one a wish means."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from amlplan.errors import NotFoundError
from amlplan_deployments.variables import plain_variables, secrets_of, without_secrets
from amlplan_schemas.base import JsonValue, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan.provider import Desired

OF_A_REVISION = ("env", "scoring_timeout", "max_concurrency", "probes")
"""The inputs that a new revision is made for on every target; others change what is around it."""


class Revision(Stored):
    """One revision: what was asked, and how it is served. It holds no secret.

    `key` tells whether another wish is the same revision.
    """

    number: int
    key: str
    image_digest: str
    spec: dict[str, JsonValue]
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    derived: dict[str, JsonValue] = Field(default_factory=dict)
    at: str


def key_of(desired: Desired, salt: str, fields: Sequence[str]) -> str:
    """What makes the desired revision another one than those there are."""
    inputs = desired.inputs.model_dump(mode="json")
    settings = {name: inputs[name] for name in fields if name != "env"}
    settings["variables"] = plain_variables(desired)
    return revision_key(salt, str(desired.derived["image_digest"]), settings, secrets_of(desired))


def revision_key(
    salt: str, image_digest: str, settings: Mapping[str, JsonValue], secrets: Mapping[str, str]
) -> str:
    """What makes a revision another one, as a digest that gives no secret away."""
    text = json.dumps(dict(secrets), sort_keys=True, ensure_ascii=True)
    hidden = hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    document = [image_digest, dict(settings), hidden.hex() if secrets else ""]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def new_revision(
    number: int, key: str, desired: Desired, spec: Mapping[str, JsonValue]
) -> Revision:
    """A revision of what is desired, of now."""
    inputs = desired.inputs.model_dump(mode="json")
    return Revision(
        number=number,
        key=key,
        image_digest=str(desired.derived["image_digest"]),
        spec=dict(spec),
        inputs=without_secrets(inputs, desired.sensitive),
        derived=dict(desired.derived),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def with_workers(revision: Revision, workers: int) -> Revision:
    """The revision with another number of workers, which makes it no other one."""
    return revision.model_copy(update={"spec": {**revision.spec, "workers": workers}})


def is_same_revision(
    wanted: Mapping[str, JsonValue],
    derived: Mapping[str, JsonValue],
    revision: Revision,
    fields: Sequence[str],
) -> bool | None:
    """Whether a wish is served by a revision; None where secrets decide.

    A wish with secrets among its variables has no `env` here.
    """
    given = [name for name in fields if name in wanted]
    same = all(wanted[name] == revision.inputs.get(name) for name in given)
    if not same or dict(derived) != dict(revision.derived):
        return False
    return True if len(given) == len(fields) else None


def number_foreseen(
    wanted: Mapping[str, JsonValue],
    derived: Mapping[str, JsonValue],
    kept: Sequence[Revision],
    last: int,
    fields: Sequence[str],
) -> int | None:
    """The number of the revision that will serve, None where secrets decide which it is.

    `kept` are those that a wish may mean again: the one that serves and the newest.
    """
    for revision in kept:
        same = is_same_revision(wanted, derived, revision, fields)
        if same is not False:
            return revision.number if same else None
    return last + 1


def earlier_revision(
    kept: Sequence[int],
    active: int | None,
    last: int,
    asked: str | None,
    read: Callable[[int], Revision | None],
) -> Revision:
    """The revision to go back to: the one before, or that of a number, also the one of now.

    `kept` are numbers, the oldest first. Raises NotFoundError where none is kept that served.
    """
    served = [number for number in kept if number <= last]
    before = [number for number in served if number < (active or 0)]
    number = before[-1] if asked is None and before else None
    if asked is not None and asked.isdecimal() and int(asked) in served:
        number = int(asked)
    found = None if number is None else read(number)
    if found is None:
        what = "earlier revision" if asked is None else f"revision {asked}"
        names = ", ".join(str(number) for number in served) or "none"
        raise NotFoundError(
            "No such revision",
            f"There is no {what} to go back to. Kept are: {names}; the one of now is {active}.",
        )
    return found


def forgettable(kept: Sequence[int], active: int | None, last: int, keep: int) -> list[int]:
    """Those that may go: all but the newest that served and the active one."""
    served = [number for number in kept if number <= last]
    return [number for number in kept if number != active and number not in served[-keep:]]
