"""`amlplan fmt` as a command: which files it takes, what it prints, and how it writes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

BAD, GOOD = "a=1\n", "a = 1\n"


def test_files_of_a_folder_are_laid_out_and_listed(project: Project) -> None:
    project.write("a.hcl", BAD)
    project.write("b.amlvars", BAD)
    project.write("good.hcl", GOOD)
    others = ["c.hcl.json", "d.amlvars.json", "e.tf", ".hidden.hcl", "sub/f.hcl", ".dot/g.hcl"]
    for name in others:
        project.write(name, BAD)
    assert project.run("fmt").out == "a.hcl\nb.amlvars\n"
    assert (project.root / "a.hcl").read_text() == GOOD
    assert [(project.root / name).read_text() for name in others] == [BAD] * len(others)
    assert project.run("fmt").out == ""
    assert project.run("fmt", "-recursive").out == "sub/f.hcl\n"
    assert (project.root / ".dot/g.hcl").read_text() == BAD


def test_paths(project: Project) -> None:
    project.write("a.hcl", BAD)
    project.write("sub/b.hcl", BAD)
    project.write("c.txt", BAD)
    assert project.run("fmt", "sub", "sub/b.hcl").out == "sub/b.hcl\n"
    assert "no file or folder nowhere" in project.run("fmt", "nowhere", code=1).err
    assert "c.txt" in project.run("fmt", "c.txt", code=1).err
    assert "alone" in project.run("fmt", "-", "a.hcl", code=1).err
    assert (project.root / "a.hcl").read_text() == BAD


def test_check_writes_nothing(project: Project) -> None:
    path = project.write("a.hcl", BAD)
    assert project.run("fmt", "-check", code=3).out == "a.hcl\n"
    assert project.run("fmt", "-check", "-list=false", code=3).out == ""
    assert path.read_text() == BAD
    path.write_text(GOOD)
    assert project.run("fmt", "-check").out == ""


def test_difference(project: Project) -> None:
    path = project.write("a.hcl", "b {\n}\na=1")
    shown = project.run("fmt", "-diff", "-write=false").out
    assert shown == (
        "a.hcl\n--- old/a.hcl\n+++ new/a.hcl\n@@ -1,3 +1,3 @@\n b {\n }\n-a=1\n+a = 1\n"
    )
    assert path.read_text() == "b {\n}\na=1"


def test_mistakes_leave_the_file_and_not_the_others(project: Project) -> None:
    bad = project.write("a.hcl", "a=\n")
    binary = project.root / "b.hcl"
    binary.write_bytes(b"a=\xff")
    project.write("c.hcl", BAD)
    result = project.run("fmt", code=10)
    assert result.out == "c.hcl\n"
    assert "a.hcl line 1" in result.err
    assert "b.hcl is not UTF-8" in result.err
    assert bad.read_text() == "a=\n"
    assert binary.read_bytes() == b"a=\xff"


def test_mode_and_links_stay(project: Project) -> None:
    real = project.write("elsewhere/real.hcl", BAD)
    real.chmod(0o640)
    link = project.root / "main.hcl"
    link.symlink_to("elsewhere/real.hcl")
    project.run("fmt")
    assert link.is_symlink()
    assert real.read_text() == GOOD
    assert real.stat().st_mode & 0o777 == 0o640
    assert list(real.parent.iterdir()) == [real]


def test_a_file_that_is_right_is_not_touched(project: Project) -> None:
    path = project.write("a.hcl", GOOD)
    before = path.stat()
    project.run("fmt")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize(
    ("options", "text", "printed", "code"),
    [
        ([], b"a=1\r\nb=1", b"a = 1\r\nb = 1", 0),
        (["-check"], b"a=1", b"", 3),
        (["-check"], b"a = 1", b"", 0),
        (["-diff"], b"a=1\n", b"--- old/<stdin>\n+++ new/<stdin>\n@@ -1 +1 @@\n-a=1\n+a = 1\n", 0),
        ([], b"a=", b"", 10),
        ([], b"\xff", b"", 10),
    ],
)
def test_standard_input(
    project: Project, options: list[str], text: bytes, printed: bytes, code: int
) -> None:
    done = subprocess.run(
        project.command("fmt", *options, "-"),
        cwd=project.root,
        env=project.process_environment(),
        input=text,
        capture_output=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == (printed, code)
    assert bool(done.stderr) == (code == 10)
