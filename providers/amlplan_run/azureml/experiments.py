"""Histories of runs as `azureml.core.Experiment` has them."""

from amlplan_run.azureml import family
from amlplan_run.azureml.asking import asked
from amlplan_run.azureml.facts import facts_of
from amlplan_run.azureml.unsupported import Supported
from amlplan_run.service import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Tuple

TAG = "experiment"
"""The tag of a run that a script starts in an experiment of another name than its history."""
_started: "List[Tuple[str, str]]" = []
"""The names and ids of what was begun by `start_logging`."""


class Experiment(Supported):
    """A history of the workspace."""

    origin = "azureml.core.experiment:Experiment"

    def __init__(self, workspace: "Any", name: str, **_: object) -> None:
        self._workspace = workspace
        self._name = str(name)

    def __repr__(self) -> str:
        return "Experiment(Name: %s)" % self._name

    @property
    def name(self) -> str:
        """The name of the history."""
        return self._name

    @property
    def id(self) -> str:
        """The name of the history."""
        return self._name

    @property
    def workspace(self) -> "Any":
        """The run's workspace."""
        return self._workspace

    @property
    def workspace_object(self) -> "Any":
        """The run's workspace."""
        return self._workspace

    def start_logging(self, *_: object, **__: object) -> "Any":
        """A run to log to: that of the script the first time, a child of it each time after.

        A name that is not that of the script's history is kept as the tag `experiment`.
        """
        from amlplan_run.azureml.run import Run

        own = family.own()
        run = Run(self, own.child_run(self._name).id if _started else own.id)
        _started.append((self._name, run.id))
        if facts_of(own.id).get("history") != self._name:
            run.tag(TAG, self._name)
        return run

    def get_runs(
        self,
        type: object = None,
        tags: "Any" = None,
        properties: "Any" = None,
        include_children: bool = False,
    ) -> "Iterator[Any]":
        """The runs that the script began here, newest first, and those of the history.

        The former are children but for the first, and no runs of the history of the name where
        that is only a tag; scripts choose the best among them.
        """
        from amlplan_run.azureml.run import Run
        from amlplan_run.azureml.run_course import fits

        begun = [run for name, run in reversed(_started) if name == self._name]
        told = asked("GET", "/amlplan/runs?history=" + quoted(self._name))["runs"]
        others = [each["id"] if isinstance(each, dict) else each for each in told]
        for each in begun + [run for run in others if run not in begun]:
            run = Run(self, each)
            if fits(tags, run.tags) and fits(properties, run.properties):
                yield run
