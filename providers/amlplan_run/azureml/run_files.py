"""The files of a run: put into its outputs, found there by the name they were given, taken out."""

import os

from amlplan_run.azureml import family
from amlplan_run.azureml.asking import asked
from amlplan_run.azureml.errors import UserErrorException
from amlplan_run.azureml.run_base import RunBase
from amlplan_run.files import OUTPUTS
from amlplan_run.service import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional

_FOLDERS = (OUTPUTS, "logs")


class Files(RunBase):
    """What a run gives; runs of one script share their outputs."""

    def upload_file(
        self, name: str, path_or_stream: "Any", datastore_name: "Optional[str]" = None
    ) -> None:
        """Keep a file, or what can be read from a stream, as `outputs/<name>`."""
        if hasattr(path_or_stream, "read"):
            self._native.artifact(_written(name, path_or_stream.read()))
            return
        _check(path_or_stream)
        self._native.artifact(path_or_stream, name)

    def upload_files(
        self,
        names: "Iterable[str]",
        paths: "Iterable[Any]",
        return_artifacts: bool = False,
        timeout_seconds: "Optional[float]" = None,
        datastore_name: "Optional[str]" = None,
    ) -> None:
        """Keep files, each under the name at its place."""
        names, paths = list(names), list(paths)
        if len(names) != len(paths):
            raise UserErrorException("There are %d names for %d paths" % (len(names), len(paths)))
        for name, path in zip(names, paths):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: "Any", datastore_name: "Optional[str]" = None) -> None:
        """Keep a folder as `outputs/<name>`."""
        _check(path)
        self._native.artifact(path, name)

    def get_file_names(self) -> "List[str]":
        """The files that the run has so far, as paths that `download_file` takes."""
        if self._recording is None:
            return sorted(self._facts.get("outputs", ()))
        found = []  # type: List[str]
        for top in _FOLDERS:
            found.extend(_files_in(os.path.join(family.work(), top), top))
        return sorted(found)

    def download_file(
        self,
        name: str,
        output_file_path: "Optional[Any]" = None,
        _validate_checksum: bool = False,
    ) -> None:
        """Copy a file of the run to a path, or into a folder; here where no path is given."""
        target = os.fspath(output_file_path or os.curdir)
        if os.path.isdir(target) or target.endswith(("/", os.sep)):
            target = os.path.join(target, os.path.basename(name))
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        if self._recording is not None:
            _copy(found(name), target)
            return
        body: "Dict[str, object]" = {"path": name, "target": os.path.abspath(target)}
        asked("POST", "/amlplan/runs/%s/files/fetch" % quoted(self._identity), body)

    def download_files(
        self,
        prefix: "Optional[str]" = None,
        output_directory: "Optional[Any]" = None,
        output_paths: "Optional[List[str]]" = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: "Optional[float]" = None,
    ) -> None:
        """Copy all files of the run whose names begin with a prefix into a folder."""
        names = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        if not names:
            raise UserErrorException("%s has no file that begins with %r" % (self.id, prefix))
        into = os.fspath(output_directory or os.curdir)
        paths = output_paths or [
            os.path.join(into, name if append_prefix else _below(name, prefix or ""))
            for name in names
        ]
        for name, path in zip(names, paths):
            self.download_file(name, path)


def found(name: "Any") -> str:
    """Where a file or folder lies that the run has under a name; raises UserErrorException."""
    text = str(os.fspath(name))
    work = family.work()
    places = [os.path.join(work, text), os.path.join(work, OUTPUTS, text), os.path.abspath(text)]
    for place in places:
        if os.path.exists(place):
            return place
    there = _files_in(os.path.join(work, OUTPUTS), OUTPUTS)
    shown = ", ".join(there[:10]) + (", ..." if len(there) > 10 else "")  # noqa: PLR2004
    raise UserErrorException(
        "The run has no file %r. It has: %s. Write it to outputs, or keep it with upload_file."
        % (text, shown or "none")
    )


def _check(path: "Any") -> None:
    if not os.path.exists(path):
        raise UserErrorException("There is no file or folder %s." % os.fspath(path))


def _written(name: str, content: "Any") -> str:
    """A file in outputs that holds what was read from a stream."""
    inner = os.path.normpath(name)
    if inner.startswith((os.pardir, os.sep)):
        raise UserErrorException("%r is not a name within outputs; give a relative path." % name)
    parts = inner.split(os.sep)
    path = os.path.join(family.work(), OUTPUTS, *parts[parts[0] == OUTPUTS :])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def _files_in(folder: str, shown: str) -> "List[str]":
    names: "List[str]" = []
    for inner, _, files in os.walk(folder):
        place = os.path.normpath(os.path.join(shown, os.path.relpath(inner, folder)))
        names.extend(os.path.join(place, file).replace(os.sep, "/") for file in files)
    return sorted(names)


def _below(name: str, prefix: str) -> str:
    """The part of a name after the folder that a prefix names."""
    return name[len(prefix) :].lstrip("/") or os.path.basename(name)


def _copy(source: str, target: str) -> None:
    import shutil  # imported on use: most scripts copy nothing

    if os.path.realpath(source) != os.path.realpath(target):
        shutil.copyfile(source, target)
