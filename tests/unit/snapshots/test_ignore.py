from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from amlplan.errors import AmlplanError
from amlplan.snapshots.ignore import IgnoreRules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def source_of(folder: Path, files: Mapping[str, str]) -> IgnoreRules:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return IgnoreRules(folder)


def reason(rules: IgnoreRules, path: str) -> str | None:
    excluded = rules.explain(path)
    return None if excluded is None else excluded.reason


def test_a_reason_names_file_and_line(tmp_path: Path) -> None:
    rules = source_of(tmp_path, {".gitignore": "# ours\n\n*.log\n", "a/.gitignore": "b/\n"})
    assert reason(rules, "x.log") == "excluded by .gitignore line 3"
    assert reason(rules, "a/y.log") == "excluded by .gitignore line 3"
    assert reason(rules, "a/b/c/file") == "excluded by a/.gitignore line 1"
    assert rules.explain("a/b/c/file").path == "a/b"  # type: ignore[union-attr]
    assert reason(rules, "a/b") is None
    assert reason(rules, "a/b/") == "excluded by a/.gitignore line 1"
    assert reason(rules, str(tmp_path / "x.log")) == "excluded by .gitignore line 3"


def test_an_ignore_file_of_ours_decides_alone(tmp_path: Path) -> None:
    files = {".amlignore": "data/\n", ".gitignore": "*.log\n", "a/.gitignore": "x\n"}
    rules = source_of(tmp_path, {**files, "a/.amlignore": "y\n"})
    assert reason(rules, "data/x") == "excluded by .amlignore line 1"
    assert [reason(rules, path) for path in ("x.log", "a/x", "a/y")] == [None] * 3


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "a/.git",
        ".amlplan/x",
        "amlplan.state.json",
        "amlplan.state.json.backup",
        "amlplan.lock",
        "prod.amlvars",
        "prod.amlvars.json",
        "next.plan",
        "a/__pycache__/x.pyc",
        "env/lib/x.py",
    ],
)
def test_what_is_never_taken_cannot_be_asked_for(tmp_path: Path, path: str) -> None:
    rules = source_of(tmp_path, {".amlignore": "!*\n", "env/pyvenv.cfg": ""})
    assert (reason(rules, path) or "").startswith("always left out")


def test_the_source_itself_and_what_is_outside(tmp_path: Path) -> None:
    rules = source_of(tmp_path / "source", {".gitignore": "*\n", "pyvenv.cfg": ""})
    assert rules.explain("..name") is not None
    with pytest.raises(AmlplanError, match="outside"):
        rules.explain("../beside")


def test_a_link_in_place_of_an_ignore_file_is_not_followed(tmp_path: Path) -> None:
    rules = source_of(tmp_path, {"elsewhere": "*\n"})
    (tmp_path / ".gitignore").symlink_to("elsewhere")
    assert rules.explain("x") is None


def test_any_bytes_are_an_ignore_file(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfx\r\n\xff\x00[z-a\n[[:no:]]\n\\")
    rules = IgnoreRules(tmp_path)
    assert reason(rules, "x") == "excluded by .gitignore line 1"
    assert rules.explain("other") is None


NAMES = st.sampled_from(
    ["a", "b", "ab", "a.py", "b.py", "x y", "[a]", "a*", "!a", "#a", "a-", "é", "A", "a\\"]
)
FOLDERS = st.sampled_from(["a", "b", "ab", "d"])
GLOBS = (
    "*|?|**|***|*.py|a*|?b|?.p?|*b*|*-|[ab]|[!a]|[^b]b|[a-z]|[z-a]b|[]a]|[!]b]|[-a]b|[a-]?|"
    "[[:alpha:]]|[[:digit:]a]|[a\\-]|\\*|\\!a|\\#a|a\\[a\\]|a\\|[|\\\\|a\\\\|[A-Z]|[[:upper:]]|é|?é"
)
PIECES = st.one_of(NAMES, st.sampled_from(GLOBS.split("|")))
BODIES = st.lists(PIECES, min_size=1, max_size=3).map("/".join)
LINES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "", "!"]),
        st.sampled_from(["", "", "/", "**/"]),
        BODIES,
        st.sampled_from(["", "", "/", "/**", " ", "\\ ", "  ", "/*", "//"]),
    ),
)
IGNORE_FILES = st.lists(LINES, min_size=1, max_size=5).map("\n".join)
PATHS = st.builds(
    lambda folders, name: "/".join([*folders, name]), st.lists(FOLDERS, max_size=3), NAMES
)


@needs_git
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    root=IGNORE_FILES,
    nested=st.dictionaries(st.sampled_from(["a/", "b/", "a/b/"]), IGNORE_FILES, max_size=2),
    paths=st.lists(PATHS, min_size=1, max_size=12, unique=True),
)
@example(root="a\n/*\n!a", nested={}, paths=["a/b", "b"])
@example(root="a/**/\n!a/b/\n", nested={"a/": "!ab\n"}, paths=["a/b/ab", "a/d/ab", "a/ab"])
@example(root="d/b\n!d", nested={}, paths=["d/b", "d/a", "b"])
@example(root="?\n??\n!?é", nested={}, paths=["é", "xé", "ab", "é/a", "aé/a"])
@example(root="[é]\n[!a]é\n*é*b\né\n", nested={"é/": "?\n"}, paths=["é", "xé", "aéb", "é/é/a"])
def test_git_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, root: str, nested: dict[str, str], paths: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("tree", numbered=True)
    git(folder, "init", "--quiet", "--template=")
    for where, text in {"": root, **nested}.items():
        (folder / where).mkdir(parents=True, exist_ok=True)
        (folder / where / ".gitignore").write_text(text)
    made = [path for path in paths if make(folder / path)]
    rules = IgnoreRules(folder)
    folders = {str(above) for path in made for above in PurePath(path).parents} - {"."}
    asked = [*made, *sorted(folders)]
    ours = {path: reason(rules, path) for path in asked}
    assert ours == asked_of_git(folder, asked)
    shutil.rmtree(folder)


def make(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except (FileExistsError, NotADirectoryError):
        return False
    return path.is_file()


def asked_of_git(folder: Path, paths: list[str]) -> dict[str, str | None]:
    told = git(
        folder,
        *("check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"),
        text="".join(f"{path}\0" for path in paths),
    )
    fields = iter(told.split("\0")[:-1])
    found: dict[str, str | None] = {}
    for file, line, pattern, path in zip(fields, fields, fields, fields, strict=True):
        is_out = bool(pattern) and not pattern.startswith("!")
        found[path] = f"excluded by {file} line {line}" if is_out else None
    return found


def git(folder: Path, *arguments: str, text: str = "") -> str:
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", f"core.excludesFile={os.devnull}", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **nothing},
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.decode()


def test_a_state_of_any_name_is_left_out_with_what_lies_beside_it(tmp_path: Path) -> None:
    for name in ("team.json", "team.json.journal", "team.json.lock", "team.json.history/1.json"):
        path = tmp_path / "kept" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    for name in ("team.jsonl", "other.json", "other.json.journal", "x.lock"):
        (tmp_path / "kept" / name).write_text("")
    rules = IgnoreRules(tmp_path)
    for name in ("team.json", "team.json.journal", "team.json.lock", "team.json.history/"):
        excluded = rules.explain(f"kept/{name}")
        assert excluded is not None
        assert excluded.reason == "always left out: a state"
    for name in ("team.jsonl", "other.json", "other.json.journal", "x.lock"):
        assert rules.explain(f"kept/{name}") is None
