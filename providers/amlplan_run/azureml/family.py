"""The runs that this script records into: its own and its children; others are only read."""

import amlplan_run
from amlplan_run.recorder import ALONE
from amlplan_run.records import Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

    from amlplan_run.run import Run

_records: "List[Records]" = []


def own() -> "Run":
    """The run of the script."""
    return amlplan_run._context.own()  # noqa: SLF001 - of the same distribution


def native_of(identity: str) -> "Optional[Run]":
    """What records into a run; None where it is not of this script."""
    mine = own()
    if identity == mine.id:
        return mine
    return mine.known_child(identity) if identity.startswith(mine.id + ".") else None


def records() -> Records:
    """What was recorded of this script's run and its children."""
    if not _records:
        recorder = own()._recorder  # noqa: SLF001 - the same
        _records.append(Records(recorder.folder, ALONE if recorder.is_alone else None))
    return _records[0]


def work() -> str:
    """The working folder of the run, wherever the script is now."""
    return own()._recorder.work  # noqa: SLF001 - the same
