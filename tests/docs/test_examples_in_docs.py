"""What the documentation shows is valid, and what it points to exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EXAMPLE = re.compile(r"^( *)```hcl\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUR_FILE = re.compile(r"`((?:amlplan|providers|schemas|state|scripts|tests|docs|\.ci)/[\w./-]*)`")
ANY_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[object]:
    """Each example with its place, as parameters of a test."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in EXAMPLE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            place = f"{page.relative_to(ROOT)}:{line}"
            yield pytest.param(place, found[2], id=place)


@pytest.mark.parametrize(("place", "text"), list(examples()))
def test_hcl_examples_parse(place: str, text: str) -> None:
    _, problems = parse(SourceFile(place, text))
    assert not problems


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_relative_links_point_to_files(page: Path) -> None:
    prose = CODE.sub("", ANY_FENCE.sub("", page.read_text(encoding="utf-8")))
    targets = [link.partition("#")[0] for link in LINK.findall(prose) if "://" not in link]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_pages_stand_by_themselves(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "../shared" not in text
    assert str(ROOT) not in text


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_files_that_pages_name_exist(page: Path) -> None:
    named = OUR_FILE.findall(page.read_text(encoding="utf-8"))
    assert not [name for name in named if not (ROOT / name).exists()]
