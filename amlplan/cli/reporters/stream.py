"""Tells programs: each event as a line of JSON, see `amlplan_schemas.stream`."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from amlplan import __version__
from amlplan.cli.console import OutputError
from amlplan.cli.documents.objects import object_name
from amlplan.cli.reporters.messages import (
    conclusion_messages,
    failure_messages,
    message,
    plan_messages,
    resource,
)
from amlplan.cli.style import rendered
from amlplan.cli.underway import Underway
from amlplan.events import (
    Concluded,
    Failed,
    Finished,
    Looked,
    Looking,
    Planned,
    Progressed,
    Recovered,
    Said,
    Skipped,
    Started,
    TakenOver,
)
from amlplan_schemas.stream import STREAM_VERSION, StreamLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amlplan.cli.reporters.lines import Lines
    from amlplan.cli.reporters.messages import Message
    from amlplan.errors import AmlplanError
    from amlplan.events import Event

_TEXTS: Final = frozenset(
    {"@message", "summary", "detail", "snippet", "note", "reason", "next_step", "changes", "value"}
)
"""The fields that may hold what somebody else said; no mask touches the others."""
_VERBS: Final = {
    "create": ("Creating", "Creation"),
    "update": ("Modifying", "Modifications"),
    "delete": ("Destroying", "Destruction"),
    "remove": ("Destroying what was replaced", "Destruction"),
}


class StreamReporter:
    """Writes lines of JSON; use it as a context, so that its clock ends.

    Entering it raises BrokenPipeError or OutputError where not even the first can be written.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._mask: Callable[[Any], Any] | None = None
        self._kinds: dict[str, str] = {}
        self._told: set[int] = set()
        self._underway = Underway(self._still)

    def __enter__(self) -> Self:
        text = f"amlplan {__version__}"
        self._write(message("version", text, amlplan=__version__, ui=STREAM_VERSION))
        self._underway.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._underway.__exit__(*exception)
        with suppress(OSError):
            self._lines.close()

    def __call__(self, event: Event) -> None:
        """Write the lines of one event."""
        if isinstance(event, Planned):
            self._learn(event)
            for each in plan_messages(event.plan):
                if event.was_saved:
                    self._tell(each)
                else:
                    self._write(each)
            return
        for each in self._messages(event):
            self._tell(each)

    @property
    def failure(self) -> OSError | None:
        """Why it is incomplete, if it is."""
        return self._lines.failure

    @property
    def can_ask(self) -> bool:
        """Nobody is there."""
        return False

    def ask(self, question: str) -> str:  # noqa: ARG002 - the protocol's
        """No answer: a program is not asked."""
        return ""

    def mask_with(self, mask: Callable[[Any], Any]) -> None:
        """Take secrets out of all texts from now on."""
        self._mask = mask

    def failed(self, failure: AmlplanError) -> None:
        """Write what ended the command, unless it was told already."""
        for each in self._failure(failure):
            self._tell(each)

    def _failure(self, failure: AmlplanError) -> Iterator[Message]:
        if id(failure) not in self._told:
            self._told.add(id(failure))
            yield from failure_messages(failure)

    def _learn(self, planned: Planned) -> None:
        """Remember the kinds of objects, which later events do not tell."""
        plan = planned.plan
        self._kinds |= {item.address: item.kind for item in plan.operations}
        self._kinds |= {item.address: item.record.kind for item in plan.imports}
        self._kinds |= {item.address: item.kind for item in plan.deferred}
        self._kinds |= {item.address: item.kind for item in plan.blocked}

    def _messages(self, event: Event) -> Iterator[Message]:
        match event:
            case Said(text, urgent) if text.strip():
                level = "warn" if urgent else "info"
                yield message("log", rendered(text, colours=False).strip(), level)
            case Looking(address, kind, identity):
                self._kinds[address] = kind
                hook = self._known_object(address, identity)
                yield message("refresh_start", f"{address}: Reading...", hook=hook)
            case Looked(address, _, identity):
                hook = self._known_object(address, identity)
                yield message("refresh_complete", f"{address}: Read", hook=hook)
            case Recovered(address, text):
                yield message("log", f"{address}: interrupted earlier; {text}.", address=address)
            case TakenOver(address, identity):
                hook = self._hook(address, "import") | {"elapsed_seconds": 0}
                hook |= {"id_key": "id", "id_value": identity}
                yield message("apply_complete", f"{address}: Imported", hook=hook)
            case Started(address, action, name):
                self._underway.begun(address, action)
                text = f"{address}: {_doing(action)}..."
                hook = self._hook(address, action) | {"id_key": "name", "id_value": name}
                yield message("apply_start", text, hook=hook)
            case Progressed(address, text):
                yield self._progress(address, text)
            case Finished(address, action, seconds, identity):
                self._underway.ended(address, action)
                hook = self._hook(address, action) | {"elapsed_seconds": int(seconds)}
                if action not in {"delete", "remove", "forget"}:
                    hook |= {"id_key": "id", "id_value": str(identity)}
                text = f"{address}: {_done(action)} complete after {seconds:.0f}s"
                yield message("apply_complete", text, hook=hook)
            case Failed(address, action, seconds, error):
                self._underway.ended(address, action)
                hook = self._hook(address, action) | {"elapsed_seconds": int(seconds)}
                text = f"{address}: {_done(action)} failed after {seconds:.0f}s"
                yield message("apply_errored", text, "error", hook=hook)
                yield from self._failure(error)
            case Skipped(address, because):
                hook = {"resource": self._resource(address), "because": because}
                text = f"{address}: not begun, because of {because}"
                yield message("apply_skipped", text, "warn", hook=hook)
            case Concluded():
                for failure in event.failures:
                    yield from self._failure(failure)
                yield from conclusion_messages(event)

    def _progress(self, address: str, text: str) -> Message:
        """What a provider says of a step, or of what it does before any plan."""
        action, seconds = self._underway.of(address)
        if not action:
            return message("log", f"{address}: {text}", address=address)
        hook = self._hook(address, action) | {"elapsed_seconds": seconds, "note": text}
        return message("apply_progress", f"{address}: {text}", hook=hook)

    def _still(self, address: str, action: str, seconds: int) -> None:
        hook = self._hook(address, action) | {"elapsed_seconds": seconds}
        text = f"{address}: Still {_doing(action).lower()}... [{seconds}s elapsed]"
        self._tell(message("apply_progress", text, hook=hook))

    def _resource(self, address: str) -> Message:
        return resource(address, self._kinds.get(address, object_name(address).block))

    def _known_object(self, address: str, identity: object) -> Message:
        return {"resource": self._resource(address), "id_key": "id", "id_value": str(identity)}

    def _hook(self, address: str, action: str) -> Message:
        # What is removed was replaced before, under the same address.
        word = "delete" if action == "remove" else action
        return {"resource": self._resource(address), "action": word}

    def _tell(self, fields: Message) -> None:
        """Write a line; what goes on needs no reader."""
        with suppress(BrokenPipeError, OutputError):
            self._write(fields)

    def _write(self, fields: Message) -> None:
        now = datetime.now().astimezone().isoformat(timespec="microseconds")
        whole = {"@module": "amlplan.ui", "@timestamp": now, **fields}
        line = StreamLine.model_validate(whole)
        data = line.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if self._mask is not None:
            data = _masked(data, self._mask)
        self._lines.write(json.dumps(data, ensure_ascii=False))


def _doing(action: str) -> str:
    return _VERBS[action][0] if action in _VERBS else f"Doing ({action})"


def _done(action: str) -> str:
    return _VERBS[action][1] if action in _VERBS else action.capitalize()


def _masked(value: Any, mask: Callable[[Any], Any]) -> Any:
    """A line with the secrets taken out of its texts."""
    if isinstance(value, dict):
        return {
            name: mask(item) if name in _TEXTS else _masked(item, mask)
            for name, item in value.items()
        }
    return [_masked(item, mask) for item in value] if isinstance(value, list) else value
