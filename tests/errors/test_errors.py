"""Every code that amlplan can report has an example here, from which docs/errors.md is made.

An example is named for its code and has the sections of tests/cases; its last command reports the
code and no other. `outside.txt` has the codes that need more than files to be reported.
`pytest tests/errors --rewrite-cases` writes what is printed now into the files.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.cli.console import Console
from amlplan.errors import ConfigError
from harness.cases import printed, sections_of
from harness.diagnostic_codes import codes_in_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.diagnostics import Diagnostic
    from amlplan.errors import AmlplanError
    from harness.project import Project

FOLDER = Path(__file__).parent
EXAMPLES = sorted(FOLDER.glob("*.case"))
OUTSIDE = dict(line.split(": ", 1) for line in (FOLDER / "outside.txt").read_text().splitlines())


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The codes of what was printed."""
    codes: set[str] = set()
    show_diagnostics, show_failure = Console.diagnostics, Console.failure

    def diagnostics(console: Console, found: Iterable[Diagnostic]) -> None:
        found = tuple(found)
        codes.update(item.code for item in found)
        show_diagnostics(console, found)

    def failure(console: Console, raised: AmlplanError) -> None:
        if not isinstance(raised, ConfigError):
            codes.add(raised.code)
        show_failure(console, raised)

    monkeypatch.setattr(Console, "diagnostics", diagnostics)
    monkeypatch.setattr(Console, "failure", failure)
    return codes


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(
    path: Path, project: Project, reported: set[str], request: pytest.FixtureRequest
) -> None:
    intro, sections = sections_of(path.read_text())
    rewritten = [intro.rstrip("\n")] if intro.strip() else []
    for title, text in sections:
        shown = text.rstrip("\n") + "\n"
        if title.startswith("$ amlplan"):
            reported.clear()
            shown = printed(project, title)
            if not request.config.getoption("--rewrite-cases"):
                assert shown == text.rstrip("\n") + "\n", title
        else:
            project.write(title, shown)
        rewritten.append(f"-- {title} --\n{shown}")
    assert reported == {path.stem}
    if request.config.getoption("--rewrite-cases"):
        path.write_text("\n".join(rewritten))


def test_every_code_has_an_example() -> None:
    examples = {path.stem for path in EXAMPLES}
    patterns = {code: code.replace("{}", "*") for code in codes_in_source()}
    missing = [
        code
        for code, pattern in patterns.items()
        if code not in OUTSIDE and not any(fnmatchcase(name, pattern) for name in examples)
    ]
    unknown = [
        name
        for name in {*examples, *OUTSIDE}
        if not any(fnmatchcase(name, pattern) for pattern in patterns.values())
    ]
    assert not missing, "these codes have no example in tests/errors"
    assert not unknown, "the source reports none of these"
    assert not examples & OUTSIDE.keys()


def test_codes_are_words_and_the_same_mistake_has_one() -> None:
    assert all(re.fullmatch(r"[a-z]+(_([a-z]+|\{\}))*", code) for code in codes_in_source())
    summaries: dict[str, set[str]] = {}
    for path in EXAMPLES:
        found = re.search(r"^(?:Error|Warning): (.+)$", path.read_text(), re.MULTILINE)
        assert found is not None, path.name
        summaries.setdefault(found[1], set()).add(path.stem)
    several = {summary: codes for summary, codes in summaries.items() if len(codes) > 1}
    assert set(several) == {
        "Invalid value for a variable",  # by its type, its text and its own rule
        "Missing required argument",  # any, and the workspace, which may go without saying
        "Unsupported argument",  # by its name, and by being a block
    }
