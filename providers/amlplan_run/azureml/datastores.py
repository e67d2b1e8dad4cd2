"""Datastores of the workspace: folders of this host."""

import os

from amlplan_run.azureml.asking import asked
from amlplan_run.azureml.errors import UserErrorException
from amlplan_run.azureml.references import DataReference
from amlplan_run.azureml.unsupported import Supported
from amlplan_run.service import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List, Optional, Tuple

DEFAULT = "workspaceblobstore"
"""The name of the default datastore of a workspace in Azure."""


class Datastore(Supported):
    """A datastore by its name; raises where the workspace has none of that name."""

    origin = "azureml.core.datastore:Datastore"

    def __init__(self, workspace: object, name: "Optional[str]" = None) -> None:
        self.workspace = workspace
        self._fields = asked("GET", "/amlplan/datastores/" + quoted(name or DEFAULT))

    @staticmethod
    def get(workspace: object, datastore_name: str) -> "Datastore":
        """A datastore by its name."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: object) -> "Datastore":
        """The datastore of the name that Azure gives its default."""
        return Datastore(workspace, DEFAULT)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._fields["name"])

    @property
    def datastore_type(self) -> str:
        """Its kind."""
        return str(self._fields["kind"])

    @property
    def folder(self) -> str:
        """Where it lies; raises UserErrorException for one that is no folder."""
        path = self._fields.get("path")
        if not path:
            raise UserErrorException(
                "The datastore %s is %s and no folder. Declare what the script reads of it as an "
                "input of the run_config." % (self.name, self.datastore_type)
            )
        return str(path)

    def path(
        self, path: "Optional[str]" = None, data_reference_name: "Optional[str]" = None
    ) -> DataReference:
        """A reference to a path in it."""
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """A reference to the whole of it."""
        return DataReference(self)

    def as_download(self, path_on_compute: "Optional[str]" = None) -> DataReference:
        """A reference to the whole of it."""
        return DataReference(self)

    def as_upload(self, path_on_compute: "Optional[str]" = None) -> DataReference:
        """A reference to the whole of it."""
        return DataReference(self)

    def upload(
        self,
        src_dir: str,
        target_path: "Optional[str]" = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy a folder into it; what is there is left where `overwrite` is not set."""
        copies = [(source, inner) for source, inner in _files_in(src_dir)]
        _copy_all(copies, os.path.join(self.folder, target_path or ""), overwrite=overwrite)
        return DataReference(self, None, target_path)

    def upload_files(
        self,
        files: "Iterable[str]",
        relative_root: "Optional[str]" = None,
        target_path: "Optional[str]" = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy files into it, by their names or by their paths below a folder."""
        copies = [
            (
                file,
                os.path.relpath(file, relative_root) if relative_root else os.path.basename(file),
            )
            for file in files
        ]
        _copy_all(copies, os.path.join(self.folder, target_path or ""), overwrite=overwrite)
        return DataReference(self, None, target_path)

    def download(
        self,
        target_path: str,
        prefix: "Optional[str]" = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Copy what begins with a prefix into a folder; gives how many files were copied."""
        copies = [pair for pair in _files_in(self.folder) if pair[1].startswith(prefix or "")]
        return _copy_all(copies, target_path, overwrite=overwrite)


class Datastores(Supported):
    """The datastores of the workspace by name."""

    def __getitem__(self, name: str) -> Datastore:
        return Datastore(None, name)

    def get(self, name: str, default: "Any" = None) -> "Any":
        """A datastore, or a default where there is none of that name."""
        try:
            return Datastore(None, name)
        except UserErrorException:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None


def _files_in(folder: str) -> "List[Tuple[str, str]]":
    """Files with their paths below a folder."""
    pairs = []
    for inner, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(inner, name)
            pairs.append((path, os.path.relpath(path, folder).replace(os.sep, "/")))
    return pairs


def _copy_all(copies: "Iterable[Tuple[str, str]]", target: str, *, overwrite: bool) -> int:
    import shutil  # imported on use: most scripts copy nothing

    count = 0
    for source, inner in copies:
        path = os.path.join(target, inner)
        if os.path.exists(path) and not overwrite:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(source, path)
        count += 1
    return count
