"""Ways to prove to Azure who one is, which are made and given to a workspace that asks nobody."""

from amlplan_run.azureml.unsupported import Supported


class Authentication(Supported):
    """Takes what it is given and keeps nothing of it."""

    origin = "azureml.core.authentication:AbstractAuthentication"

    def __init__(self, *_: object, **__: object) -> None:
        """Nothing is asked for, and no secret is kept."""


class AzureCliAuthentication(Authentication):
    """That of the Azure command line."""

    origin = "azureml.core.authentication:AzureCliAuthentication"


class InteractiveLoginAuthentication(Authentication):
    """That of a browser."""

    origin = "azureml.core.authentication:InteractiveLoginAuthentication"


class MsiAuthentication(Authentication):
    """That of a managed identity."""

    origin = "azureml.core.authentication:MsiAuthentication"


class ServicePrincipalAuthentication(Authentication):
    """That of a service principal."""

    origin = "azureml.core.authentication:ServicePrincipalAuthentication"
