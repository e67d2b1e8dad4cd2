"""Asks the service of the run, with the exceptions that scripts know from the SDK."""

from amlplan_run.azureml.errors import RunEnvironmentException, UserErrorException
from amlplan_run.service import ServiceError, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


def asked(method: str, path: str, body: "Optional[Dict[str, object]]" = None) -> "Dict[str, Any]":
    """The answer; raises UserErrorException where it is no, RunEnvironmentException without one."""
    try:
        return ask(method, path, body)
    except ServiceError as failure:
        if failure.status:
            raise UserErrorException(failure) from failure
        raise RunEnvironmentException(failure) from failure
