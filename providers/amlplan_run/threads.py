"""A stand-in for contextvars, which Python 3.6 lacks: one value per thread."""

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ContextVar(threading.local):
    """A variable that each thread has a value of."""

    def __init__(self, name: str, default: "Any") -> None:
        self.name = name
        self._value = default

    def get(self) -> "Any":
        """The value in this thread."""
        return self._value

    def set(self, value: "Any") -> "Any":
        """Change the value in this thread; gives what `reset` takes."""
        before, self._value = self._value, value
        return before

    def reset(self, token: "Any") -> None:
        """Go back to the value before `set`."""
        self._value = token
