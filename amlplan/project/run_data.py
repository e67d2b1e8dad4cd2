"""The data that a run configuration names in datastores, as places of this host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from amlplan.errors import RunError
from amlplan.runs.request import RunData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import Reference
    from amlplan_schemas.run_config import RunConfig
    from amlplan_schemas.state import Record

DEFAULT_MODE = "mount"


def data_of(config: RunConfig, records: Mapping[str, Record]) -> RunData:
    """Where the inputs and outputs of a configuration lie; raises RunError for what is elsewhere.

    `records` have the datastores as they were applied.
    """
    inputs: dict[str, str] = {}
    modes: dict[str, str] = {}
    for name, item in config.input.items():
        inputs[name] = item.path
        if item.datastore is not None:
            folder = _folder_of(item.datastore, records)
            inputs[name] = _inside(folder, item.path, f'The input "{name}"')
            modes[name] = item.mode or DEFAULT_MODE
    uploads = {
        name: _inside(_folder_of(item.datastore, records), item.path, f'The output "{name}"')
        for name, item in config.output.items()
    }
    return RunData(inputs, modes, uploads)


def _folder_of(datastore: Reference, records: Mapping[str, Record]) -> Path:
    record = records[datastore.address]
    uri = urlsplit(str(record.outputs.values.get("uri", "")))
    if uri.scheme != "file":
        raise RunError(
            "The datastore cannot be reached",
            f"{datastore.address} is a {datastore.kind}, and a run on this host reads and writes "
            'folders of it only. Use a datastore "local", or have the script fetch the data.',
            address=datastore.address,
        )
    return Path(unquote(uri.path))


def _inside(folder: Path, path: str, what: str) -> str:
    place = Path(os.path.normpath(folder / path))
    if not place.is_relative_to(folder):
        raise RunError(
            "A path leaves its datastore",
            f"{what} is {path}, which is not below {folder}. Write it relative to that folder.",
        )
    return str(place)
