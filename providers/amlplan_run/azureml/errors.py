"""The exceptions of the Azure ML SDK that its names raise here too."""


class AzureMLException(Exception):
    """The base of what the SDK raises; `message` is its text."""

    def __init__(self, exception_message: object = "", **_: object) -> None:
        super().__init__(str(exception_message))

    @property
    def message(self) -> str:
        """What went wrong."""
        return str(self)


class UserErrorException(AzureMLException):
    """Something that the script can mend."""


class RunEnvironmentException(AzureMLException):
    """There is no run, or its service cannot be reached."""


class ModelNotFoundException(AzureMLException):
    """A model is not in the workspace."""


class ModelPathNotFoundException(AzureMLException):
    """The files of a model are not where they should be."""


class ActivityFailedException(AzureMLException):
    """A run that was waited for has failed."""


class NotSupportedError(UserErrorException, NotImplementedError):
    """Something that works in Azure and not under amlplan; the text says what to do instead."""
