"""Datasets, which are the inputs of the run here: paths that know how to be read."""

import os

from amlplan_run.azureml import family
from amlplan_run.azureml.errors import UserErrorException
from amlplan_run.azureml.facts import facts_of
from amlplan_run.azureml.frames import frame_of
from amlplan_run.azureml.unsupported import Supported
from amlplan_run.files import OUTPUTS
from amlplan_run.inputs import PREFIX, path_of, variable_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

OUTPUT_PREFIX = "AMLPLAN_OUTPUT_"


class FileDataset(Supported, str):  # noqa: SLOT000 - it has a name
    """Files: as text it is the path where they lie."""

    origin = "azureml.data.file_dataset:FileDataset"
    name = None  # type: Optional[str]

    def as_named_input(self, name: str) -> "FileDataset":
        """The same."""
        return self

    def as_mount(self, path_on_compute: "Optional[str]" = None) -> "FileDataset":
        """The same: data is where it is."""
        return self

    def as_download(self, path_on_compute: "Optional[str]" = None) -> "FileDataset":
        """The same: data is where it is."""
        return self

    def to_path(self) -> "List[str]":
        """The files, as paths that begin with a slash, below the place of the data."""
        return ["/" + inner for inner in self._inner()]

    def download(
        self,
        target_path: "Optional[str]" = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> "List[str]":
        """The paths of the files: where they are, or copied below a folder."""
        root = str(self) if os.path.isdir(self) else os.path.dirname(self)
        if target_path is None:
            return [os.path.join(root, inner) for inner in self._inner()]
        return [_copied(root, inner, target_path, overwrite=overwrite) for inner in self._inner()]

    def mount(self, mount_point: "Optional[str]" = None, **_: object) -> "Mounted":
        """A context whose `mount_point` is the place of the data."""
        return Mounted(self if os.path.isdir(self) else os.path.dirname(self))

    def _inner(self) -> "List[str]":
        if not os.path.isdir(self):
            return [os.path.basename(self)]
        found: "List[str]" = []
        for folder, _, names in os.walk(self):
            found.extend(os.path.relpath(os.path.join(folder, name), self) for name in names)
        return sorted(inner.replace(os.sep, "/") for inner in found)


class TabularDataset(Supported):
    """Tables: CSV, TSV, Parquet, and JSON with an object on each line."""

    origin = "azureml.data.tabular_dataset:TabularDataset"

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> "Any":
        """The rows of all files, read by the script's own pandas."""
        return frame_of(os.fspath(str(self)))


class Input(FileDataset, TabularDataset):
    """An input of the run."""


class Mounted:
    """Data that is there already."""

    def __init__(self, mount_point: str) -> None:
        self.mount_point = str(mount_point)

    def start(self) -> None:
        """Nothing is to be done."""

    def stop(self) -> None:
        """Nothing is to be done."""

    def __enter__(self) -> "Mounted":  # noqa: PYI034 - typing has no Self before 3.11
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is to be done."""


class InputDatasets(dict):  # type: ignore[type-arg]
    """The inputs of the run by name."""

    def __init__(self, workspace: object = None) -> None:
        super().__init__({name: input_of(name) for name in _names()})

    def __missing__(self, name: str) -> Input:
        try:
            return input_of(name)
        except UserErrorException as failure:
            raise KeyError(str(failure)) from failure


class OutputDatasets(dict):  # type: ignore[type-arg]
    """Folders in outputs by name, each made when it is asked for."""

    def __init__(self, workspace: object = None) -> None:
        super().__init__()

    def __missing__(self, name: str) -> FileDataset:
        inside = os.path.join(family.work(), OUTPUTS, name)
        variable = OUTPUT_PREFIX + variable_of(name)[len(PREFIX) :]
        folder = FileDataset(os.environ.get(variable, inside))
        os.makedirs(folder, exist_ok=True)
        self[name] = folder
        return folder


class Dataset(Supported):
    """Datasets that are registered: inputs of the run by their names."""

    origin = "azureml.core.dataset:Dataset"

    @staticmethod
    def get_by_name(workspace: object, name: str, version: object = "latest") -> Input:
        """The input of that name."""
        return input_of(name)

    @staticmethod
    def get_by_id(workspace: object, id: str, **_: object) -> Input:
        """The input that has this for its name."""
        return input_of(id)

    @staticmethod
    def get(workspace: object, name: "Optional[str]" = None, id: "Optional[str]" = None) -> Input:
        """The input of that name."""
        return input_of(str(name or id))

    @staticmethod
    def get_all(workspace: object) -> "Dict[str, Input]":
        """All inputs by name."""
        return InputDatasets()


def input_of(name: str) -> Input:
    """An input of the run; raises UserErrorException where there is none of that name."""
    try:
        made = Input(path_of(name))
    except LookupError as failure:
        raise UserErrorException(failure.args[0]) from failure
    made.name = name
    return made


def _names() -> "List[str]":
    """The names of the inputs as they are declared, or else as the variables have them."""
    definition = facts_of(family.own().id).get("definition") or {}
    declared = [name for name in definition.get("inputs", ()) if variable_of(name) in os.environ]
    known = {variable_of(name) for name in declared}
    rest = [key for key in os.environ if key.startswith(PREFIX) and key not in known]
    return sorted(declared) + sorted(key[len(PREFIX) :].lower() for key in rest)


def _copied(root: str, inner: str, target: str, *, overwrite: bool) -> str:
    import shutil  # imported on use: most scripts copy nothing

    path = os.path.join(target, inner)
    if os.path.exists(path) and not overwrite:
        raise UserErrorException("%s is there already; give overwrite=True." % path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copyfile(os.path.join(root, inner), path)
    return path
