"""Reads back what was recorded of the script's run and its children, from all its processes."""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Event = Dict[str, Any]

FINAL = ("Completed", "Failed", "Canceled")


class Records:
    """The events of a folder, each run's in the order of time; nothing is read twice."""

    def __init__(self, folder: str, only: "Optional[str]" = None) -> None:
        self._folder = folder
        self._only = only
        self._read = {}  # type: Dict[str, Tuple[int, float]]
        self._of = {}  # type: Dict[Optional[str], List[Event]]
        self._starts = []  # type: List[Event]

    def events(self, run: "Optional[str]") -> "List[Event]":
        """The events of one run; None is the run that the folder belongs to."""
        self._read_on()
        events = self._of.get(run, [])
        events.sort(key=_moment)
        return events

    def children(self, identity: str) -> "List[str]":
        """The ids of the children of a run, in the order in which they were started."""
        self._read_on()
        self._starts.sort(key=_moment)
        return [each["id"] for each in self._starts if each.get("parent") == identity]

    def _read_on(self) -> None:
        for name in [self._only] if self._only else sorted(os.listdir(self._folder)):
            if name.endswith(".jsonl"):
                self._read_file(name)

    def _read_file(self, name: str) -> None:
        offset, latest = self._read.get(name, (0, 0.0))
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.split(b"\n"):
            event = _parsed(line)
            if event is not None:
                # A clock that steps back turns no order round within a file.
                latest = event["t"] = max(latest, _moment(event))
                self._take(event)
        self._read[name] = (offset + len(whole), latest)

    def _take(self, event: "Event") -> None:
        self._of.setdefault(event.get("run"), []).append(event)
        if event["type"] == "run":
            self._starts.append(event)


def _parsed(line: bytes) -> "Optional[Event]":
    try:
        event = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    return event if isinstance(event, dict) and "type" in event else None


def _moment(event: "Event") -> float:
    moment = event.get("t")
    return moment if isinstance(moment, (int, float)) else 0.0


def described(events: "List[Event]") -> "Event":
    """What a run is: the fields of its first event."""
    for event in events:
        if event["type"] == "run":
            return event
    return {}


def status_of(events: "List[Event]") -> "Tuple[str, Optional[str]]":
    """The status of a run and the reason of it; nothing follows a final one."""
    status, reason = "NotStarted", None
    for event in events:
        if event["type"] == "status" and status not in FINAL:
            status, reason = event.get("status", status), event.get("reason")
    return status, reason


def tags_of(events: "List[Event]") -> "Dict[str, Optional[str]]":
    """The tags of a run; the last value of a name counts."""
    tags = {}  # type: Dict[str, Optional[str]]
    for event in events:
        if event["type"] == "tag" and event.get("removed"):
            tags.pop(event["name"], None)
        elif event["type"] == "tag":
            tags[event["name"]] = event.get("value")
    return tags


def properties_of(events: "List[Event]") -> "Dict[str, str]":
    """The properties of a run; the first value of a name counts."""
    properties = {}  # type: Dict[Any, Any]
    for event in events:
        if event["type"] == "property":
            properties.setdefault(event["name"], event.get("value"))
    return properties
