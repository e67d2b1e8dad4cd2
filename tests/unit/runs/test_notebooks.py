"""Notebooks as scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import RunError
from amlplan.runs.notebooks import make_script, script_of, script_text

if TYPE_CHECKING:
    from pathlib import Path


def notebook(path: Path, *sources: str | list[str], **metadata: Any) -> Path:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    cells.insert(1, {"cell_type": "markdown", "source": "%not code\n"})
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}))
    return path


def test_code_cells_become_one_script(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", ["x = 1\n", "y = 2"], "", "print(x + y)")
    assert script_text(path) == "# Cell 1\nx = 1\ny = 2\n\n# Cell 4\nprint(x + y)\n"
    make_script(path)
    assert (tmp_path / script_of("a.ipynb")).read_text() == script_text(path)
    assert script_of("a.py") == "a.py"


def test_where_a_notebook_draws_means_nothing(tmp_path: Path) -> None:
    drawing = "%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\nx = 1\n"
    path = notebook(tmp_path / "a.ipynb", drawing, "x = 7 \\\n%matplotlib")
    commented = "# %matplotlib inline\n# %config InlineBackend.figure_format = 'svg'\nx = 1\n"
    assert commented in script_text(path)
    assert "x = 7 \\\n%matplotlib" in script_text(path)


@pytest.mark.parametrize("line", ["%load_ext x", "!pip install x", "help?", "  %%time"])
def test_commands_of_ipython_are_refused_with_their_place(tmp_path: Path, line: str) -> None:
    path = notebook(tmp_path / "a.ipynb", "x = 1", f"y = 2\n{line}\n")
    with pytest.raises(RunError, match="Cell 3 has in line 2") as told:
        script_text(path)
    assert line.strip() in str(told.value)


@pytest.mark.parametrize(
    "source",
    ["x = 7 \\\n% 3", "t = '''\n!no command\n'''", "print 'python 2'", "await x"],
)
def test_what_only_looks_like_one_is_left(tmp_path: Path, source: str) -> None:
    assert source in script_text(notebook(tmp_path / "a.ipynb", source))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no json", "no notebook of version 4"),
        ('{"worksheets": []}', "no notebook of version 4"),
        ("[]", "no notebook of version 4"),
        ('{"cells": 3}', "no list"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "Its language is R"),
    ],
)
def test_what_is_no_notebook_of_python_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(RunError, match=why):
        script_text(tmp_path / "a.ipynb")
