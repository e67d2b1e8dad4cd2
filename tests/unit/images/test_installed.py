"""What packages record of themselves is taken for what it is: a claim of somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_images.entries import archive_of_entries
from amlplan_images.installed import Installed

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = "amlplan/environment/lib/python3.11/site-packages"


def installed(folder: Path, *recorded: str, entry_points: str = "") -> Installed:
    info = folder / "lib/python3.13/site-packages/tool-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    lines = [*recorded, "tool-1.0.dist-info/METADATA", "tool-1.0.dist-info/RECORD"]
    (info / "METADATA").write_text("Name: tool\n")
    (info / "RECORD").write_text("".join(f"{line},,\n" for line in lines))
    if entry_points:
        (info / "entry_points.txt").write_text(entry_points)
    return Installed(folder, "amlplan/environment", PACKAGES, "/amlplan/environment/bin/python")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../../../etc/passwd", "../../../../beside", "link/passwd"]
)
def test_a_record_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "prefix"
    made = installed(folder, path)
    (tmp_path / "beside").write_text("secret")
    (folder / "lib/python3.13/site-packages/link").symlink_to("/etc")
    with pytest.raises(ProviderError, match="outside of its folder"):
        made.entries()


def test_what_a_record_names_and_is_not_there_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "lib/python3.13/site-packages/folder").mkdir(parents=True)
    found = installed(tmp_path, "gone.py", "folder").entries()
    info = f"{PACKAGES}/tool-1.0.dist-info"
    assert [entry.path for entry in found] == [f"{info}/METADATA", f"{info}/RECORD"]
    record = found[-1].content
    assert isinstance(record, bytes)
    assert b"gone.py" not in record


def test_a_package_without_a_record_is_refused(tmp_path: Path) -> None:
    made = installed(tmp_path)
    (tmp_path / "lib/python3.13/site-packages/tool-1.0.dist-info/RECORD").unlink()
    with pytest.raises(ProviderError, match="has no RECORD that can be read"):
        made.entries()


@pytest.mark.parametrize(
    ("entry_points", "programs"),
    [
        ("[console_scripts]\na = m:f\n[gui_scripts]\nb=m:f.g\n", ["a", "b"]),
        ("[other.group]\na = m:f\n", []),
        ("[console_scripts]\nno-function = m\n", []),
        ("[console_scripts]\na = m:f\na = m:g\n", []),
        ("no section\n", []),
        ("\x00\xff", []),
    ],
)
def test_programs_are_those_of_entry_points_that_can_be_read(
    tmp_path: Path, entry_points: str, programs: list[str]
) -> None:
    made = installed(tmp_path, entry_points=entry_points).entries()
    prefix = "amlplan/environment/bin/"
    found = [entry.path for entry in made if entry.path.startswith(prefix)]
    assert found == [prefix + name for name in programs]


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x", ".wh.python", "a/../../../../b"])
def test_a_program_cannot_be_called_what_leads_elsewhere(tmp_path: Path, name: str) -> None:
    text = f"[console_scripts]\n{name} = m:f\n"
    with pytest.raises(ProviderError):
        list(archive_of_entries(installed(tmp_path, entry_points=text).entries()))


@pytest.mark.parametrize(
    ("first", "becomes"),
    [
        ("#!/home/ana/bin/python", "#!/amlplan/environment/bin/python"),
        ("#!/usr/bin/env python3", "#!/amlplan/environment/bin/python"),
        ("#!/usr/bin/python3.12 -u", "#!/amlplan/environment/bin/python -u"),
        ("#!python\r", "#!/amlplan/environment/bin/python"),
        ("#!/bin/sh\n'''exec' '/a long/python' \"$0\" \"$@\"\n' '''", None),
        ("#!/usr/bin/env node", "#!/usr/bin/env node"),
        ("#!/opt/python/run.sh", "#!/opt/python/run.sh"),
        ("\x7fELF", "\x7fELF"),
    ],
)
def test_programs_start_with_the_image_s_python(
    tmp_path: Path, first: str, becomes: str | None
) -> None:
    made = installed(tmp_path, "../../../bin/program")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/program").write_bytes(f"{first}\nimport x\n".encode())
    program = next(entry for entry in made.entries() if entry.path.endswith("bin/program"))
    wanted = becomes or "#!/amlplan/environment/bin/python"
    content = program.content
    data = content if isinstance(content, bytes) else content.read_bytes()
    assert data == f"{wanted}\nimport x\n".encode()
