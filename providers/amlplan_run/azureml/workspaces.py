"""The workspace that a run belongs to, whatever a script asks for."""

from amlplan_run.azureml import family
from amlplan_run.azureml.asking import asked
from amlplan_run.azureml.datasets import InputDatasets
from amlplan_run.azureml.datastores import Datastore, Datastores
from amlplan_run.azureml.facts import facts_of
from amlplan_run.azureml.models import Model
from amlplan_run.azureml.secrets import Keyvault
from amlplan_run.azureml.unsupported import Supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

PLACE = "local"
"""What stands for the parts of Azure that a workspace of amlplan has not."""


class Workspace(Supported):
    """The run's workspace; names and subscriptions that a script gives are not looked at."""

    origin = "azureml.core.workspace:Workspace"
    subscription_id = PLACE
    resource_group = PLACE
    location = PLACE

    def __init__(
        self,
        subscription_id: object = None,
        resource_group: object = None,
        workspace_name: object = None,
        auth: object = None,
        **_: object,
    ) -> None:
        """Nothing is asked for before it is needed."""

    @staticmethod
    def from_config(
        path: object = None, auth: object = None, _logger: object = None, _file_name: object = None
    ) -> "Workspace":
        """The run's workspace; no file is read."""
        return Workspace()

    @staticmethod
    def get(name: object = None, *_: object, **__: object) -> "Workspace":
        """The run's workspace."""
        return Workspace()

    def __repr__(self) -> str:
        return "Workspace.create(name=%r)" % self.name

    @property
    def name(self) -> str:
        """The name of the run's workspace."""
        known = facts_of(family.own().id).get("workspace")
        return str(known if known is not None else asked("GET", "/amlplan/workspace")["name"])

    @property
    def experiments(self) -> "Dict[str, Any]":
        """The histories of the workspace by name."""
        from amlplan_run.azureml.experiments import Experiment

        histories = asked("GET", "/amlplan/workspace")["histories"]
        return {name: Experiment(self, name) for name in histories}

    @property
    def models(self) -> "Dict[str, Model]":
        """The newest version of each model by name."""
        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def datastores(self) -> Datastores:
        """Datastores, each asked for by its name."""
        return Datastores()

    @property
    def datasets(self) -> InputDatasets:
        """The inputs of the run."""
        return InputDatasets()

    def get_default_datastore(self) -> Datastore:
        """The datastore of the name that Azure gives its default."""
        return Datastore.get_default(self)

    def get_default_keyvault(self) -> Keyvault:
        """The secrets of the run."""
        return Keyvault(self)

    def get_run(self, run_id: str) -> "Any":
        """Any run by its id, to be read."""
        from amlplan_run.azureml.run import Run

        return Run(None, run_id)

    def get_details(self) -> "Dict[str, Any]":
        """The workspace in a dictionary."""
        return {"name": self.name, "location": PLACE}
