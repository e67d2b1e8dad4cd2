"""Takes secrets out of what a provider gives back of an object that an interruption left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.masking import MASK
from amlplan.values import SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


def without_echoes(
    outputs: Mapping[str, JsonValue], draft: Record, secrets: Secrets, salt: str
) -> dict[str, JsonValue]:
    """The outputs of the object of a draft, masked where they repeat a secret of its inputs.

    One that was changed in the meantime is recognised by its digest, where it stands alone.
    """
    kept = draft.inputs.secrets.values()
    for secret in kept:
        if secret.scheme is not None and secret.argument is not None:
            secrets.look_for(SecretReference(secret.scheme, secret.argument))
    digests = {secret.digest for secret in kept if secret.digest is not None}

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return MASK if secrets.digest(value, salt) in digests else value
        if isinstance(value, dict):
            return {key: masked(item) for key, item in value.items()}
        return [masked(item) for item in value] if isinstance(value, list | tuple) else value

    found: dict[str, JsonValue] = secrets.masked(dict(outputs))
    return masked(found) if digests else found
