from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlplan.errors import AmlplanError
from amlplan.snapshots.ignore import IgnoreRules
from amlplan.snapshots.limits import check_limits
from amlplan.snapshots.secret_files import shape_in, suspects_in
from amlplan.snapshots.tree import find
from amlplan.snapshots.verdicts import verdict_on

if TYPE_CHECKING:
    from pathlib import Path


def fill(folder: Path, files: dict[str, str]) -> IgnoreRules:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return IgnoreRules(folder, frozenset({"outputs"}))


@pytest.mark.parametrize(
    ("path", "is_kept", "decided_at", "rule"),
    [
        ("x.csv", False, "x.csv", (".gitignore", 2, "*.csv")),
        ("keep.csv", True, "keep.csv", (".gitignore", 3, "!keep.csv")),
        ("data/deep/x", False, "data", (".gitignore", 4, "data/")),
        ("a/b", False, "a/b", ("a/.gitignore", 1, "/b")),
        ("a/c", True, "a/c", None),
        ("outputs/x", False, "outputs", None),
        (".git/config", False, ".git", None),
        (".", True, ".", None),
    ],
)
def test_a_verdict_names_the_line(
    tmp_path: Path, path: str, is_kept: bool, decided_at: str, rule: tuple[str, int, str] | None
) -> None:
    files = {".gitignore": "# ours\n*.csv\n!keep.csv\ndata/\n", "a/.gitignore": "/b\n", "a/c": ""}
    found = verdict_on(fill(tmp_path, files), path)
    assert (found.is_kept, found.decided_at) == (is_kept, decided_at)
    assert (found.rule and (found.rule.file, found.rule.line, found.rule.text)) == rule
    assert found.is_there == (path in {"a/c", "."})


def refusal(rules: IgnoreRules, **limits: int) -> str:
    wanted = {"max_size": 1 << 40, "max_files": 1 << 40, **limits}
    with pytest.raises(AmlplanError) as caught:
        check_limits(rules, find(rules), **wanted)
    return caught.value.detail


def test_one_large_folder_is_one_line(tmp_path: Path) -> None:
    files = {f"src/data/raw/{number}.bin": "x" * 1000 for number in range(30)}
    rules = fill(tmp_path, {**files, "src/train.py": "x" * 50, "a.py": ""})
    said = refusal(rules, max_size=5000)
    assert "The largest folders: src/data/raw/ (30 files, 29.3 KiB)" in said
    assert "The largest files: src/data/raw/0.bin (1000 B)" in said
    assert said.splitlines()[-3] == "  /src/data/"
    assert "This line in .amlignore (which then decides alone) or .gitignore" in said


def test_many_files_alike_in_one_folder_are_one_line(tmp_path: Path) -> None:
    files = {f"{number}.png": "" for number in range(200)}
    rules = fill(tmp_path, {**files, ".amlignore": "", **{f"{n}.py": "" for n in range(8)}})
    said = refusal(rules, max_files=20)
    assert said.splitlines()[-3] == "  /*.png"
    assert "This line in .amlignore would" in said


def test_what_no_few_lines_mend_is_said_so(tmp_path: Path) -> None:
    rules = fill(tmp_path, {f"file{number}": "" for number in range(30)})
    assert "by lines in .amlignore" in refusal(rules, max_files=2)


PARTS = st.sampled_from(["a", "b", "data", "x y", "[z]", "q*", "#h", "!n", "img"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
ENDINGS = st.sampled_from(["", ".py", ".png", ".t r"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    paths=st.lists(st.tuples(PATHS, ENDINGS, st.integers(0, 400)), min_size=3, max_size=25),
    alike=st.integers(0, 40),
    limits=st.tuples(st.integers(1, 20), st.integers(1, 2000)),
)
def test_the_lines_that_are_offered_are_enough(
    tmp_path_factory: pytest.TempPathFactory,
    paths: list[tuple[str, str, int]],
    alike: int,
    limits: tuple[int, int],
) -> None:
    folder = tmp_path_factory.mktemp("limits", numbered=True)
    (folder / ".amlignore").touch()
    for name, ending, size in [*paths, *((f"img/{n}", ".png", 9) for n in range(alike))]:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}{ending}").write_text("x" * size)
        except OSError:  # a file and a folder of one name
            continue
    rules = IgnoreRules(folder)
    max_files, max_size = limits
    try:
        check_limits(rules, find(rules), max_size=max_size, max_files=max_files)
    except AmlplanError as failure:
        lines = [line[2:] for line in failure.detail.splitlines() if line.startswith("  /")]
        if lines:
            (folder / ".amlignore").write_text("".join(f"{line}\n" for line in lines))
            # The lines themselves count too.
            grown = max_size + sum(len(line) + 1 for line in lines)
            check_limits(rules, find(rules), max_size=grown, max_files=max_files)


TOKEN = "0123456789abcdefABCDEF" * 5
SECRETS = {
    "-----BEGIN " + "RSA PRIVATE KEY-----": "a private key",
    "-----BEGIN " + "PRIVATE KEY-----": "a private key",
    "AKIA" + "ABCDEFGHIJKLMNOP": "an AWS access key",
    "ghp" + "_" + TOKEN[:36]: "a GitHub token",
    "glpat" + "-" + TOKEN[:20]: "a GitLab token",
    "hf" + "_" + TOKEN[:34]: "a Hugging Face token",
    "sk" + "-" + TOKEN[:48]: "an API key",
    "xoxb" + "-" + TOKEN[:24]: "a Slack token",
    "AIza" + TOKEN[:35]: "a Google API key",
    "AccountKey" + "=" + TOKEN[:86] + "==": "a key of an Azure storage account",
}
HARMLESS = ["sk-learn", "task-0123456789abcdef", "hf_hub_download", "-----BEGIN CERTIFICATE-----"]


@pytest.mark.parametrize(("text", "what"), [*SECRETS.items(), *((text, None) for text in HARMLESS)])
def test_well_known_shapes_are_known(text: str, what: str | None) -> None:
    assert shape_in(f"key = '{text}'\n".encode()) == what


def test_files_that_look_like_secrets_are_named(tmp_path: Path) -> None:
    text = next(iter(SECRETS))
    source = tmp_path / "source"
    files = {
        "deploy.pem": text,
        "big.txt": text + " " * 70_000,
        "ca.pem": HARMLESS[-1],
        ".env": "X=1",
        ".env.example": "X=",
        "conf/id_ed25519": "",
        "conf/credentials.json": "{}",
        "credentials.py": "",
        "binary": "\0" + text,
    }
    rules = fill(source, files)
    for _ in range(2):  # the second time by memory
        found = suspects_in(source, find(rules), tmp_path / "cache")
        assert [(item.path, item.why) for item in found] == [
            (".env", "its name"),
            ("conf/credentials.json", "its name"),
            ("conf/id_ed25519", "its name"),
            ("deploy.pem", "a private key"),
        ]
