"""Files that are kept with a run: figures, images and artifacts, put into outputs as they are."""

import os

from amlplan_run.values import UnfitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional

OUTPUTS = "outputs"
FIGURES = "outputs/figures"
_LONGEST = 100


def saved(work: str, name: str, figure: object) -> str:
    """Save a figure as a new PNG file; its path relative to the working folder."""
    save = getattr(figure, "savefig", None)
    if save is None:
        raise UnfitError("a figure needs a method savefig, as those of matplotlib have")
    relative = _new_file(work, file_name(name), ".png")
    path = os.path.join(work, relative)
    try:
        save(path, format="png")
    except BaseException:
        os.unlink(path)
        raise
    return relative


def image(work: str, path: str) -> str:
    """The path of an image relative to the working folder, copied where it is not in outputs."""
    inside = _inside_outputs(work, path)
    if inside is not None:
        if not os.path.isfile(os.path.join(work, inside)):
            raise UnfitError("there is no file %s" % path)
        return inside
    stem, suffix = os.path.splitext(os.path.basename(path))
    with open(path, "rb"):  # so that a missing file leaves no empty copy
        relative = _new_file(work, file_name(stem), suffix)
    _copy_file(path, os.path.join(work, relative))
    return relative


def kept(work: str, path: str, name: "Optional[str]" = None) -> "Dict[str, object]":
    """Keep a file or folder in outputs; gives the fields of its event."""
    path = os.fspath(path)
    inside = _inside_outputs(work, path)
    if inside is not None and name is None:
        if not os.path.exists(os.path.join(work, inside)):
            raise UnfitError("there is no file or folder %s" % path)
        return {"path": inside}
    source = os.path.abspath(path)
    relative = _target(name if name is not None else os.path.basename(source))
    target = os.path.join(work, relative)
    if os.path.realpath(target) == os.path.realpath(source):
        return {"path": relative}
    if (target + os.sep).startswith(source + os.sep):
        raise UnfitError("%s holds outputs, where it would be copied to" % path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        _copy_folder(source, target)
    else:
        _copy_file(source, target)
    return {"path": relative, "from": source}


def _inside_outputs(work: str, path: str) -> "Optional[str]":
    """A path relative to the working folder, where it leads into outputs."""
    outputs = os.path.realpath(os.path.join(work, OUTPUTS))
    found = os.path.realpath(os.fspath(path))
    if not (found + os.sep).startswith(outputs + os.sep):
        return None
    return _slashes(os.path.normpath(os.path.join(OUTPUTS, os.path.relpath(found, outputs))))


def _target(name: str) -> str:
    parts = [part for part in _slashes(name).split("/") if part not in ("", ".")]
    if parts[:1] == [OUTPUTS]:
        parts = parts[1:]
    if not parts or ".." in parts or os.path.isabs(name):
        raise UnfitError("%r is not a name within outputs; give a relative path" % name)
    return "/".join([OUTPUTS, *parts])


def _new_file(work: str, stem: str, suffix: str) -> str:
    """Make an empty file in the folder of figures under a name that is free."""
    os.makedirs(os.path.join(work, FIGURES), exist_ok=True)
    number = 1
    while True:
        name = stem + suffix if number == 1 else "%s-%d%s" % (stem, number, suffix)
        relative = "%s/%s" % (FIGURES, name)
        try:
            os.close(
                os.open(os.path.join(work, relative), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            )
        except FileExistsError:
            number += 1
            continue
        return relative


def file_name(name: str) -> str:
    """A name as the name of a file."""
    safe = [
        letter if (letter.isalnum() and letter < "\x80") or letter in "._-" else "_"
        for letter in name
    ]
    return "".join(safe)[:_LONGEST].lstrip(".") or "figure"


def _copy_folder(source: str, target: str) -> None:
    for folder, _, names in os.walk(source):
        copied = os.path.normpath(os.path.join(target, os.path.relpath(folder, source)))
        os.makedirs(copied, exist_ok=True)
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):  # a socket or a link that leads nowhere has no content
                _copy_file(path, os.path.join(copied, name))


def _copy_file(source: str, target: str) -> None:
    import shutil  # imported on use: most scripts copy nothing

    shutil.copyfile(source, target)


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/")
