"""Whether a path belongs to the snapshots of a source, and the line that decides about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.snapshots.ignore import rule_for

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.snapshots.ignore import IgnoreRules, Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about a path, relative to the source, and by what.

    `decided_at` is the path itself or the folder above it that is left out with all that is in
    it. `rule` is None where no line of an ignore file decides.
    """

    path: str
    is_kept: bool
    is_there: bool
    decided_at: str
    reason: str
    rule: Rule | None


def verdict_on(rules: IgnoreRules, path: str | Path) -> Verdict:
    """The verdict on a path, which need not be there; raises AmlplanError as `explain` does."""
    inner = rules.inside(os.fspath(path))
    is_there = os.path.lexists(rules.source / inner)
    excluded = rules.explain(path)
    if excluded is not None:
        return Verdict(
            path=inner,
            is_kept=False,
            is_there=is_there,
            decided_at=excluded.path,
            reason=excluded.reason,
            rule=excluded.rule,
        )
    rule = _kept_by(rules, inner, is_folder=_is_folder(rules.source / inner, path))
    reason = "no line decides about it" if rule is None else f"kept by {rule.file} line {rule.line}"
    return Verdict(
        path=inner, is_kept=True, is_there=is_there, decided_at=inner, reason=reason, rule=rule
    )


def _kept_by(rules: IgnoreRules, inner: str, *, is_folder: bool) -> Rule | None:
    """The negation that keeps a path whose folders are all kept."""
    levels, above = rules.enter("", ()), ""
    for folder in inner.split("/")[:-1]:
        above += f"{folder}/"
        levels = rules.enter(above, levels)
    return rule_for(inner, levels, is_folder=is_folder)


def _is_folder(place: Path, path: str | Path) -> bool:
    return os.fspath(path).endswith("/") or (place.is_dir() and not place.is_symlink())
