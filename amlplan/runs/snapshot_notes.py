"""What a user should know about a source before a snapshot of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.runs.own_folders import notes_on as notes_on_own_folders
from amlplan.runs.own_folders import rules_of
from amlplan.snapshots.ignore import GIT, OWN
from amlplan.snapshots.secret_files import suspects_in
from amlplan.snapshots.tree import find, line_for
from amlplan.wording import FEW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amlplan.snapshots.ignore import IgnoreRules
    from amlplan.snapshots.secret_files import Suspect


def notes_on(source: Path, cache_folder: Path) -> Iterator[str]:
    """What is left out though the script may need it, and what is in that looks like a secret.

    Raises AmlplanError for what cannot be taken at all.
    """
    yield from notes_on_own_folders(source)
    rules = rules_of(source)
    suspects = suspects_in(source, find(rules), cache_folder)
    if suspects:
        yield _secrets_note(rules, suspects)


def _secrets_note(rules: IgnoreRules, suspects: Sequence[Suspect]) -> str:
    shown = [f"{item.path} ({item.why})" for item in suspects[:FEW]]
    more = len(suspects) - len(shown)
    named = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    look = "looks like a secret" if len(suspects) == 1 else "look like secrets"
    lines = " ".join(line_for(item.path) for item in suspects[:FEW])
    file = f"{GIT}, or an {OWN}, which then decides alone" if rules.file == GIT else OWN
    what = "this line" if len(suspects) == 1 else "a line for each"
    return (
        f"{named} {look} and would be in the snapshot, which everybody sees who can read the "
        f"workspace. Leave it out by {what} in {file}: {lines}  A run gets secrets as "
        'env = { NAME = env_secret("NAME") }.'
    )
