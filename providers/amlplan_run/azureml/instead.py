"""What to do instead of what the Azure ML SDK does and scripts cannot do under amlplan."""

_SUBMITTED = (
    "What runs where, with what, is said by a run_config block and started with: amlplan run."
)
_WORKSPACE = "Workspaces, targets and datastores are blocks, made by: amlplan apply."
_ENVIRONMENT = "An environment block says what is installed, and a run_config names it."
_SERVED = "Images and services are blocks too: image and deployment, made by: amlplan apply."
_MODELS = "amlplan model shows and changes models; Run.register_model makes them."
_DATA = 'Declare the data as an input of the run_config: input "name" { path = "data" }.'
_RUNS = "amlplan runs shows and changes runs."
_GRIDS = "Try several values with: amlplan run train -p alpha=0.1,0.5"
_REST = "Leave the call out where amlplan runs the script."

INSTEAD = (
    ("azureml.core.environment", _ENVIRONMENT),
    ("azureml.core.conda_dependencies", _ENVIRONMENT),
    ("azureml.core.container_registry", _SERVED),
    ("azureml.core.runconfig", _SUBMITTED),
    ("azureml.core.script_run", _SUBMITTED),
    ("azureml.core.experiment.Experiment.submit", _SUBMITTED),
    ("azureml.core.run.Run.submit_child", "Start a child of the run with child_run()."),
    ("azureml.core.run", _RUNS),
    ("azureml.core.experiment", _RUNS),
    ("azureml.core.model", _MODELS),
    ("azureml.core.image", _SERVED),
    ("azureml.core.webservice", _SERVED),
    ("azureml.core.dataset", _DATA),
    ("azureml.data", _DATA),
    ("azureml.core", _WORKSPACE),
    ("azureml.train.hyperdrive", _GRIDS),
    ("azureml.train.automl", _GRIDS),
    ("azureml.train", _SUBMITTED),
    ("azureml.monitoring", "What a deployed model was asked is kept by its deployment."),
    ("azureml.contrib.services", "It works in the scoring script of a deployment."),
)
"""By how a name begins; the first that fits counts."""


def instead_of(name: str) -> str:
    """A sentence that tells what to do."""
    for beginning, sentence in INSTEAD:
        if name.startswith(beginning):
            return sentence
    return _REST
