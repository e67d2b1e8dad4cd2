"""What commands tell what they do to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from amlplan.cli.console import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amlplan.events import Event


class Reporter(Protocol):
    """An event sink that can also be asked; may be called from any thread.

    A plan raises BrokenPipeError or OutputError where it cannot be shown, since what nobody sees
    is not to be done; so may what is said and the conclusion. The events of operations raise
    nothing: an apply goes on without readers.
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
        """Tell all of them; the first failure is raised after that."""
        failures: list[Exception] = []
        for reporter in self._reporters:
            try:
                reporter(event)
            except (BrokenPipeError, OutputError) as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

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
