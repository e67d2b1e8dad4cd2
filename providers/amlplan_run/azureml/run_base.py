"""What all parts of a run have in common: who it is, and what records into it."""

from amlplan_run.azureml import family
from amlplan_run.azureml.errors import UserErrorException
from amlplan_run.azureml.facts import facts_of
from amlplan_run.azureml.unsupported import Supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from amlplan_run.run import Run as Native


class RunBase(Supported):
    """A run by its id."""

    def __init__(
        self, experiment: object, run_id: str, outputs: object = None, **_: object
    ) -> None:
        self._experiment = experiment
        self._identity = str(run_id)
        self._recording = family.native_of(self._identity)

    @property
    def id(self) -> str:
        """The id of the run in its history."""
        return self._identity

    @property
    def _is_own(self) -> bool:
        return self._identity == family.own().id

    @property
    def _native(self) -> "Native":
        if self._recording is None:
            raise UserErrorException(
                "%s is not a run of this script, and can only be read. Log to Run.get_context() or "
                "to a child of it." % self._identity
            )
        return self._recording

    @property
    def _facts(self) -> "Dict[str, Any]":
        return facts_of(self._identity)
