"""Files look as `terraform fmt` leaves them.

It is run until it changes nothing more, since once is not always enough for it. What it breaks is
left out: where the result is no HCL any more, and comments and escapes in the labels of blocks,
which it drops.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from amlplan.config.formatting.format import formatted
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.hcl_texts import Texts
from unit.config.test_formatting import LAYOUTS

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(
    TERRAFORM is None, reason="terraform is not on PATH to compare with"
)
_FRACTION = re.compile(r"\d\s+\.\s*\d")
"""A step behind a number, which it would make a fraction."""
_HEREDOC_AND_MORE = re.compile(r'E[ \t]*\r?\n[ \t]*}"[ \t]*[^\s]')
"""What follows a string that is a heredoc, which it puts behind the closing mark."""
_LOST_IN_LABELS = re.compile(r"\\|\$\$|%%|/\*")
OURS_ON_PURPOSE = {
    "b /* c */ x {}\n",  # it drops the comment
    'a = "${b # c\n}"\n',  # it leaves an empty line behind
    'a = "${(b)\n+ (c)}"\n',  # its result is no expression
    'b { a = "${<<E\nx\nE\n}" }\n',  # its result has no end
    "a = 1  \n \t\nb = 2\t",  # it keeps a space at the end
}


def theirs(folder: Path, texts: list[str]) -> tuple[list[str], set[int]]:
    """What becomes of texts, and the places of those that are refused."""
    folder.mkdir()
    for index, text in enumerate(texts):
        (folder / f"f{index}.tf").write_bytes(text.encode())
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    told = subprocess.run(
        [TERRAFORM or "", "fmt", "-no-color", "-list=false", folder],
        env=environment,
        capture_output=True,
        check=False,
    ).stderr.decode(errors="replace")
    found = [(folder / f"f{index}.tf").read_bytes().decode() for index in range(len(texts))]
    shutil.rmtree(folder)
    return found, {index for index in range(len(texts)) if f"f{index}.tf line " in told}


def final(folder: Path, texts: list[str]) -> tuple[list[str], set[int], set[int]]:
    """What texts are at last, with the places of those that are refused, and of those broken."""
    found, refused = theirs(folder, texts)
    broken: set[int] = set()
    for _ in range(5):
        again, refused_then = theirs(folder, found)
        broken |= refused_then - refused
        if again == found:
            break
        found = again
    return found, refused, broken


def compare(folder: Path, texts: list[str]) -> int:
    """Compare all that can be compared, and give the number of those."""
    found, refused, broken = final(folder, texts)
    count = 0
    for index, (text, their) in enumerate(zip(texts, found, strict=True)):
        ours, problems = formatted(SourceFile("main.hcl", text))
        assert bool(problems) == (index in refused), text
        if index not in broken | refused:
            assert ours == their, text
            count += 1
    return count


def _is_comparable(text: str) -> bool:
    is_broken = _FRACTION.search(text) or _HEREDOC_AND_MORE.search(text)
    return not is_broken and _keeps_labels(text)


def _keeps_labels(text: str) -> bool:
    """Whether Terraform leaves every label of a text as it is."""
    blocks = parse(SourceFile("main.hcl", text))[0].blocks
    while blocks:
        block = blocks.pop()
        if _LOST_IN_LABELS.search(text, block.start, block.header_end):
            return False
        blocks += block.body.blocks
    return True


def test_known_layouts(tmp_path: Path) -> None:
    texts = [text for text, _ in LAYOUTS if text not in OURS_ON_PURPOSE]
    assert compare(tmp_path / "f", texts) == len(texts)


def test_deviations_are_deviations(tmp_path: Path) -> None:
    texts = sorted(OURS_ON_PURPOSE)
    found, _, _ = final(tmp_path / "f", texts)
    for text, their in zip(texts, found, strict=True):
        assert formatted(SourceFile("main.hcl", text))[0] != their


def test_made_files(tmp_path: Path, rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        texts = [text for text in (made.file() for _ in range(600)) if _is_comparable(text)]
        assert compare(tmp_path / "f", texts) > 400


def test_files_with_slips(tmp_path: Path, rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        texts = [made.slip(made.file()).rstrip(" \t\ufeff") for _ in range(600)]
        texts = [text for text in texts if _is_comparable(text)]
        assert compare(tmp_path / "f", texts) > 50
