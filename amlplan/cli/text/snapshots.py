"""Snapshots, what differs between two, and what restoring one changes, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.style import styled, visible
from amlplan.cli.text.runs import on_one_line, size_text, table, time_text
from amlplan.snapshots.catalogue import short
from amlplan.snapshots.manifest import File
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amlplan.history import RunSummary
    from amlplan.snapshots.catalogue import Kept
    from amlplan.snapshots.manifest import Difference, Entry, Snapshot
    from amlplan.snapshots.restoring import Restoring
    from amlplan.snapshots.verdicts import Verdict

MANY = 40
"""Lines after which a list is only counted."""


def snapshots_table(
    snapshots: Iterable[tuple[Kept, Snapshot]], runs: Mapping[str, Sequence[RunSummary]]
) -> str:
    """A line for each snapshot."""
    return table(
        ("SNAPSHOT", "TAKEN", "FILES", "SIZE", "RUNS"),
        (
            (
                short(kept.id),
                time_text(kept.taken),
                f"{len(snapshot.entries):,}",
                size_text(snapshot.size),
                _runs(runs.get(kept.id, ())),
            )
            for kept, snapshot in snapshots
        ),
    )


def _runs(runs: Sequence[RunSummary]) -> str:
    shown = [run.id if run.number is None else f"{run.history} {run.number}" for run in runs[:3]]
    more = len(runs) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def snapshot_text(
    snapshot: Snapshot, taken: float | None, runs: Sequence[RunSummary], *, every: bool
) -> str:
    """One snapshot, with what it holds."""
    files = f"{counted(len(snapshot.entries), 'file')}, {size_text(snapshot.size)}"
    lines = [
        styled("bold", f"# snapshot {short(snapshot.id)}"),
        "",
        f"id     {snapshot.id}",
        f"taken  {time_text(taken)}",
        f"holds  {files}",
        f"runs   {_runs(runs) or '-'}",
        "",
    ]
    shown = list(snapshot.entries.items())
    rows = [_row(path, entry) for path, entry in (shown if every else shown[:MANY])]
    if rows:
        lines.append(table(("PATH", "SIZE", "CONTENT"), rows))
    if len(shown) > len(rows):
        lines.append(f"… and {len(shown) - len(rows)} more (see them with -files)")
    return "\n".join(lines)


def _row(path: str, entry: Entry) -> tuple[str, str, str]:
    if isinstance(entry, File):
        mark = " (executable)" if entry.executable else ""
        return path, size_text(entry.size), f"{short(entry.digest)}{mark}"
    return path, "-", f"-> {entry.target}"


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot for machines."""
    return {
        "id": snapshot.id,
        "files": len(snapshot.entries),
        "size": snapshot.size,
        "entries": {path: _entry_json(entry) for path, entry in snapshot.entries.items()},
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, File):
        return {"digest": entry.digest, "size": entry.size, "executable": entry.executable}
    return {"link": entry.target}


def difference_text(difference: Difference, names: tuple[str, str]) -> str:
    """What came, went and changed from one side to the other."""
    lines = [
        *_marked("green", "+", difference.added),
        *_marked("red", "-", difference.removed),
        *_marked("yellow", "~", difference.changed),
    ]
    if not lines:
        return f"{names[0]} and {names[1]} are the same."
    counts = (
        f"{len(difference.added):,} added, {len(difference.changed):,} changed, "
        f"{len(difference.removed):,} removed"
    )
    head = styled("bold", f"From {names[0]} to {names[1]}:")
    return "\n".join([head, *lines, "", f"{counts}."])


def _marked(colour: str, mark: str, paths: Sequence[str]) -> list[str]:
    shown = [f"  {styled(colour, mark)} {on_one_line(path)}" for path in paths[:MANY]]
    if len(paths) > MANY:
        shown.append(f"  {styled(colour, mark)} … and {len(paths) - MANY} more")
    return shown


def restoring_text(plan: Restoring) -> str:
    """What putting a snapshot back would change."""
    lines = [
        *_marked("green", "+", plan.added),
        *_marked("yellow", "~", plan.replaced),
        *_marked("red", "-", plan.extra if plan.removes else ()),
    ]
    name = f"snapshot {short(plan.snapshot.id)}"
    if not lines:
        text = f"{plan.folder} has {name} already; nothing to do."
    else:
        removed = len(plan.extra) if plan.removes else 0
        counts = f"{len(plan.added):,} to add, {len(plan.replaced):,} to replace, {removed:,} to "
        head = styled("bold", f"Restoring {name} into {visible(str(plan.folder))}:")
        text = "\n".join([head, *lines, "", f"{counts}remove."])
    if plan.extra and not plan.removes:
        files = counted(len(plan.extra), "file")
        text += f"\n{files} that the snapshot does not have would stay; -remove takes them away."
    return text


def verdict_text(verdict: Verdict) -> str:
    """Whether a path belongs to snapshots, and what decides."""
    path = on_one_line(verdict.path)
    says_where = verdict.reason.startswith(verdict.decided_at) or verdict.decided_at == verdict.path
    where = "" if says_where else f"{verdict.decided_at} is "
    line = "" if verdict.rule is None else f": {on_one_line(verdict.rule.text)}"
    if verdict.is_kept:
        text = f"{styled('green', path)} is in: {verdict.reason}{line}"
    else:
        text = f"{styled('red', path)} is left out: {where}{verdict.reason}{line}"
    return text if verdict.is_there else f"{text}\n(Nothing is at that path now.)"


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The same for machines."""
    rule = verdict.rule
    return {
        "path": verdict.path,
        "included": verdict.is_kept,
        "exists": verdict.is_there,
        "decided_at": verdict.decided_at,
        "reason": verdict.reason,
        "rule": None if rule is None else {"file": rule.file, "line": rule.line, "text": rule.text},
    }
