"""Records what a training script does: metrics, tables, images, tags, files, child runs.

    import amlplan_run

    amlplan_run.log("accuracy", 0.93)
    for epoch in range(10):
        amlplan_run.log("loss", train(epoch), step=epoch)
    with amlplan_run.child_run("fold 1"):
        amlplan_run.log("accuracy", 0.91)

Every function may be called from any thread and any forked process, is recorded when it returns,
and never raises for what cannot be recorded: that is told on standard error and in the run. Where
amlplan did not start the script, what is recorded is printed and kept in `amlplan-run.jsonl`.
Needs Python 3.6 or newer and nothing else.
"""

from amlplan_run.context import Context
from amlplan_run.inputs import path_of as _path_of_input
from amlplan_run.run import ChildRun, Run

TYPE_CHECKING = False  # importing typing would take as long as all the rest
if TYPE_CHECKING:
    from typing import Iterable, Mapping, Optional

__all__ = [
    "ChildRun",
    "Run",
    "add_properties",
    "artifact",
    "child_run",
    "current",
    "input",
    "log",
    "log_image",
    "log_list",
    "log_row",
    "log_table",
    "parameter",
    "set_tags",
    "tag",
]

_context = Context()


def current() -> "Run":
    """The run that the functions of this module record into.

    Inside `with child_run()` it is the child, for the code of that block only: a thread that is
    started there is given the child's `Run` where it should record into it.
    """
    return _context.current()


def log(name: str, value: object, step: "Optional[int]" = None) -> None:
    """Record a value of a metric: a number, text or a truth value.

    Logged again, the name makes a series; `step` is its place in it, as in an epoch. Scalars of
    numpy, torch and the like are taken as the numbers they hold. NaN and infinities are kept.
    """
    current().log(name, value, step)


def log_list(name: str, values: "Iterable[object]") -> None:
    """Record values that belong together, as in the weights of a model; arrays are welcome."""
    current().log_list(name, values)


def log_row(name: str, **columns: object) -> None:
    """Record one row; the rows of one name make a table: `log_row("folds", fold=1, mse=0.2)`."""
    current().log_row(name, **columns)


def log_table(name: str, columns: "Mapping[str, Iterable[object]]") -> None:
    """Record a whole table, the values by column; a data frame is welcome."""
    current().log_table(name, columns)


def log_image(name: str, path: "Optional[str]" = None, figure: object = None) -> None:
    """Record an image: a file at `path`, or a `figure` of matplotlib (or pyplot itself).

    A figure is saved as PNG into outputs/figures; a file outside outputs is copied there, so that
    changing it later does not change what was recorded.
    """
    current().log_image(name, path, figure)


def tag(name: str, value: object = None) -> None:
    """Tag the run; the last value of a name counts, and people may change it later."""
    current().tag(name, value)


def set_tags(tags: "Mapping[str, object]") -> None:
    """Tag the run with several tags."""
    current().set_tags(tags)


def add_properties(properties: "Mapping[str, object]") -> None:
    """Add facts about the run that never change: the first value of a name counts."""
    current().add_properties(properties)


def parameter(name: str, value: object) -> None:
    """Record a parameter, which runs are compared by; the first value of a name counts.

    Those that `amlplan run` gave the script are recorded already.
    """
    current().parameter(name, value)


def artifact(path: str, name: "Optional[str]" = None) -> None:
    """Keep a file or folder with the run, as it is now.

    What lies outside outputs is copied there, as `outputs/<name>`; `name` is a relative path and
    by default the last part of `path`. Everything in outputs is kept in any case.
    """
    current().artifact(path, name)


def input(name: str, default: "Optional[str]" = None) -> str:  # noqa: A001 - what the blocks are called
    """The absolute path of an input that the run configuration declares.

    `default` is for a script that also runs without amlplan. Raises LookupError, naming the inputs
    there are, where there is neither.
    """
    return _path_of_input(name, default)


def child_run(name: "Optional[str]" = None) -> "ChildRun":
    """Start a child of the current run, as in one fold or one set of parameters.

    As a context manager it completes at the end of its block, or fails with the exception that
    left it, and is the current run meanwhile. Otherwise call `complete()` or `fail(reason)`.
    """
    return current().child_run(name)
