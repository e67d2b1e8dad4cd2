"""The parser accepts and rejects what hashicorp/hcl does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.hcl_texts import Texts

if TYPE_CHECKING:
    from random import Random

pygohcl = pytest.importorskip("pygohcl", reason="pygohcl, the Go parser, is not installed")

VALID = [
    "",
    "\n\n",
    "a = 1",
    "a=1\nb=2\n",
    "a=1\r\nb=2\r\n",
    "\ufeffa=1",
    "_a=1",
    "é = 1",
    "a-b = 1",
    "a = null",
    "a = 01",
    "a = 1e5",
    "a = 1.5e-3",
    'a = "\\u00e9\\U0001F600\\n\\t\\r\\"\\\\"',
    'a="$${x} %%{y} $x $$ % "',
    'a = "${\n1}"',
    'a = "${~ 1 ~}"',
    'a = "\t"',
    'a = "${"${"x"}"}"',
    "a = <<E\nhi\nE\n",
    "a = <<E\nE\n",
    "a = <<-E\n  hi\n    there\n  E\n",
    "a = <<E\n$${x} \\n\nE\n",
    "a = <<E\n${1}\nE\n",
    "a = [<<E\nx\nE\n, 2]",
    "a = f(<<E\nx\nE\n, 2)",
    "a = {b = <<E\nx\nE\n}",
    "a {}",
    "a {\n}\n",
    "a {b = 1}",
    'a "x" y {}',
    'a "\\n" {}',
    "a b c {\n}",
    "a {\n b {\n c = 1\n }\n}",
    "a = 1 /* x\n */\nb=2",
    "a = 1 # x\n// y\nb = 2",
    "a = [1,2,]",
    "a = [1\n,2\n]",
    "a = []",
    "a = {}",
    "a = {b:1,c=2}",
    "a = {\n b = 1\n c = 2, d = 3\n}",
    'a = {"b" = 1, (c) = 2, "${1}" = 3, 1 = 5}',
    "a = (1\n+2)",
    "a = true ? 1 : 2",
    "a = !true",
    "a = - 1",
    "a = --1",
    "a = 1 == 2 == 3",
    "a = 1 + 2 * 3 - 4 / 5 % 6",
    "a = b && c || !d",
    "a = b.c.d",
    "a = b[0].c",
    "a = b.0.c",
    "a = b.1e3.c",
    "a = 1.e",
    "a = 1.e3",
    "a = [for x in {for k, v in b\n : k => v} : x]",
    "a = b[*].c",
    "a = b.*.c",
    "a = b[c.d].e",
    "a = f()",
    "a = f(1, 2)",
    "a = f(1, 2,)",
    "a = f(b...)",
    "a = f(\n1,\n2\n)",
    "a = [for x in b : x]",
    "a = [for x in b : x if x]",
    "a = {for k, v in b : k => v}",
    "a = {for k, v in b : k => v... if true}",
    "a = {\n for k, v in b :\n k => v\n}",
    'a = "%{if true}x%{else}y%{endif}"',
    'a = "%{for x in y}${x}%{endfor}"',
    "a=1\nb {}",
]

INVALID = [
    "a",
    "a =",
    "a = 1 b = 2",
    "a = 1.",
    "a = .5",
    "a = 0x1",
    "a = 1_000",
    "a = 1.5.e-3",
    "a = b::c",
    "a = b::",
    "a = 1.2.3",
    "a = 1..2",
    "a = 1e5e5",
    "a=1;b=2",
    "a = 'x'",
    "a = `x`",
    "a = ~1",
    "a = 1 & 2",
    "a = 1 | 2",
    'a = "x',
    'a = "x\ny"',
    'a = "\\q"',
    'a = "\\u12"',
    'a = "${1"',
    'a = "${}"',
    'a = "%{ foo }"',
    'a = "%{if true}x"',
    'a = "%{ endif }"',
    'a = "%{ else }"',
    'a = "%{if true}%{endfor}"',
    "a = <<E\n hi\n",
    "a = <<E\n hi\n  E",
    "a = <<E x\nE\n",
    "a = [<<E\n\rE\n]",
    "a = <<E\nx\ry\nE\n",
    "a = 1 /* x",
    "a {",
    "a {\n",
    "}",
    "a = 1 }",
    "a {b=1\n}",
    "a { b {} }",
    "a {} b {}",
    "a { b = 1, c = 2 }",
    "a { b = 1\n c = 2 }",
    "a {\n b = 1 }",
    "a\n{}",
    'a "${1}" {}',
    '"a" = 1',
    "a.b = 1",
    "a=1\na=2",
    "a = [1,,2]",
    "a = [1 2]",
    "a = [1",
    "a = (1",
    "a = (1 2)",
    "a = {b = 1\n\n,c=2}",
    "a = {b\n=1}",
    "a = {b = 1 c = 2}",
    "a = {for=1}",
    "a = {b}",
    "a = f(1 2)",
    "a = f(b..., c)",
    "a = f(",
    "a=\n1",
    "a = 1\n+2",
    "a = true ?\n 1 : 2",
    "a = true ? 1",
    "a = b.",
    "a = b.*.c.*.d",
    "a = b.0.1",
    "a = b[",
    "a = b[]",
    "a = [for x b : x]",
    "a = [for in b : x]",
    "a = [for x in b x]",
    "a = [for x in b : x => y]",
    "a = {for x in b : x}",
    "a = 1 +",
    "a = * 1",
    "a\t=\t1\x0c",
]


def go_accepts(text: str) -> bool:
    try:
        pygohcl.loads(text)
    except pygohcl.HCLParseError:
        return False
    except pygohcl.HCLInternalError as failure:  # it was parsed, and has no form in Python
        return str(failure).startswith(("cannot convert", "panic"))
    return True


@pytest.mark.parametrize("text", VALID)
def test_accepts(text: str) -> None:
    _, diagnostics = parse(SourceFile("main.hcl", text))
    assert diagnostics == []
    assert go_accepts(text)


@pytest.mark.parametrize("text", INVALID)
def test_rejects(text: str) -> None:
    _, diagnostics = parse(SourceFile("main.hcl", text))
    assert diagnostics
    assert not go_accepts(text)


_GAP = r"(?:\s|#[^\n]*\n|//[^\n]*\n|/\*[^*]*\*/)*"
_SPLAT = re.compile(rf"\[{_GAP}\*{_GAP}\]")
"""A line break in `[*]`, which is taken everywhere here, and there only inside other brackets."""

_PART = re.compile(r"\.\s*[0-9]+[eE]-")


def agree(text: str) -> None:
    text = text.replace("\0", "")  # which ends a text in C
    if any("\n" in found[0] for found in _SPLAT.finditer(text)):
        return
    problems = parse(SourceFile("main.hcl", text))[1]
    if any(item.code == "ambiguous_key" for item in problems) or _PART.search(text):
        return  # which the other finds only when it evaluates, and it does not always
    assert (not problems) is go_accepts(text), (text, problems)


def test_made_files(rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        for _ in range(1500):
            agree(made.file())


def test_files_with_slips(rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        for _ in range(3000):
            agree(made.slip(made.file()))


def test_known_texts_with_slips(rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        for text in (*VALID, *INVALID):
            for _ in range(30):
                agree(made.slip(text))
