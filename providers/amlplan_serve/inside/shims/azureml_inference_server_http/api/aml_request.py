"""`rawhttp` and `AMLRequest`: for scripts that want the request itself."""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

try:
    _Request = importlib.import_module("flask").Request  # type: Any
except ImportError:
    from amlplan_serve.inside.bare_request import BareRequest as _Request

_rawHttpRequested = False  # noqa: N816 - what servers look at


def rawhttp(func: "Callable[..., Any]") -> "Callable[..., Any]":
    """Mark `run`: it is called with the request and may return an AMLResponse."""
    globals()["_rawHttpRequested"] = True
    return func


AMLRequest = _Request
"""What `run` is called with, for tests of its type and for annotations."""
