"""The language page names every function, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from amlplan.config.expressions.functions.table import FUNCTIONS

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def test_the_page_lists_every_function() -> None:
    section = PAGE.read_text().split("## Functions")[1].split("##")[0]
    assert re.findall(r"`(\w+)`", section) == sorted(FUNCTIONS)
