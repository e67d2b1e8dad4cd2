"""Telemetry, which amlplan does not send: scripts that turn it on or off go on."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple


def set_diagnostics_collection(*_: object, **__: object) -> None:
    """Nothing: nothing is sent."""


def add_diagnostics_properties(*_: object, **__: object) -> None:
    """Nothing: nothing is sent."""


def set_diagnostics_properties(*_: object, **__: object) -> None:
    """Nothing: nothing is sent."""


def is_diagnostics_collection_info_available() -> bool:
    """Whether something is known of what is sent."""
    return False


def get_diagnostics_collection_info(*_: object, **__: object) -> "Tuple[bool, None]":
    """That nothing is sent."""
    return (False, None)


def get_telemetry_log_handler(*_: object, **__: object) -> "Any":
    """A handler that drops what it is given."""
    import logging  # imported on use: most scripts do not ask

    return logging.NullHandler()
