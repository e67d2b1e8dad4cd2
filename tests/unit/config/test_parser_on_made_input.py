"""What the parsers make of inputs that nobody wrote: valid ones, slips, and garbage."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from amlplan.config.formatting.format import formatted
from amlplan.config.reading.files import source_of
from amlplan.config.syntax.json_body import BlockForm, BodyForm, parse_json
from amlplan.config.syntax.parser import parse, parse_expression, parse_template_text
from amlplan.diagnostics import SourceFile
from harness.hcl_printer import body_text
from harness.hcl_texts import PIECES, Texts
from harness.trees import without_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from amlplan.diagnostics import Diagnostic

JSON_PIECES = [
    "{", "}", "[", "]", ":", ",", '"', '"a"', '"a": ', "1", "-", "0", ".5", "e9", "true", "null",
    " ", "\n", "\\", "\\u00", "\\ud83d", "\\ude00", "${", "%{ if ", "}", "/", '"//": 1, ', '"b": {',
    '{"a": "${', "\t", "\0", "é", "\ufeff", "\U0001f600",
]  # fmt: skip
FORM = BodyForm(blocks={"b": BlockForm(1)}, written=frozenset({"a"}))
LARGE = 200_000


def test_what_is_printed_is_what_was_parsed(rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        for _ in range(1000):
            text = made.file()
            body, problems = parse(SourceFile("main.hcl", text))
            if problems:
                continue
            again, problems = parse(SourceFile("main.hcl", body_text(body)))
            assert problems == [], text
            assert without_places(again) == without_places(body), text


def check_places(problems: list[Diagnostic], text: str) -> None:
    for item in problems:
        assert item.range is not None
        assert item.range.source.text == text
        assert 0 <= item.range.start <= item.range.end <= len(text)


def pieces(random: Random, options: list[str]) -> str:
    return "".join(random.choices(options, k=random.randint(1, 14)))


@pytest.mark.parametrize("part", range(4))
def test_garbage_gives_diagnostics(rounds: list[Random], part: int) -> None:
    for random in rounds:
        random.seed(random.random() + part)
        for _ in range(15_000):
            text = pieces(random, PIECES)
            source = SourceFile("main.hcl", text)
            check_places(parse(source)[1], text)
            check_places(parse_expression(source)[1], text)
        for _ in range(10_000):
            text = pieces(random, JSON_PIECES)
            source = SourceFile("main.hcl.json", text)
            check_places(parse_json(source, FORM)[1], text)


def test_slips_give_diagnostics(rounds: list[Random]) -> None:
    for random in rounds:
        made = Texts(random)
        for _ in range(1500):
            text = made.slip(made.file())
            source = SourceFile("main.hcl", text)
            check_places(parse(source)[1], text)
            check_places(parse_template_text(source)[1], text)
            laid_out, problems = formatted(source)
            assert problems == [] or laid_out == text


def test_bytes_give_text_or_a_diagnostic(rounds: list[Random]) -> None:
    for random in rounds:
        for _ in range(20_000):
            raw = random.randbytes(random.randint(0, 12)) + random.choice([b"", b'a = "', b"\xc3"])
            source, problem = source_of(raw, "main.hcl")
            assert (problem is None) == (source.text.encode() == raw)
            formatted(source)


ENDLESS: dict[str, Callable[[int], str]] = {
    "spaces": lambda n: " " * n,
    "line breaks": lambda n: "\n" * n,
    "carriage returns": lambda n: "\r" * n,
    "NUL": lambda n: "\0" * n,
    "byte order marks": lambda n: "\ufeff" * n,
    "no identifiers": lambda n: "²" * n,
    "half identifiers": lambda n: "a²" * (n // 2),
    "a name": lambda n: "a" * n,
    "a string": lambda n: f'a = "{"x" * n}"\n',
    "a string without end": lambda n: 'a = "' + "x" * n,
    "backslashes": lambda n: 'a = "' + "\\" * n,
    "dollars": lambda n: 'a = "' + "$" * n,
    "quotes": lambda n: '"' * n,
    "lines of a quote": lambda n: '"\n' * (n // 2),
    "sequences": lambda n: 'a = "' + "${" * (n // 2),
    "sequences on lines": lambda n: 'a = "${\n' * (n // 8),
    "directives": lambda n: 'a = "' + "%{if a}" * (n // 7),
    "comments": lambda n: "#\n" * (n // 2),
    "comments without end": lambda n: "/*" * (n // 2),
    "comments in braces": lambda n: "a = " + "{/**/" * (n // 5),
    "a heredoc without end": lambda n: "a = <<E\n" + "x\n" * (n // 2),
    "heredocs without end": lambda n: "a = <<E\n" * (n // 8),
    "heredoc of sequences": lambda n: "a = <<E\n" + "${\n" * (n // 3),
    "parentheses": lambda n: "a = " + "(" * n,
    "closing parentheses": lambda n: "a = " + ")" * n,
    "braces": lambda n: "{" * n,
    "closing braces": lambda n: "}" * n,
    "blocks": lambda n: "a {\n" * (n // 4),
    "blocks and lists": lambda n: "a {\n b = [\n" * (n // 11),
    "broken arguments": lambda n: "a = \n" * (n // 5),
    "equal arguments": lambda n: "a = 1\n" * (n // 6),
    "names on a line": lambda n: "a = b" + " c" * (n // 2),
    "operators": lambda n: "a = 1" + "+1" * (n // 2) + "\n",
    "minus": lambda n: "a = " + "-" * n,
    "conditionals": lambda n: "a = " + "b?" * (n // 2),
    "steps": lambda n: "a = b" + ".c" * (n // 2) + "\n",
    "splats": lambda n: "a = b" + "[*]" * (n // 3) + "\n",
    "items": lambda n: "a = [" + "1," * (n // 2) + "]\n",
    "digits": lambda n: "a = " + "9" * n,
    "an exponent": lambda n: "a = 1e" + "9" * n,
    "wraps": lambda n: 'a = "${b}"\n' * (n // 11),
    "wrap in wrap": lambda n: "a = " + '"${' * 40 + "b" * n + '}"' * 40 + "\n",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_endless_input_is_read_in_time(what: str) -> None:
    """Time may grow with the length, not with its square: that would be minutes here."""
    text = ENDLESS[what](LARGE)
    started = time.process_time()
    check_places(parse(SourceFile("main.hcl", text))[1], text)
    parse_expression(SourceFile("main.hcl", text))
    formatted(SourceFile("main.hcl", text))
    assert time.process_time() - started < 15


ENDLESS_JSON: dict[str, Callable[[int], str]] = {
    "lists": lambda n: "[" * n,
    "objects": lambda n: '{"a":' * (n // 5),
    "items": lambda n: '{"a": [' + "1," * (n // 2) + "1]}",
    "properties": lambda n: "{" + ",".join(f'"a{i}": 1' for i in range(n // 9)) + "}",
    "equal properties": lambda n: "{" + '"a": 1, ' * (n // 8) + '"a": 1}',
    "a string without end": lambda n: '"' + "x" * n,
    "backslashes": lambda n: '"' + "\\" * n,
    "escapes": lambda n: '{"a": "' + "\\u0041" * (n // 6) + '${1 2}"}',
    "sequences": lambda n: '{"c": "' + "${x}\\n" * (n // 6) + '"}',
    "operators": lambda n: '{"c": "${1' + "+1" * (n // 2) + '}\\n"}',
    "digits": lambda n: '{"a": ' + "9" * n,
    "spaces": lambda n: " " * n,
}


@pytest.mark.parametrize("what", ENDLESS_JSON)
def test_endless_json_is_read_in_time(what: str) -> None:
    text = ENDLESS_JSON[what](LARGE)
    started = time.process_time()
    check_places(parse_json(SourceFile("main.hcl.json", text), FORM)[1], text)
    assert time.process_time() - started < 15


@pytest.mark.slow
@pytest.mark.parametrize("what", ["a string", "a string without end", "spaces", "a name"])
def test_lines_of_ten_megabytes(what: str) -> None:
    text = ENDLESS[what](10_000_000)
    started = time.process_time()
    check_places(parse(SourceFile("main.hcl", text))[1], text)
    assert time.process_time() - started < 20
