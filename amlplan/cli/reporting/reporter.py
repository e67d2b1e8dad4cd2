"""What commands tell what they do to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amlplan.events import Event


class Reporter(Protocol):
    """An event sink that can also be asked; may be called from any thread.

    An event of a plan raises BrokenPipeError or OutputError where it cannot be shown, since what
    nobody sees is not to be done. No other event raises: an apply goes on without readers.
    """

    def __call__(self, event: Event) -> None:
        """Tell one event."""

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""

    def ask(self, question: str) -> str:
        """The answer to a question; only where somebody can be asked."""

    def mask_with(self, mask: Callable[[Any], Any]) -> None:
        """Let `mask` take the secrets that are known by then out of all texts from now on."""


class Several:
    """Tells several reporters, in order; the first is asked."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = tuple(reporters)

    def __call__(self, event: Event) -> None:
        """Tell all of them."""
        for reporter in self._reporters:
            reporter(event)

    @property
    def can_ask(self) -> bool:
        """Whether the first can be asked."""
        return self._reporters[0].can_ask

    def ask(self, question: str) -> str:
        """What the first is answered."""
        return self._reporters[0].ask(question)

    def mask_with(self, mask: Callable[[Any], Any]) -> None:
        """Let all of them use the mask."""
        for reporter in self._reporters:
            reporter.mask_with(mask)
