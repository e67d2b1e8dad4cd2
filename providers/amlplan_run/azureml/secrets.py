"""Secrets, which a run gets as environment variables."""

import os

from amlplan_run.azureml.errors import UserErrorException
from amlplan_run.azureml.unsupported import Supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable


def secret(name: str) -> str:
    """The secret of a name; `db-password` may be handed over as DB_PASSWORD too."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in name)
    for variable in (name, plain, plain.upper()):
        if variable in os.environ:
            return os.environ[variable]
    raise UserErrorException(
        "There is no secret %r. Hand it over in the run_config, as in: env = { %s = ... }"
        % (name, plain.upper())
    )


def all_secrets(names: "Iterable[str]") -> "Dict[str, str]":
    """Secrets by name."""
    return {name: secret(name) for name in names}


class Keyvault(Supported):
    """The secrets of the run in place of those of a workspace."""

    origin = "azureml.core.keyvault:Keyvault"

    def __init__(self, workspace: object = None) -> None:
        """Nothing is asked for before a secret is."""

    def get_secret(self, name: str) -> str:
        """A secret that the run configuration hands over in `env`."""
        return secret(name)

    def get_secrets(self, secrets: "Iterable[str]") -> "Dict[str, str]":
        """Secrets by name."""
        return all_secrets(secrets)
