"""The course of a run: its status, how it ends, and the runs above and below it."""

import json
import os
import signal
import time

from amlplan_run.azureml import family
from amlplan_run.azureml.errors import ActivityFailedException, UserErrorException
from amlplan_run.azureml.facts import facts_of
from amlplan_run.azureml.run_base import RunBase
from amlplan_run.records import FINAL
from amlplan_run.run import ChildRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

_MOST = 100
"""How many children may be made at once."""
_PAUSE = 0.5
_LONGEST_PAUSE = 5.0


class Course(RunBase):
    """The course of a run; that of the script itself ends with the script."""

    @property
    def status(self) -> str:
        """The status of the run."""
        return str(self._facts["status"])

    def get_status(self) -> str:
        """The status of the run as it is now."""
        return self.status

    def get_details(self) -> "Dict[str, Any]":
        """The run in a dictionary with the keys that the SDK uses."""
        facts = self._facts
        definition = facts.get("definition") or {}
        program = [str(word) for word in definition.get("program", ())]
        return {
            "runId": self._identity,
            "target": "local",
            "status": facts["status"],
            "startTimeUtc": facts.get("at"),
            "properties": facts.get("properties", {}),
            "tags": facts.get("tags", {}),
            "inputDatasets": sorted(definition.get("inputs", ())),
            "outputDatasets": [],
            "runDefinition": {
                "script": program[1] if len(program) > 1 else None,
                "arguments": program[2:],
                "command": program,
                "parameters": definition.get("parameters", {}),
            },
            "logFiles": {},
        }

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> "Dict[str, Any]":
        """Wait until the run has ended; gives its details. Raises where it failed."""
        if self._is_own and self.status not in FINAL:
            raise UserErrorException("A script cannot wait for its own end.")
        pause = _PAUSE
        while self.status not in FINAL:
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        if raise_on_error and self.status == "Failed":
            raise ActivityFailedException(
                "%s failed: %s" % (self._identity, self._facts.get("reason") or "no reason given")
            )
        return self.get_details()

    def complete(self) -> None:
        """End a child. The script's own run completes when the script ends with exit code 0."""
        if isinstance(self._native, ChildRun):
            self._native.complete()

    def fail(self, error_details: object = None, error_code: object = None) -> None:
        """End a child as failed. Of the script's own run, record what went wrong."""
        words = [str(each) for each in (error_code, error_details) if each is not None]
        if isinstance(self._native, ChildRun):
            self._native.fail(": ".join(words) or None)
        elif words:
            self._native.complain(": ".join(words))

    def cancel(self) -> None:
        """End a child as canceled; ask for the end of the script's own run, as runs cancel does."""
        if isinstance(self._native, ChildRun):
            self._native.cancel()
        else:
            _cancel_own()

    def start(self) -> None:
        """Nothing: a run has started when there is an object for it."""

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing: what was logged is on disk."""

    def __enter__(self) -> "Any":
        return self

    def __exit__(self, kind: object, failure: object, trace: object) -> None:
        if failure is None or (isinstance(failure, SystemExit) and failure.code in (None, 0)):
            self.complete()
        elif isinstance(self._native, ChildRun):
            self.fail(failure, type(failure).__name__)

    def child_run(
        self,
        name: "Optional[str]" = None,
        run_id: "Optional[str]" = None,
        outputs: object = None,
    ) -> "Any":
        """Start a child; as a context manager it ends with its block."""
        child = self._native.child_run(name if name is not None else run_id)
        return self.__class__(self._experiment, child.id)

    def create_children(
        self,
        count: "Optional[int]" = None,
        tag_key: "Optional[str]" = None,
        tag_values: "Optional[List[object]]" = None,
    ) -> "List[Any]":
        """Start several children: so many, or one for each value of a tag."""
        by_tag = [each for each in (tag_key, tag_values) if each is not None]
        if len(by_tag) != (2 if count is None else 0):
            raise UserErrorException("Give either count, or tag_key and tag_values.")
        values = list(tag_values or ()) if count is None else [None] * count
        if len(values) > _MOST:
            raise UserErrorException("%d children at once are the most." % _MOST)
        children = [self.child_run() for _ in values]
        if tag_key is not None:
            for child, value in zip(children, values):
                child.tag(tag_key, value)
        return children

    def get_children(
        self,
        recursive: bool = False,
        tags: "Any" = None,
        properties: "Any" = None,
        type: "Any" = None,
        status: "Optional[str]" = None,
        _rehydrate_runs: bool = True,
    ) -> "Iterator[Any]":
        """The children, the newest first, as the SDK gives them."""
        below = list(facts_of(self._identity)["children"])
        for identity in below if recursive else ():
            below.extend(facts_of(identity)["children"])
        for identity in reversed(below):
            facts = facts_of(identity)
            if status is not None and facts["status"] != status:
                continue
            if fits(tags, facts.get("tags", {})) and fits(properties, facts.get("properties", {})):
                yield self.__class__(self._experiment, identity)

    @property
    def parent(self) -> "Any":
        """The run that this one is a part of, or None."""
        known = None if self._recording is None else self._recording.parent
        identity = known or self._facts.get("parent")
        return None if identity is None else self.__class__(self._experiment, identity)


def fits(wanted: "Any", there: "Dict[str, Any]") -> bool:
    """Whether a run has the tags or properties asked for: a name, or names with values."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in there
    return all(there.get(name) == str(value) for name, value in dict(wanted).items())


def _cancel_own() -> None:
    """Tell the supervisor what `runs cancel` tells it."""
    folder = os.path.dirname(os.environ.get("AMLPLAN_RUN_EVENTS", ""))
    try:
        with open(os.path.join(folder, "supervisor.json"), encoding="utf-8") as file:
            supervisor = int(json.load(file)["mark"][0])
        os.kill(supervisor, signal.SIGTERM)
    except (OSError, ValueError, LookupError, TypeError) as failure:
        raise UserErrorException(
            "The run cannot be canceled from here: %s. Run: amlplan runs cancel %s"
            % (failure, family.own().id)
        ) from failure
