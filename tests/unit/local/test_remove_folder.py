from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_local.collecting import remove_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
REMOVE = (
    "import os, sys; from pathlib import Path\n"
    "from amlplan_local.collecting import remove_folder\n"
    "if os.getuid() == 0: os.setuid(int(sys.argv[2]))\n"
    "remove_folder(Path(sys.argv[1]))\n"
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may come to, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_rights_that_a_script_took_from_itself_do_not_keep_its_folder(open_folder: Path) -> None:
    work = open_folder / "work"
    (work / "closed/deep").mkdir(parents=True)
    (work / "closed/deep/file").touch()
    (work / "locked").mkdir()
    (work / "locked/file").touch()
    modes = {"closed/deep": 0, "closed": 0, "locked": 0o500}
    if os.getuid() == 0:
        for path in (work, *work.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    for name, mode in modes.items():
        (work / name).chmod(mode)
    command = [sys.executable, "-c", REMOVE, str(work), str(NOBODY)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert not work.exists()


def test_a_link_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir(mode=0o555)
    (tmp_path / "work").symlink_to("precious")
    mode = tmp_path.stat().st_mode
    remove_folder(tmp_path / "work")
    assert (tmp_path / "precious").stat().st_mode & 0o777 == 0o555
    assert tmp_path.stat().st_mode == mode


def test_a_folder_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    remove_folder(tmp_path / "work")
    assert list(tmp_path.iterdir()) == []
