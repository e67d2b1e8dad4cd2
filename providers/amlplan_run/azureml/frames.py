"""Data frames from files, read by the pandas that the script has."""

import os
from importlib import import_module

from amlplan_run.azureml.errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

_READ: "Dict[str, Tuple[str, Dict[str, Any]]]" = {
    ".csv": ("read_csv", {}),
    ".tsv": ("read_csv", {"sep": "\t"}),
    ".parquet": ("read_parquet", {}),
    ".jsonl": ("read_json", {"lines": True}),
}
_PACKED = (".gz", ".bz2", ".xz", ".zip")


def frame_of(path: str) -> "Any":
    """The rows of a file, or of all files of a folder one below the other."""
    try:
        pandas = import_module("pandas")  # that of the script, where it has one
    except ImportError as failure:
        raise UserErrorException(
            "to_pandas_dataframe needs pandas. Put it into the environment of the run."
        ) from failure
    files = _tables_in(path)
    if not files:
        raise UserErrorException(
            "%s has no table. Those that can be read end in %s." % (path, ", ".join(_READ))
        )
    frames = [_read(pandas, file) for file in files]
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


def _read(pandas: "Any", file: str) -> "Any":
    function, options = _READ[_kind(file)]
    return getattr(pandas, function)(file, **options)


def _tables_in(path: str) -> "List[str]":
    if not os.path.isdir(path):
        return [path] if _kind(path) in _READ else []
    found: "List[str]" = []
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith((".", "_"))]
        found.extend(os.path.join(folder, name) for name in names if _kind(name) in _READ)
    return sorted(found)


def _kind(file: str) -> str:
    stem, suffix = os.path.splitext(file.lower())
    return os.path.splitext(stem)[1] if suffix in _PACKED else suffix
