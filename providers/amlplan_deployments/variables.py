"""The variables of a revision: those that may be written down, and those that are secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError
from amlplan.pointers import tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired
    from amlplan_deployments.revisions import Revision
    from amlplan_schemas.base import JsonValue


def secrets_of(desired: Desired) -> dict[str, str]:
    """The variables that are secrets."""
    return {name: desired.inputs.env[name] for name in desired.inputs.env if _hides(name, desired)}


def plain_variables(desired: Desired) -> dict[str, str]:
    """The variables of the workers but the secret ones; the deployment's own win."""
    own = {name: value for name, value in desired.inputs.env.items() if not _hides(name, desired)}
    return {**dict(desired.derived["variables"]), **own}


def _hides(name: str, desired: Desired) -> bool:
    ways = {tokens_of(path) for path in desired.sensitive}
    return ("env",) in ways or ("env", name) in ways


def without_secrets(
    inputs: dict[str, JsonValue], sensitive: frozenset[str]
) -> dict[str, JsonValue]:
    """The inputs as a record keeps them, with null at each secret."""
    for path in sensitive:
        *way, last = tokens_of(path)
        inner = inputs
        for step in way:
            inner = inner[step]
        inner[last] = None
    return inputs


def secret_variables(revision: Revision, secrets: Mapping[str, str]) -> dict[str, str]:
    """The secret variables of a revision; raises NotFoundError where one is not known any more.

    `secrets` are those of the configuration as it was applied last, by JSON Pointer.
    """
    known = {tokens_of(path)[-1]: value for path, value in secrets.items()}
    wanted = [name for name, value in revision.inputs["env"].items() if value is None]
    gone = [name for name in wanted if name not in known]
    if gone:
        raise NotFoundError(
            "A secret of the revision is not known any more",
            f"Revision {revision.number} was given {', '.join(gone)} as a secret, and what was "
            "applied last has no such secret. Go back by applying the configuration of then.",
        )
    return {name: known[name] for name in wanted}
