"""Writes a state: one thread that journals for all callers, and the snapshot at the end."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic_core import from_json, to_json

from amlplan.errors import StateError
from amlplan_schemas.state import STATE_FORMAT
from amlplan_state import complaints, earlier, journal
from amlplan_state.journal import Announced, Begun, Contents, Entry, Finished, Moved, StepDone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Applied, Edit, Intent, Record, State, StateOutput
    from amlplan_state.durable import Disk
    from amlplan_state.lock import StateLock
    from amlplan_state.paths import StatePaths
    from amlplan_state.reading import Found


@dataclass(slots=True)
class _Request:
    """What a caller waits for; `failure` is why it did not become durable."""

    failure: StateError | None = None
    answered: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, kw_only=True)
class _Append(_Request):
    entry: Entry
    text: bytes


@dataclass(slots=True, kw_only=True)
class _Conclude(_Request):
    outputs: dict[str, StateOutput] | None
    applied: Applied | None
    edit: Edit | None


class LocalWriter:
    """The writer of a locked state: a StateWriter. `syncs` counts the waits for the medium.

    Callers queue what they want written and block; the thread writes all that has gathered while
    it waited for the medium, and waits once for all of it.
    """

    def __init__(
        self, disk: Disk, paths: StatePaths, found: Found, descriptor: int, tool_version: str
    ) -> None:
        self.syncs = 0
        self._disk = disk
        self._paths = paths
        self._journal = descriptor
        self._tool_version = tool_version
        self._base = found.snapshot.serial
        self._written = len(found.journal.entries)
        self._contents = Contents(found.snapshot)
        for entry in found.journal.entries:
            self._contents.take(entry)
        self._contents_lock = threading.Lock()
        self._queue: list[_Append | _Conclude] = []
        self._queue_changed = threading.Condition()
        self._closing = False
        self._failure: StateError | None = None
        self._thread = threading.Thread(target=self._run, name="amlplan-state", daemon=True)

    @property
    def state(self) -> State:
        """The state with everything durable; after an entry it costs a copy of the tables."""
        with self._contents_lock:
            return self._contents.state

    @property
    def records(self) -> Mapping[str, Record]:
        """The durable records as they are now; to iterate over them while others write, copy."""
        return MappingProxyType(self._contents.records)

    def announce(self, plan: str) -> None:
        """Write that a plan is being carried out, so that its apply can be told to go on."""
        self._append(Announced(plan=plan))

    def begin(self, intent: Intent) -> None:
        """Write that an operation begins, in the place of one that was pending at its address."""
        self._append(Begun(intent=intent))

    def step(self, address: str, name: str, data: JsonValue) -> None:
        """Write that a step is done; raises ValueError where no operation is under way."""
        with self._contents_lock:
            if address not in self._contents.pending:
                raise ValueError(f"no operation is under way at {address}")
        self._append(StepDone(address=address, name=name, data=_as_stored(address, data)))

    def finish(self, address: str, record: Record | None) -> None:
        """Write an operation's outcome; one that was never begun is only recorded."""
        self._append(Finished(address=address, record=record))

    def move(self, names: Mapping[str, str]) -> None:
        """Write that records are at other addresses from now on, all of them at once."""
        self._append(Moved(names=dict(names)))

    def conclude(
        self,
        outputs: dict[str, StateOutput] | None,
        applied: Applied | None,
        *,
        edit: Edit | None = None,
    ) -> State:
        """Write the snapshot and give it; where nothing changed, the one that is there.

        What is pending stays so. `applied` None keeps who applied last.
        """
        if outputs is not None:
            _as_stored("output", outputs)
        self._ask(_Conclude(outputs=outputs, applied=applied, edit=edit))
        return self.state

    def start(self) -> None:
        """Start to serve callers."""
        self._thread.start()

    def close(self) -> None:
        """Write what is queued and stop; later calls raise StateError."""
        with self._queue_changed:
            self._closing = True
            self._queue_changed.notify()
        self._thread.join()
        self._disk.close(self._journal)

    def _append(self, entry: Entry) -> None:
        try:
            text = journal.encode_entry(entry)
        except ValueError as failure:
            raise _not_json(entry.address, failure) from failure
        self._ask(_Append(entry=entry, text=text))

    def _ask(self, request: _Append | _Conclude) -> None:
        with self._queue_changed:
            if self._closing:
                raise StateError(
                    "The state is closed",
                    f"The lock of {self._paths.state} was given back, so nothing more is written. "
                    "What was under way is found again by the next apply.",
                )
            self._queue.append(request)
            self._queue_changed.notify()
        request.answered.wait()
        if request.failure is not None:
            # One of its own for each caller: an exception carries the trace of who raised it.
            raise StateError(
                request.failure.summary, request.failure.detail
            ) from request.failure.__cause__

    def _run(self) -> None:
        while True:
            with self._queue_changed:
                while not self._queue and not self._closing:
                    self._queue_changed.wait()
                requests, self._queue = self._queue, []
            if not requests:
                return
            batch: list[_Append] = []
            for request in requests:
                if isinstance(request, _Append):
                    batch.append(request)
                else:
                    self._serve(batch)
                    self._serve([request])
                    batch = []
            self._serve(batch)

    def _serve(self, requests: Sequence[_Append | _Conclude]) -> None:
        if self._failure is None:
            try:
                for request in requests:
                    if isinstance(request, _Conclude):
                        self._conclude(request)
                self._commit([item for item in requests if isinstance(item, _Append)])
            except Exception as failure:  # noqa: BLE001 - a caller would wait for ever
                addresses = [item.entry.address for item in requests if isinstance(item, _Append)]
                self._failure = complaints.not_written(self._paths, failure, addresses)
                self._failure.__cause__ = failure
        for request in requests:
            request.failure = self._failure
            request.answered.set()

    def _commit(self, batch: list[_Append]) -> None:
        if not batch:
            return
        texts = [request.text for request in batch]
        self._disk.write(self._journal, journal.lines(self._base, self._written + 1, texts))
        self._disk.sync(self._journal)
        self.syncs += 1
        self._written += len(batch)
        with self._contents_lock:
            for request in batch:
                self._contents.take(request.entry)

    def _conclude(self, request: _Conclude) -> None:
        before = self.state
        outputs = before.outputs if request.outputs is None else request.outputs
        if self._written == 0 and outputs == before.outputs:
            return
        serial = earlier.last_serial(self._paths, self._base) + 1
        after = before.model_copy(
            update={
                "format_version": STATE_FORMAT,
                "tool_version": self._tool_version,
                "serial": serial,
                "outputs": outputs,
                "applied": request.applied or before.applied,
                "edit": request.edit,
                "underway": None,
            }
        )
        earlier.put(self._disk, self._paths, after, self._base)
        with self._contents_lock:
            self._contents.folded_into(after)
        self._base = serial
        self._written = 0
        self._disk.truncate(self._journal, 0)
        self._disk.sync(self._journal)
        with suppress(OSError):  # a copy too many does no harm
            earlier.prune(self._disk, self._paths)


class OpenLocalState:
    """A locked state; entering it starts its writer, leaving it stops that and unlocks."""

    def __init__(self, writer: LocalWriter, lock: StateLock) -> None:
        self._writer = writer
        self._lock = lock

    def __enter__(self) -> LocalWriter:
        self._writer.start()
        return self._writer

    def __exit__(self, *exception: object) -> None:
        try:
            self._writer.close()
        finally:
            self._lock.release()


def _as_stored(address: str, data: JsonValue) -> JsonValue:
    """A copy of data as it will be read back; raises StateError for what JSON cannot hold."""
    try:
        return from_json(to_json(data, inf_nan_mode="null"))
    except ValueError as failure:
        raise _not_json(address, failure) from failure


def _not_json(address: str, failure: ValueError) -> StateError:
    return StateError(
        "A value cannot be stored",
        f"What is to be written of {address} has a value that JSON cannot hold: {failure}. Nothing "
        "of it was written. This is a defect of the provider; report it to its authors.",
        address=address,
    )
