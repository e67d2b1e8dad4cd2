"""What an engine answers where it does not do what it is asked, told apart.

ProviderError
  NotFoundError
    NotThereError     no such image, container, network or volume
  ConflictError       the name is taken, or the object is in use
  QuotaError
    DiskFullError     no space is left where the engine keeps its data
  AuthError
    LoginRefusedError a registry, or the engine, refuses the login
  TooSlowError        the engine answers, but what was asked did not end in time
  RefusedError        anything else that the engine refused, in its own words
"""

from __future__ import annotations

import re

from amlplan.errors import AuthError, NotFoundError, ProviderError, QuotaError


class NotThereError(NotFoundError):
    """The engine, or a registry, has no such object."""


class ConflictError(ProviderError):
    """The name is taken already, or the object is in use or in another state."""


class DiskFullError(QuotaError):
    """No space is left where the engine keeps its data."""


class LoginRefusedError(AuthError):
    """A registry wants a login, or refuses the one it was given."""


class TooSlowError(ProviderError):
    """The engine answers, but what was asked of it did not end in time."""


class RefusedError(ProviderError):
    """The engine refused, or failed at, what it was asked; the detail is what it said."""


_NOT_FOUND, _CONFLICT, _UNAUTHORIZED = 404, 409, 401
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_LOGIN = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|incorrect username"
    r"|401 Unauthorized|requested access to the resource is denied",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"no such (image|container|network|volume|exec)|manifest (for .* )?(unknown|not found)"
    r"|name unknown|repository .* not found|could not find the file",
    re.IGNORECASE,
)
_IN_USE = re.compile(r"has active endpoints|network with name .* already exists", re.IGNORECASE)
# An engine that was told of no registry asks the public one, which says no more than this.
_NO_REGISTRY_HAS_IT = re.compile(r"pull access denied for .*, repository does not exist")


def failure_of(status: int, said: str) -> ProviderError:
    """The error for an answer of the engine: its HTTP status, 0 in a stream, and its words."""
    if _FULL.search(said):
        return DiskFullError(
            "The engine's disk is full",
            f"{_sentence(said)} Make room there, with docker image prune for instance, and try "
            "again; nothing half-made is kept.",
        )
    if status == _NOT_FOUND or _NO_REGISTRY_HAS_IT.search(said) or _ABSENT.search(said):
        return NotThereError("The engine does not have it", _sentence(said))
    if status == _UNAUTHORIZED or _LOGIN.search(said):
        return LoginRefusedError("The login was refused", _sentence(said))
    if status == _CONFLICT or _IN_USE.search(said):
        return ConflictError("The engine has another object in the way", _sentence(said))
    return RefusedError("The Docker engine refused", _sentence(said))


def _sentence(said: str) -> str:
    text = " ".join(said.split()) or "It gave no reason"
    return text if text[-1] in ".!?" else f"{text}."
