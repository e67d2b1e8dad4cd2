"""What of the Azure ML SDK works here: each name as `module:name`, and its place in this folder."""

_ERRORS = ("AzureMLException",)
_MORE_ERRORS = (
    *("UserErrorException", "RunEnvironmentException", "ModelNotFoundException"),
    *("ModelPathNotFoundException", "ActivityFailedException"),
)
_AUTHENTICATION = (
    *("AzureCliAuthentication", "InteractiveLoginAuthentication", "MsiAuthentication"),
    "ServicePrincipalAuthentication",
)
_TELEMETRY = (
    *("set_diagnostics_collection", "add_diagnostics_properties", "set_diagnostics_properties"),
    *("get_diagnostics_collection_info", "is_diagnostics_collection_info_available"),
    "get_telemetry_log_handler",
)
CLASSES = {
    "azureml.core.run:Run": "run:Run",
    "azureml.core.run:_SubmittedRun": "run:Run",
    "azureml.core.run:InputDatasets": "datasets:InputDatasets",
    "azureml.core.run:OutputDatasets": "datasets:OutputDatasets",
    "azureml.core.model:Model": "models:Model",
    "azureml.core.workspace:Workspace": "workspaces:Workspace",
    "azureml.core.experiment:Experiment": "experiments:Experiment",
    "azureml.core.keyvault:Keyvault": "secrets:Keyvault",
    **{"azureml.core.authentication:" + name: "authentication:" + name for name in _AUTHENTICATION},
    "azureml.core.datastore:Datastore": "datastores:Datastore",
    "azureml.core.dataset:Dataset": "datasets:Dataset",
    "azureml.data.file_dataset:FileDataset": "datasets:FileDataset",
    "azureml.data.tabular_dataset:TabularDataset": "datasets:TabularDataset",
    "azureml.data.data_reference:DataReference": "references:DataReference",
}
"""Classes; their members that do not work raise when they are called."""
SUPPORTED = {
    **CLASSES,
    "azureml.core:VERSION": "version:VERSION",
    "azureml.core:__version__": "version:VERSION",
    "azureml.core.run:get_run": "run:get_run",
    "azureml.logging:get_azureml_logger": "workbench:get_azureml_logger",
    **{"azureml._common.exceptions:" + name: "errors:" + name for name in _ERRORS},
    **{
        "azureml.exceptions._azureml_exception:" + name: "errors:" + name
        for name in _ERRORS + _MORE_ERRORS
    },
    **{"azureml.telemetry:" + name: "telemetry:" + name for name in _TELEMETRY},
}
