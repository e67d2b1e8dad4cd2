"""Notebooks as scripts: their code cells, one after the other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from amlplan.errors import RunError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTEBOOK = ".ipynb"
_DRAWING = re.compile(r"%(matplotlib|config\s+InlineBackend)\b")
"""Says where a notebook draws, which means nothing to a script."""
_COMMANDS = ("%", "!", "?")
"""How a line begins that is for IPython and no Python."""


def script_of(path: str) -> str:
    """What is run of a script: itself, or of a notebook the Python file made of it."""
    return f"{path}.py" if path.endswith(NOTEBOOK) else path


def make_script(path: Path) -> None:
    """Write the script of a notebook beside it; raises RunError where none can be made of it."""
    script = path.with_name(script_of(path.name))
    try:
        script.write_text(script_text(path), encoding="utf-8")
    except OSError as failure:
        raise failure_at(script, "written", failure) from failure


def script_text(path: Path) -> str:
    """The code of a notebook, each cell under a comment with its number.

    Raises RunError, naming cell and line, for what only IPython understands.
    """
    try:
        notebook = json.loads(path.read_bytes())
        cells = notebook["cells"]
        language = (notebook.get("metadata") or {}).get("kernelspec", {}).get("language", "python")
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused(
            path, "It is no notebook of version 4, which has its cells at the top"
        ) from None
    if language != "python":
        raise _refused(path, f"Its language is {language}, and only Python is run")
    return "\n\n".join(_cells(path, cells)) + "\n"


def _cells(path: Path, cells: Any) -> Iterator[str]:
    if not isinstance(cells, list):
        raise _refused(path, "Its cells are no list")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source") or ""
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        text = _without_drawing(text)
        _check(path, number, text)
        if text.strip():
            yield f"# Cell {number}\n{text}"


def _without_drawing(text: str) -> str:
    """The cell with lines as `%matplotlib inline` for comments, where it is no Python as it is."""
    if not _is_python(text):
        lines = text.splitlines(keepends=True)
        text = "".join(f"# {line}" if _DRAWING.match(line) else line for line in lines)
    return text


def _is_python(text: str) -> bool:
    try:
        compile(text, "<cell>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _check(path: Path, number: int, text: str) -> None:
    """Raise RunError for a command of IPython; the Python that runs it tells other mistakes."""
    if _is_python(text):
        return
    for at, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith(_COMMANDS) or stripped.endswith("?"):
            what = f"{stripped[:60]!r}, which is for IPython and no Python"
            raise _refused(path, f"Cell {number} has in line {at} {what}")


def _refused(path: Path, why: str) -> RunError:
    return RunError(
        "The notebook cannot be run",
        f"{why}: {path}. Change that, or export the notebook as a Python script and run that.",
    )
