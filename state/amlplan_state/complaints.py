"""What to tell somebody whose state cannot be used: what is wrong, why, and what to do."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from amlplan.errors import StateError, StateFormatError
from amlplan.wording import counted
from amlplan_state.earlier import newest_good
from amlplan_state.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from amlplan_state.paths import StatePaths

_SHOWN = 5
_ADVICE = {
    "The state was written by a newer amlplan": (
        "Or go back and forget what was applied since: {}"
    ),
    "The state file was changed by hand": "Undo the change. Or: {}",
    "The state file is not amlplan's": (
        "Choose another path in the state block, or move this file away. {}"
    ),
}


def unreadable_text(paths: StatePaths, text: bytes) -> StateFormatError:
    """Why the bytes of a state file are not a state."""
    fault = fault_of(str(paths.state), text)
    advice = _ADVICE.get(fault.summary, "{}").format(_how_to_restore(paths, force=fault.is_whole))
    return StateFormatError(fault.summary, f"{fault.why} {advice}")


def unreadable_document(name: str, text: bytes) -> StateFormatError:
    """Why a document that is to become the state is none."""
    fault = fault_of(name, text)
    return StateFormatError(
        fault.summary,
        f"{fault.why} Nothing was changed. Give a file that `amlplan state pull` wrote, or an "
        "earlier snapshot: amlplan state history lists them.",
    )


def vanished(paths: StatePaths) -> StateFormatError:
    """The state file is gone, but what lies beside it shows that there was one."""
    left = [path for path in (paths.journal, paths.history) if path.exists()]
    return StateFormatError(
        "The state file has vanished",
        f"{paths.state} does not exist, but {' and '.join(map(str, left))} "
        f"{'do' if len(left) > 1 else 'does'}, so there was a state and what it recorded may "
        f"still exist outside. {_how_to_restore(paths)} To start without a state on purpose, "
        f"move away what is left: {_move_away(left)}",
    )


def damaged_journal(paths: StatePaths, line: int) -> StateFormatError:
    """A line of the journal that was durable is not as it was written."""
    return StateFormatError(
        "The journal of the state is damaged",
        f"Line {line} of {paths.journal} is not as it was written, and good lines follow it, so "
        "this is not what an interrupted amlplan leaves: the file was changed, the disk is "
        "damaged, or a newer amlplan wrote it. Undo the change, or use that amlplan. Or accept the "
        "state as it was before the journal, which forgets what was done since then: "
        f"{_push(paths.state)}",
    )


def newer_journal(paths: StatePaths, base: int, serial: int) -> StateFormatError:
    """The journal continues a later state file than the one that is there."""
    return StateFormatError(
        "The state file is older than its journal",
        f"{paths.state} has serial {serial}, but {paths.journal} continues serial {base}: the "
        f"state file was replaced with an earlier copy. Put serial {base} back. Or accept the "
        f"earlier copy, which forgets what was done since then: {_push(paths.state)}",
    )


def not_read(path: Path, failure: OSError, paths: StatePaths) -> StateError:
    """The operating system refused to read a file of the state."""
    if isinstance(failure, IsADirectoryError):
        return StateFormatError(
            "The state file is a folder",
            f"{path} is a folder, where a file is expected. Choose another path in the state "
            f"block, or move the folder away. {_how_to_restore(paths)}",
        )
    if isinstance(failure, PermissionError):
        return StateFormatError(
            "The state file may not be read",
            f"{path} belongs to somebody else or its mode keeps you out ({failure.strerror}). Run "
            "amlplan as the user that applied, or have its owner give you access. "
            f"{_how_to_restore(paths)}",
        )
    return StateError(
        "The state cannot be read",
        f"Reading {path} failed: {failure.strerror or failure!r}. Nothing was changed. Mend what "
        f"the disk reports and try again. {_how_to_restore(paths)}",
    )


def not_opened(paths: StatePaths, failure: OSError) -> StateError:
    """The operating system refused what is needed before anything can be written."""
    if isinstance(failure, FileNotFoundError):
        return StateError(
            "The folder of the state does not exist",
            f"{paths.folder} is not there, so the state cannot be kept in it. Correct the path in "
            f"the state block, or make the folder: mkdir -p {shlex.quote(str(paths.folder))}",
        )
    return StateError(
        "The state cannot be written",
        f"{failure.filename or paths.folder}: {failure.strerror}. A lock and a journal are kept "
        f"beside {paths.state}, so its folder must be writable to you and have room. Nothing was "
        "changed. Correct that, or choose another path in the state block. Commands that only "
        "read, such as plan and drift, need neither.",
    )


def not_replaced(paths: StatePaths, failure: OSError) -> StateError:
    """Putting another state in the place of the present one stopped in the middle."""
    return StateError(
        "The state cannot be replaced",
        f"Writing beside {paths.state} failed: {failure.strerror or failure!r}. Either the state "
        "is still the one that was there, or it is the new one, whole: amlplan state history tells "
        "which. Make room or mend what the disk reports, and try again.",
    )


def not_written(paths: StatePaths, failure: Exception, addresses: Collection[str]) -> StateError:
    """Writing stopped in the middle: what is durable, and what may not be."""
    told = failure.strerror if isinstance(failure, OSError) else None
    reason = told or repr(failure)
    shown = ", ".join(sorted(set(addresses))[:_SHOWN])
    more = len(set(addresses)) - _SHOWN
    missing = (
        f"What was about to be written of {shown}{f' and {more} more' if more > 0 else ''} may be "
        "missing."
        if addresses
        else "Only the snapshot that ends the command, with the outputs, may be missing."
    )
    return StateError(
        "The state can no longer be written",
        f"Writing {paths.state} and its journal failed: {reason}. Everything that was "
        f"reported as written before is safe. {missing} This command writes nothing more to the "
        "state. Make room or mend what the disk reports, then apply again: it finds what was under "
        "way and goes on.",
    )


def _how_to_restore(paths: StatePaths, *, force: bool = False) -> str:
    found = newest_good(paths)
    if found is None:
        return (
            f"There is no good earlier copy in {paths.history}; restore one from a backup: "
            f"amlplan state push {'-force ' if force else ''}FILE"
        )
    copy, state = found
    return (
        f"The newest good copy is {copy} (serial {state.serial}, "
        f"{counted(len(state.records), 'resource')}), kept when the state was written after it: "
        "what the last apply did is not in it. A backup of the state file is better; without one, "
        f"restore it with: {_push(copy, force=force)}"
    )


def _push(path: Path, *, force: bool = False) -> str:
    """The command that makes a file the state; the present files are kept aside."""
    return f"amlplan state push {'-force ' if force else ''}{shlex.quote(str(path))}"


def _move_away(left: list[Path]) -> str:
    return " && ".join(
        f"mv -n {shlex.quote(str(path))} {shlex.quote(f'{path}.old')}" for path in left
    )
