"""The language page names every function, and those that are left out with a reason."""

from __future__ import annotations

import re
from pathlib import Path

from amlplan.config.expressions.functions.excluded import EXCLUDED
from amlplan.config.expressions.functions.table import FUNCTIONS

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def test_the_page_lists_every_function() -> None:
    section = PAGE.read_text().split("## Functions")[1].split("## ")[0]
    tables = [line for line in section.splitlines() if line.startswith("| ")]
    named = {name for line in tables for name in re.findall(r"`(\w+)`", line)}
    assert named == FUNCTIONS.keys() | EXCLUDED.keys()
    assert all(reason in section for reason in EXCLUDED.values())
