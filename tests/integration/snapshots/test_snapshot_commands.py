"""`amlplan snapshot`: what runs were made of, seen, compared, fetched and put back."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.snapshots.catalogue import kept_in
from amlplan_local.store import ContentStore
from command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project, Result


class Snapshots(CommandLine):
    """Runs scripts in processes of their own, and all else in this one."""

    def run(self, *arguments: str, code: int | None = 0, **more: Any) -> Result:
        if arguments[0] == "run":
            return super().run(*arguments, code=code, **more)
        return self.project.run(*arguments, code=code)


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[Snapshots]:
    found = Snapshots(project, tmp_path)
    yield found
    found.end_all()


def test_the_snapshot_of_a_run_is_compared_fetched_and_put_back(line: Snapshots) -> None:
    line.write("train.py", "print('hi')\n")
    line.write("lib/a.py", "x = 1\n")
    line.write(".gitignore", "*.log\n*.zip\n")
    line.run("run", "train.py")
    taken = line.last().definition["snapshot"]
    short = taken.removeprefix("sha256:")[:12]

    (listed,) = line.json("snapshot", "list")["snapshots"]
    assert (listed["id"], listed["files"], listed["runs"]) == (taken, 3, [line.last().summary.id])
    assert f"{short}  " in line.run("snapshot", "list").out
    for name in ("latest", "1", line.last().summary.id, taken, short, short[:4]):
        shown = line.json("snapshot", "show", name)
        assert shown["id"] == taken
    assert sorted(shown["entries"]) == [".gitignore", "lib/a.py", "train.py"]
    assert line.json("snapshot", "create")["id"] == taken
    assert "are the same" in line.run("snapshot", "diff", "-detailed-exitcode").out

    line.write("lib/a.py", "x = 2\n")
    line.write("new.py", "")
    (line.root / "train.py").unlink()
    found = line.run("snapshot", "diff", "latest", "-detailed-exitcode", code=2).out
    assert "  + new.py\n  - train.py\n  ~ lib/a.py\n" in found
    patch = line.run("snapshot", "diff", "-patch").out
    assert "-x = 1\n+x = 2\n" in patch
    second = line.json("snapshot", "create")["id"]
    difference = line.json("snapshot", "diff", "1", second)
    assert (difference["added"], difference["changed"]) == (["new.py"], ["lib/a.py"])

    refused = line.run("snapshot", "restore", "1", code=1)
    assert "Approval is needed" in refused.err
    assert (line.root / "lib/a.py").read_text() == "x = 2\n"
    shown_only = line.run("snapshot", "restore", "1", "-dry-run", "-remove")
    assert "1 to add, 1 to replace, 1 to remove." in shown_only.out
    result = line.run("snapshot", "restore", "1", "-auto-approve", "-remove")
    assert line.json("snapshot", "create")["id"] == taken
    back = result.out.rstrip().rpartition("amlplan ")[2].split()
    line.run(*back, "-auto-approve")
    assert (line.root / "lib/a.py").read_text() == "x = 2\n"
    assert (line.root / "new.py").exists()

    line.run("snapshot", "restore", short, "elsewhere")  # nothing there to be asked about
    assert (line.root / "elsewhere/lib/a.py").read_text() == "x = 1\n"
    for name in ("one.zip", "two.zip"):
        line.run("snapshot", "download", "latest", "-o", name)
    assert (line.root / "one.zip").read_bytes() == (line.root / "two.zip").read_bytes()
    with zipfile.ZipFile(line.root / "one.zip") as archive:
        assert archive.read("lib/a.py") == b"x = 1\n"


def test_explain_names_the_line_that_decides(line: Snapshots) -> None:
    line.write(".gitignore", "*.csv\n!keep.csv\n")
    line.write("src/.gitignore", "/out\n")
    said = line.run("snapshot", "explain", "x.csv", "keep.csv", "src/out/x", "a.py", "outputs/x")
    assert [text for text in said.out.splitlines() if not text.startswith("(")] == [
        "x.csv is left out: excluded by .gitignore line 1: *.csv",
        "keep.csv is in: kept by .gitignore line 2: !keep.csv",
        "src/out/x is left out: src/out is excluded by src/.gitignore line 1: /out",
        "a.py is in: no line decides about it",
        "outputs/x is left out: outputs is the run's own and begins empty",
    ]
    (told,) = line.json("snapshot", "explain", "x.csv")["paths"]
    assert told["rule"] == {"file": ".gitignore", "line": 1, "text": "*.csv"}
    assert "outside" in line.run("snapshot", "explain", "../x", code=1).err


def test_what_looks_like_a_secret_is_told_once(line: Snapshots) -> None:
    line.write("train.py", "print('hi')\n")
    line.write(".env", "KEY=1\n")
    result = line.run("run", "train.py")
    assert result.out.count("Note: ") == 1
    assert "Note: .env (its name) looks like a secret" in result.out
    assert "in .gitignore, or an .amlignore, which then decides alone: /.env" in result.out
    line.write(".gitignore", "/.env\n")
    assert "Note: " not in line.run("run", "train.py").all
    line.write(".env.local", "KEY=1\n")
    done = line.run("snapshot", "create", "-json")
    assert "Note: .env.local" in done.err
    assert json.loads(done.out)["files"] == 3


def test_names_that_are_none_or_several(line: Snapshots) -> None:
    assert "no run" in line.run("snapshot", "show", code=1).err.lower()
    for number in range(17):
        line.write("x", str(number))
        if number == 0:
            line.run("snapshot", "create")
            content = ContentStore(line.workspace / "store", line.base)
        else:
            source = content.folder / "snapshots"
            (source / f"{number % 16:x}{'0' * 63}.json").touch()
    assert len(kept_in(content)) == 17
    several = line.run("snapshot", "diff", kept_in(content)[-1].id[7:8], code=1)
    assert "More than one snapshot" in several.err
    assert "No such snapshot" in line.run("snapshot", "show", "train_1", code=1).err
    assert "No such snapshot" in line.run("snapshot", "show", "sha256:" + "f" * 64, code=1).err


def test_limits_of_create_and_their_way_out(line: Snapshots) -> None:
    for number in range(30):
        line.write(f"data/{number}.bin", "x" * 1000)
    said = line.run("snapshot", "create", "-max-files=5", code=1).err
    assert "\n  /data/\n" in said
    line.write(".gitignore", "/data/\n")
    line.run("snapshot", "create", "-max-files=5")
    assert "-max-size=x" in line.run("snapshot", "create", "-max-size=x", code=1).err


def test_a_run_of_that_number_comes_before_an_id(line: Snapshots) -> None:
    line.write("train.py", "print('hi')\n")
    line.run("run", "train.py")
    folder = line.workspace / "store" / "snapshots"
    (folder / f"{'1' * 64}.json").touch()
    taken = line.last().definition["snapshot"]
    assert line.json("snapshot", "diff", "1", taken)["before"] == taken
