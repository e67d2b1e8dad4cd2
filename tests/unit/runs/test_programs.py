from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.runs.programs import programs_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta"])
def test_the_programs_of_an_environment_come_first(tmp_path: Path, mark: str) -> None:
    assert programs_of(str(tmp_path / "bin" / "python")) is None
    (tmp_path / mark).mkdir()
    assert programs_of(str(tmp_path / "bin" / "python")) == tmp_path / "bin"
