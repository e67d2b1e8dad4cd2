"""The logger of 2017's Azure ML Workbench."""

from amlplan_run.azureml import family
from amlplan_run.values import is_several


class WorkbenchLogger:
    """Logs to the run of the script."""

    def log(self, name: str, value: object) -> None:
        """Record a value, or several that belong together."""
        if is_several(value):
            family.own().log_list(name, value)  # type: ignore[arg-type]
        else:
            family.own().log(name, value)


def get_azureml_logger() -> WorkbenchLogger:
    """The logger of the run."""
    return WorkbenchLogger()
