"""References to data, which stand for a path."""

import os

from amlplan_run.azureml.unsupported import Supported
from amlplan_run.inputs import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


class DataReference(Supported):
    """A path in a datastore, or an input of the run by its name; as text it is the path."""

    origin = "azureml.data.data_reference:DataReference"

    def __init__(
        self,
        datastore: "Any" = None,
        data_reference_name: "Optional[str]" = None,
        path_on_datastore: "Optional[str]" = None,
        mode: str = "mount",
        path_on_compute: "Optional[str]" = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore = datastore
        self.data_reference_name = data_reference_name or getattr(datastore, "name", None)
        self.path_on_datastore = path_on_datastore
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def __fspath__(self) -> str:
        name = str(self.data_reference_name)
        known = path_of(name, "")
        if known or self.datastore is None:
            return known or "$AZUREML_DATAREFERENCE_" + name
        return os.path.join(self.datastore.folder, self.path_on_datastore or "")

    def __str__(self) -> str:
        return os.fspath(self)

    __repr__ = __str__

    def path(
        self, path: "Optional[str]" = None, data_reference_name: "Optional[str]" = None
    ) -> "DataReference":
        """A path below this one."""
        below = "/".join(part for part in (self.path_on_datastore, path) if part)
        return DataReference(self.datastore, data_reference_name, below or None, self.mode)

    def as_mount(self) -> "DataReference":
        """The same: data is where it is."""
        return self

    def as_download(
        self,
        path_on_compute: "Optional[str]" = None,
        overwrite: bool = False,
    ) -> "DataReference":
        """The same: data is where it is."""
        return self

    def as_upload(
        self,
        path_on_compute: "Optional[str]" = None,
        overwrite: bool = False,
    ) -> "DataReference":
        """The same: data is written where it belongs."""
        return self
