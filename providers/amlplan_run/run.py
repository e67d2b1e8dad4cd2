"""A run of a script, and its child runs, as user code sees them."""

import os
import time

from amlplan_run import children, files, values
from amlplan_run.recorder import described
from amlplan_run.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Callable, Dict, Iterable, Mapping, Optional, Tuple, Type

    from amlplan_run.context import Context
    from amlplan_run.recorder import Recorder

    Fields = Dict[str, object]


class Run:
    """A run to record into; get it from `current()` or `child_run()`.

    `id` names it in the history, `parent` is the id of the run it belongs to or None, `outputs`
    the folder whose files are kept. Methods are those of the module, which tells about them.
    """

    def __init__(
        self,
        identity: str,
        parent: "Optional[str]",
        recorder: "Recorder",
        context: "Context",
    ) -> None:
        self.id = identity
        self.parent = parent
        self._recorder = recorder
        self._context = context

    def __repr__(self) -> str:
        return "<%s %s>" % (type(self).__name__, self.id)

    @property
    def outputs(self) -> str:
        """The folder whose files are kept with the run; made where it is missing."""
        folder = os.path.join(self._recorder.work, files.OUTPUTS)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError:  # writing into it will tell what is wrong
            return folder
        return folder

    def log(self, name: str, value: object, step: "Optional[int]" = None) -> None:
        """Record a value of a metric."""
        self._record("metric", name, lambda: _metric(name, value, step))

    def log_list(self, name: str, values: "Iterable[object]") -> None:
        """Record values that belong together."""
        self._record("list", name, lambda: {"name": text(name), "values": _list(values)})

    def log_row(self, name: str, **columns: object) -> None:
        """Record one row of a table."""
        self._record("row", name, lambda: {"name": text(name), "values": _cell(columns)})

    def log_table(self, name: str, columns: "Mapping[str, Iterable[object]]") -> None:
        """Record a whole table, by column."""
        self._record("table", name, lambda: {"name": text(name), "values": _table(columns)})

    def log_image(self, name: str, path: "Optional[str]" = None, figure: object = None) -> None:
        """Record an image: a file, or a figure of matplotlib."""
        self._record("image", name, lambda: self._image(name, path, figure))

    def tag(self, name: str, value: object = None) -> None:
        """Tag the run; the last value counts."""
        self._record("tag", name, lambda: _pair(name, value))

    def set_tags(self, tags: "Mapping[str, object]") -> None:
        """Tag the run with several tags."""
        for name, value in self._items("tag", tags):
            self.tag(name, value)

    def add_properties(self, properties: "Mapping[str, object]") -> None:
        """Add facts that never change; the first value counts."""
        for name, value in self._items("property", properties):
            self._record("property", name, _bound(_property, name, value))

    def parameter(self, name: str, value: object) -> None:
        """Record a parameter, which runs are compared by; the first value counts."""
        self._record("parameter", name, lambda: _property(name, value))

    def artifact(self, path: str, name: "Optional[str]" = None) -> None:
        """Keep a file or folder as it is now."""
        self._record("artifact", path, lambda: files.kept(self._recorder.work, path, name))

    def child_run(self, name: "Optional[str]" = None) -> "ChildRun":
        """Start a child of this run."""
        child = ChildRun(
            children.new_id(self.id, self._recorder), self.id, self._recorder, self._context
        )
        child.begin(name)
        return child

    def known_child(self, identity: str) -> "ChildRun":
        """A child that was started before, maybe by another process of the script."""
        parent = identity.rpartition(".")[0]
        return ChildRun(identity, parent, self._recorder, self._context)

    def remove_tag(self, name: str) -> None:
        """Take a tag back."""
        self._record("tag", name, lambda: {"name": text(name), "value": None, "removed": True})

    def complain(self, complaint: object) -> None:
        """Record that something went wrong, in words."""
        self._record("error", "of the run", lambda: {"text": text(complaint)[:10000]})

    @property
    def _key(self) -> "Optional[str]":
        """What events name this run by: nothing, where the folder of events is this run's own."""
        return self.id if self._recorder.is_alone else None

    def _record(self, kind: str, name: object, make: "Callable[[], Fields]") -> None:
        self._recorder.record(self._key, kind, name, make)

    def _items(self, kind: str, pairs: object) -> "Iterable[Tuple[str, object]]":
        """The pairs of a mapping; of anything else none, which is told."""
        try:
            return list(dict(pairs).items())  # type: ignore[call-overload]
        except Exception:  # noqa: BLE001 - whatever a mapping of user code raises
            self._record(kind, pairs, _refused)
            return []

    def _image(self, name: str, path: "Optional[str]", figure: object) -> "Fields":
        work = self._recorder.work
        if figure is not None:
            return {"name": text(name), "path": files.saved(work, text(name), figure)}
        if path is None:
            raise values.UnfitError("give the path of a file, or a figure")
        return {"name": text(name), "path": files.image(work, path)}


class ChildRun(Run):
    """A part of a run with values of its own; a context manager that ends it."""

    _is_open = True
    _token: object = None

    def begin(self, name: "Optional[str]") -> None:
        """Record that the child is there and runs; `child_run` has done it."""
        self._record("run", self.id, lambda: _described(self, name))
        self._status("Running", None)

    def complete(self) -> None:
        """End the child; a second end is ignored."""
        self._end("Completed", None)

    def fail(self, reason: object = None) -> None:
        """End the child as failed; a second end is ignored."""
        self._end("Failed", reason)

    def cancel(self, reason: object = None) -> None:
        """End the child as canceled; a second end is ignored."""
        self._end("Canceled", reason)

    def __enter__(self) -> "ChildRun":  # noqa: PYI034 - typing has no Self before 3.11
        self._token = self._context.enter(self)
        return self

    def __exit__(
        self,
        kind: "Optional[Type[BaseException]]",
        failure: "Optional[BaseException]",
        trace: "Optional[TracebackType]",
    ) -> None:
        self._context.leave(self._token)
        if failure is None or (isinstance(failure, SystemExit) and failure.code in (None, 0)):
            self.complete()
        elif isinstance(failure, (KeyboardInterrupt, GeneratorExit)):
            self.cancel(described(failure))
        else:
            self.fail(described(failure))

    @property
    def _key(self) -> "Optional[str]":
        return self.id

    def _end(self, status: str, reason: object) -> None:
        if self._is_open:
            self._is_open = False
            self._status(status, reason)

    def _status(self, status: str, reason: object) -> None:
        def fields() -> "Fields":
            why = None if reason is None else text(reason)[:10000]
            return {"status": status, "reason": why, "exit_code": None, "attempt": 1}

        self._record("status", status, fields)


_list = values.list_of
_cell = values.cell
_table = values.table_of


def _metric(name: object, value: object, step: object) -> "Fields":
    plain, special = values.metric_value(value)
    fields: "Fields" = {"name": text(name), "value": plain, "step": values.step(step)}
    if special:
        fields["special"] = True
    return fields


def _pair(name: object, value: object) -> "Fields":
    return {"name": text(name), "value": None if value is None else text(value)}


def _property(name: object, value: object) -> "Fields":
    return {"name": text(name), "value": text(value)}


def _refused() -> "Fields":
    raise values.UnfitError("give a mapping of names to values")


def _bound(function: "Callable[..., Fields]", *arguments: object) -> "Callable[[], Fields]":
    return lambda: function(*arguments)


def _described(child: ChildRun, name: "Optional[str]") -> "Fields":
    return {
        "id": child.id,
        "number": None,
        "history": None,
        "name": text(name) if name is not None else child.id,
        "workspace": None,
        "parent": child.parent,
        "definition": {},
        "by": None,
        "host": None,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
