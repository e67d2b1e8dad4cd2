"""A scoring script is judged by its text: it is never imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_images.scoring_script import check_script

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "plain": "def init():\n    pass\ndef run(data):\n    return data\n",
    "imported": "from serving import init, run\n",
    "imported under another name": "from serving import start as init, answer as run\n",
    "star": "from serving import *\n",
    "assigned": "init = lambda: None\nrun = print\n",
    "in a branch": "import sys\nif sys.platform:\n    def init(): ...\n    def run(data): ...\n",
    "in a try": "try:\n    from fast import run\nexcept ImportError:\n    from slow import run\n"
    "def init(): ...\n",
    "decorated": "def init(): ...\n@schema\ndef run(*args, **kwargs): ...\n",
    "asynchronous": "def init(): ...\nasync def run(data): ...\n",
    "of keywords only": "def init(): ...\ndef run(*, data): ...\n",
}
BAD = {
    "def init():\n    pass\n": "defines no run(data)",
    "def run(data):\n    pass\n": "defines no init()",
    "x = 1\n": "defines no init() and run(data)",
    "def outer():\n    def init(): ...\n    def run(data): ...\n": "defines no init()",
    "class Scorer:\n    def init(self): ...\n    def run(self, data): ...\n": "defines no init()",
    "def init(): ...\ndef run(): ...\n": "line 2: a server calls run with the request's data",
    "def init(:\n": "line 1: invalid syntax",
    "print 'old'\n": "line 1: Missing parentheses",
    "def init(): ...\n\x00": "null bytes",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_a_script_that_has_both_is_taken(tmp_path: Path, text: str) -> None:
    script = tmp_path / "score.py"
    script.write_text(text)
    check_script(script, "score.py")


@pytest.mark.parametrize(("text", "says"), BAD.items())
def test_what_is_missing_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    script = tmp_path / "score.py"
    script.write_text(text)
    with pytest.raises(ProviderError) as told:
        check_script(script, "src/score.py")
    assert says in told.value.detail
    assert "src/score.py" in told.value.detail


def test_a_script_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="relative to source_dir"):
        check_script(tmp_path / "score.py", "score.py")


def test_nothing_of_the_script_is_run(tmp_path: Path) -> None:
    script = tmp_path / "score.py"
    marker = tmp_path / "ran"
    script.write_text(f"open({str(marker)!r}, 'w')\ndef init(): ...\ndef run(data): ...\n")
    check_script(script, "score.py")
    assert not marker.exists()
