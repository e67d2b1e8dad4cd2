"""python-hcl2 sees the same blocks and arguments in what it accepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.cases import sections_of

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Body

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed to compare with")
ROOT = Path(__file__).resolve().parents[3]
Structure = dict[str, Any]


def texts() -> dict[str, str]:
    """Every file of the examples, and of the cases in which files are not wrong on purpose."""
    found = {
        str(path.relative_to(ROOT)): path.read_text()
        for path in sorted((ROOT / "examples").rglob("*.hcl"))
    }
    for case in sorted((ROOT / "tests/cases").glob("*.case")):
        for number, (title, text) in enumerate(sections_of(case.read_text())[1]):
            if title.endswith(".hcl"):
                found[f"{case.name}:{number}:{title}"] = text
    return found


TEXTS = texts()


def ours(body: Body) -> Structure:
    """The names of arguments, and the blocks by type and labels, each with its own structure."""
    blocks: list[tuple[tuple[str, ...], Structure]] = [
        ((block.type, *block.labels), ours(block.body)) for block in body.blocks
    ]
    return {"arguments": sorted(body.attributes), "blocks": _sorted(blocks)}


def theirs(value: dict[str, Any]) -> Structure:
    arguments: list[str] = []
    blocks: list[tuple[tuple[str, ...], Structure]] = []
    for name, item in value.items():
        if name.startswith("__"):
            continue
        if isinstance(item, list) and item and all(_has_blocks(one) for one in item):
            blocks += [found for one in item for found in _blocks((name,), one)]
        else:
            arguments.append(name)
    return {"arguments": sorted(arguments), "blocks": _sorted(blocks)}


def _has_blocks(value: object) -> bool:
    """Whether a block is somewhere below the labels of a value."""
    if not isinstance(value, dict):
        return False
    return "__is_block__" in value or any(_has_blocks(item) for item in value.values())


def _blocks(way: tuple[str, ...], value: dict[str, Any]) -> list[tuple[tuple[str, ...], Structure]]:
    if "__is_block__" in value:
        return [(way, theirs(value))]
    return [
        found
        for label, inner in value.items()
        for found in _blocks((*way, label.strip('"')), inner)
    ]


def _sorted(blocks: list[tuple[tuple[str, ...], Structure]]) -> list[Any]:
    return sorted(blocks, key=repr)


@pytest.mark.parametrize("name", TEXTS)
def test_the_structure_is_the_same(name: str) -> None:
    text = TEXTS[name]
    body, problems = parse(SourceFile(name, text))
    try:
        parsed = hcl2.loads(text)
    except Exception as failure:  # noqa: BLE001 - its mistakes are of many types
        pytest.skip(f"python-hcl2 does not read it: {str(failure).splitlines()[0]}")
    assert problems == []
    assert theirs(parsed) == ours(body)


def test_most_files_are_compared() -> None:
    readable = 0
    for text in TEXTS.values():
        try:
            hcl2.loads(text)
        except Exception:  # noqa: BLE001 - its mistakes are of many types
            continue
        readable += 1
    assert readable > len(TEXTS) * 0.8
