"""The run of a script as `azureml.core.Run` has it."""

from amlplan_run.azureml import family
from amlplan_run.azureml.datasets import InputDatasets, OutputDatasets
from amlplan_run.azureml.experiments import Experiment
from amlplan_run.azureml.models import Model, register
from amlplan_run.azureml.run_course import Course
from amlplan_run.azureml.run_files import Files, found
from amlplan_run.azureml.run_labels import Labels
from amlplan_run.azureml.run_metrics import Metrics
from amlplan_run.azureml.secrets import all_secrets, secret
from amlplan_run.azureml.workspaces import Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Mapping, Optional


class Run(Metrics, Files, Labels, Course):
    """A run: that of the script, a child of it, or another one to be read."""

    origin = "azureml.core.run:Run"

    @classmethod
    def get_context(
        cls,
        allow_offline: bool = True,
        used_for_context_manager: bool = False,
        **_: object,
    ) -> "Run":
        """The run of the script; it is never one that is offline."""
        return cls(None, family.own().id)

    @classmethod
    def get_submitted_run(cls, **_: object) -> "Run":
        """The run of the script."""
        return cls.get_context()

    @staticmethod
    def get(workspace: object, run_id: str) -> "Run":
        """Any run by its id, to be read."""
        return Run(None, run_id)

    def __repr__(self) -> str:
        return "Run(Experiment: %s,\nId: %s)" % (self.experiment.name, self._identity)

    @property
    def experiment(self) -> Experiment:
        """The history that the run is in."""
        if isinstance(self._experiment, Experiment):
            return self._experiment
        top = self._identity if self._recording is None else family.own().id
        history = Run(None, top)._facts.get("history")  # noqa: SLF001 - of this class
        return Experiment(Workspace(), history or "")

    @property
    def input_datasets(self) -> InputDatasets:
        """The inputs that the run configuration declares, by name."""
        return InputDatasets()

    @property
    def output_datasets(self) -> OutputDatasets:
        """Folders in outputs, by name; each is made when it is asked for."""
        return OutputDatasets()

    def get_secret(self, name: str) -> str:
        """A secret that the run configuration hands over in `env`."""
        return secret(name)

    def get_secrets(self, secrets: "Iterable[str]") -> "Dict[str, str]":
        """Secrets by name."""
        return all_secrets(secrets)

    def register_model(
        self,
        model_name: str,
        model_path: "Optional[str]" = None,
        tags: "Optional[Mapping[str, object]]" = None,
        properties: "Optional[Mapping[str, object]]" = None,
        model_framework: "Optional[str]" = None,
        model_framework_version: "Optional[str]" = None,
        description: "Optional[str]" = None,
        **_: object,
    ) -> Model:
        """Register a file or folder of the run as a version of a model."""
        return register(
            model_name,
            found(model_path or model_name),
            run=self._identity,
            tags=tags,
            properties=properties,
            framework=model_framework,
            framework_version=model_framework_version,
            description=description,
        )


def get_run(
    experiment: object,
    run_id: str,
    rehydrate: bool = True,
    clean_up: bool = True,
) -> Run:
    """Any run by its id, to be read."""
    return Run(None, run_id)
