"""Tells people: plans and results as text, the rest as lines of progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from amlplan.cli.progress import Progress
from amlplan.cli.style import styled
from amlplan.cli.text.outputs import outputs_text
from amlplan.cli.text.plan import is_stuck, notes_text, plan_text
from amlplan.events import Concluded, Planned, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan.cli.console import Console
    from amlplan.events import Event
    from amlplan_schemas.plan import Mode

WORDS: Final[Mapping[Mode, str]] = {
    "normal": "Apply",
    "destroy": "Destroy",
    "refresh": "Apply",
    "import": "Import",
}


class HumanReporter:
    """Prints to a console; use it as a context, so that its clock ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(console)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.__exit__(*exception)

    def __call__(self, event: Event) -> None:
        """Print one event."""
        match event:
            case Said(text, urgent):
                (self._console.error if urgent else self._console.print)(text)
            case Planned(plan, was_saved):
                if not was_saved:
                    self._console.print(plan_text(plan))
            case Concluded():
                self._conclude(event)
            case _:
                self._progress(event)

    @property
    def can_ask(self) -> bool:
        """Whether there is a terminal."""
        return self._console.is_terminal

    def ask(self, question: str) -> str:
        """Ask at the terminal."""
        return self._console.ask(question)

    def mask_with(self, mask: Callable[[Any], Any]) -> None:
        """Nothing is left to mask: what is said to people is masked where it is raised."""

    def _conclude(self, done: Concluded) -> None:
        """The last lines of an apply."""
        console = self._console
        if done.failures:
            console.error("")
        for failure in done.failures:
            console.failure(failure)
        if done.interrupted:
            console.error(f"\nInterrupted. {_counts(done)} The next apply goes on from here.")
            return
        if done.failures:
            console.error(
                f"Apply failed. {_counts(done)} What failed is tried again by the next apply."
            )
            return
        if done.notes:
            console.print(f"\n{notes_text(done.notes)}")
        self._complete(done)
        if done.outputs:
            console.print(f"\nOutputs:\n\n{outputs_text(done.outputs)}")

    def _complete(self, done: Concluded) -> None:
        """The line that ends an apply without failures; what is blocked keeps it from success."""
        plan = done.plan
        word = WORDS[plan.mode]
        counts = f"Resources: {done.destroyed} destroyed."
        counts = counts if plan.mode == "destroy" else _counts(done)
        if is_stuck(plan):
            stuck = [item.address for item in plan.blocked]
            if plan.mode == "import":
                stuck += [item.address for item in plan.deferred]
            names = ", ".join(stuck)
            self._console.error(f"\n{word} incomplete. {counts} Blocked: {names}.")
            return
        self._console.print(f"\n{styled('green', f'{word} complete! {counts}')}")
        if plan.mode == "import":
            self._console.print("To see what the configuration has of it: amlplan plan")


def _counts(done: Concluded) -> str:
    imported = f"{done.imported} imported, " if done.imported else ""
    made = f"{done.added} added, {done.changed} changed, {done.destroyed} destroyed."
    return f"Resources: {imported}{made}"
