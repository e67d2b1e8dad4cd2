"""The canonical layout of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.config.formatting.format import formatted
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.hcl_texts import Texts
from harness.project import SOURCES
from harness.trees import meaning

if TYPE_CHECKING:
    from random import Random

LAYOUTS = [
    ("", ""),
    ("a=1", "a = 1"),
    ("\ufeffa=1\n", "a = 1\n"),
    ("a=1\nbcd   =    2\n\n\ne  =3\n", "a   = 1\nbcd = 2\n\n\ne = 3\n"),
    ("a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"),
    ("a = 1  \n \t\nb = 2\t", "a = 1\n\nb = 2"),
    ('b  "x" y{\na=1\n\tc {}\n  }\n', 'b "x" "y" {\n  a = 1\n  c {}\n}\n'),
    ("b{ }\nb{a=1}\nb {\n\n}\n", "b {}\nb { a = 1 }\nb {\n\n}\n"),
    ('r = f(f([],\n""), [for v in [{ a = b }] : ""], "${<<E\n${"${z\n}"}\nE\n}")\n',
     'r = f(f([],\n  ""), [for v in [{ a = b }] : ""], "${<<E\n${"${z\n  }"}\nE\n}")\n'),
    ("b /* c */ x {}\n", 'b /* c */ "x" {}\n'),
    ("a = 1 # c\nbcd = 22 // d\n# e\n  # f\n", "a   = 1  # c\nbcd = 22 // d\n# e\n# f\n"),
    ("a = 1 /* c */\nbcd = 22 /* d */\n", "a   = 1 /* c */\nbcd = 22 /* d */\n"),
    ("b { # c\na = 1 # d\n}\n", "b {     # c\n  a = 1 # d\n}\n"),
    ("a = [\n1,\n  2 ]\n", "a = [\n  1,\n2]\n"),
    ("a = [{\nb = 1\n}, {\nb = 2\n}]\n", "a = [{\n  b = 1\n  }, {\n  b = 2\n}]\n"),
    ("a = f(\n[\n1\n],\n{b=1})\n", "a = f(\n  [\n    1\n  ],\n{ b = 1 })\n"),
    ("a = {\nb : 1\nccc=2\n}\n", "a = {\n  b : 1\n  ccc = 2\n}\n"),
    ("a=1\nbb=[\n1\n]\nccc=2\n", "a = 1\nbb = [\n  1\n]\nccc = 2\n"),
    ("a = <<E\n x ${ a+b }\n   E\nbcd = 1\n", "a   = <<E\n x ${a + b}\n   E\nbcd = 1\n"),
    ("b {\na = <<-E\nx\nE  \n}\n", "b {\n  a = <<-E\nx\nE  \n}\n"),
    ("a = - 1\nb = ! c\nd = -f(x)\n", "a = -1\nb = !c\nd = -f(x)\n"),
    ("a = 1-1\nb = a?b:c\nc = 1>=2&&!d\n", "a = 1 - 1\nb = a ? b : c\nc = 1 >= 2 && !d\n"),
    ("a = f( 1,2 ,[ 3 ] , {b=1} )\n", "a = f(1, 2, [3], { b = 1 })\n"),
    ("a = b . c [ 0 ] . * . d\n", "a = b.c[0].*.d\n"),
    ("a = b.0 .c\nd = f(x) [ * ]\n", "a = b.0.c\nd = f(x)[*]\n"),
    ("a = x :: y::z (1)\n", "a = x::y::z(1)\n"),
    ("a = [ 1, ]\nb = [for x in [1]:x if (x)]\n", "a = [1, ]\nb = [for x in [1] : x if(x)]\n"),
    ("a = {for k,v in b:k=>v ... if c}\n", "a = { for k, v in b : k => v... if c }\n"),
    ('a = "%{ if x ~} y ${ z } %{endif}"\n', 'a = "%{if x~} y ${z} %{endif}"\n'),
    ('a = "${{b=1}.b} "\n', 'a = "${ { b = 1 }.b} "\n'),
    ('a = "${b}"\nc = ["${b}"]\nd = "${b} "\n', 'a = b\nc = ["${b}"]\nd = "${b} "\n'),
    ('a = "${ "${~ b ~}" }"\n', "a = b\n"),
    ('a = "${b\n+ c}"\n', "a = (b\n+ c)\n"),
    ('a = "${(b)\n+ (c)}"\n', "a = ((b)\n+ (c))\n"),
    ('a = "${b # c\n}"\n', 'a = "${b # c\n}"\n'),
    ('b { a = "${<<E\nx\nE\n}" }\n', 'b { a = "${<<E\nx\nE\n}" }\n'),
    ('a = "${<<E\nx\nE\n}"\n', "a = <<E\nx\nE\n"),
    ('variable "x" {\ntype="string"\n}\n', 'variable "x" {\n  type = string\n}\n'),
    ('variable "x" {\ntype=list\n}\n', 'variable "x" {\n  type = list(any)\n}\n'),
    ('variable "x" {\ntype="map"\n}\n', 'variable "x" {\n  type = map(string)\n}\n'),
    ('b "x" {\ntype="string"\n}\n', 'b "x" {\n  type = "string"\n}\n'),
    ('a = "é" # c\nbb = "日本" # c\n', 'a  = "é"  # c\nbb = "日本" # c\n'),
    ('a = "e\u0301\U0001f468\u200d\U0001f467" # c\nb = "xyz" # c\n',
     'a = "e\u0301\U0001f468\u200d\U0001f467"  # c\nb = "xyz" # c\n'),
    ('a = "\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd" # c\nb = "각" # c\n',
     'a = "\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd" # c\nb = "각"  # c\n'),
    ("a /* c\n d */ = 1\n", "a /* c\n d */ = 1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "layout"), LAYOUTS)
def test_layout(text: str, layout: str) -> None:
    assert formatted(SourceFile("main.hcl", text)) == (layout, [])


@pytest.mark.parametrize("text", ["a = ", "a {", "b = 'x'", "a=1\n}\n", 'a = "${', "a=1\r\rb"])
def test_what_is_no_hcl_is_left_as_it_is(text: str) -> None:
    same, problems = formatted(SourceFile("main.hcl", text))
    assert same == text
    assert problems


def test_examples_are_in_canonical_layout() -> None:
    files = sorted((SOURCES / "examples").rglob("*.hcl"))
    assert files
    for path in files:
        text = path.read_text()
        assert formatted(SourceFile(path.name, text)) == (text, [])


def test_layout_is_final_and_keeps_the_meaning(rounds: list[Random]) -> None:
    for random in rounds:
        texts = Texts(random)
        for _ in range(1500):
            text = texts.file()
            source = SourceFile("main.hcl", text)
            body, problems = parse(source)
            layout, reported = formatted(source)
            assert reported == problems
            if problems:
                assert layout == text
                continue
            again, left = parse(SourceFile("main.hcl", layout))
            assert left == [], text
            assert meaning(again) == meaning(body), text
            assert formatted(SourceFile("main.hcl", layout)) == (layout, []), text
            assert comments_of(layout) == comments_of(text)


def comments_of(text: str) -> list[str]:
    from amlplan.config.syntax import tokens as token

    found = token.Tokens(text, keeps_all=True)
    return [
        text[start:end].rstrip()
        for kind, start, end in zip(found.kinds, found.starts, found.ends, strict=True)
        if kind == token.COMMENT
    ]
