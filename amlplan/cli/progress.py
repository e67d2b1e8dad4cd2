"""Shows events as lines while an apply goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

from amlplan.cli.console import OutputError
from amlplan.cli.style import styled, visible
from amlplan.cli.underway import Underway
from amlplan.events import (
    Failed,
    Finished,
    Progressed,
    Reading,
    Recovered,
    Skipped,
    Started,
    TakenOver,
)

if TYPE_CHECKING:
    from amlplan.cli.console import Console
    from amlplan.events import Event

INTERRUPTED = "interrupted"
MANY = 50
"""From so many objects on, looking at them is announced."""

_BEGIN = {
    "create": "Creating",
    "update": "Modifying",
    "delete": "Destroying",
    "remove": "Destroying what was replaced",
    "forget": "Letting go",
    "refresh": "Taking over what it is like",
}
_END = {
    "create": "Creation complete",
    "update": "Modifications complete",
    "delete": "Destruction complete",
    "remove": "Destruction complete",
    "forget": "Let go",
    "refresh": "Taken over",
}


class Progress:
    """An event sink that prints lines; use it as a context, so that its clock ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._underway = Underway(self._still)

    def __enter__(self) -> Self:
        self._underway.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._underway.__exit__(*exception)

    def __call__(self, event: Event) -> None:
        """Print one event; an apply goes on also when nobody reads any more."""
        text = self._text(event)
        if text is not None:
            with suppress(BrokenPipeError, OutputError):
                self._console.print(text)

    def _text(self, event: Event) -> str | None:
        match event:
            case Reading(total):
                return f"Looking at {total} objects..." if total >= MANY else None
            case Recovered(address, text):
                return f"{styled('bold', address)}: interrupted earlier; {text}."
            case TakenOver(address, object_id):
                return f"{styled('bold', address)}: Imported [id={visible(object_id)}]"
            case Started(address, action, _):
                self._underway.begun(address, action)
                return f"{styled('bold', address)}: {_BEGIN[action]}..."
            case Progressed(address, text):
                return f"{styled('bold', address)}: {visible(text)}"
            case Finished(address, action, seconds, identity):
                self._underway.ended(address, action)
                shown = (
                    ""
                    if action in {"delete", "remove", "forget"}
                    else f" [id={visible(str(identity))}]"
                )
                return f"{styled('bold', address)}: {_END[action]} after {seconds:.0f}s{shown}"
            case Failed(address, action, seconds, error):
                self._underway.ended(address, action)
                what = f"{styled('red', 'Failed')} after {seconds:.0f}s: {visible(error.summary)}"
                return f"{styled('bold', address)}: {what}"
            case Skipped(address, because):
                why = "you asked to stop" if because == INTERRUPTED else f"{because} failed"
                return f"{styled('bold', address)}: not begun, because {why}"
        return None

    def _still(self, address: str, action: str, seconds: int) -> None:
        elapsed = "{:02d}m{:02d}s".format(*divmod(seconds, 60))
        with suppress(BrokenPipeError, OutputError):
            self._console.print(
                f"{styled('bold', address)}: Still {_BEGIN[action].lower()}... [{elapsed} elapsed]"
            )
