"""Functions beyond what Terraform can be asked: files, the environment, limits, the table."""

from __future__ import annotations

import hashlib
import os
from decimal import Decimal
from pathlib import Path

import pytest

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.values import UNKNOWN, Sensitive, Value


def value_of(text: str, folder: Path = Path()) -> Value:
    source = SourceFile("main.hcl", text)
    expression, diagnostics = parse_expression(source)
    assert expression is not None, diagnostics
    scope = Scope({"unknown": UNKNOWN}, FUNCTIONS, folder, lambda _reference: Sensitive(UNKNOWN))
    return evaluate(expression, scope, source)


def detail_of(text: str, folder: Path = Path()) -> str:
    with pytest.raises(EvaluationError) as caught:
        value_of(text, folder)
    return caught.value.diagnostic.detail


def test_files_start_at_the_base_folder(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("héllo\n", encoding="utf-8")
    (tmp_path / "raw.bin").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    assert value_of('file("note.txt")', tmp_path) == "héllo\n"
    assert value_of('fileexists("note.txt")', tmp_path) is True
    assert value_of('fileexists("other.txt")', tmp_path) is False
    digest = hashlib.sha256("héllo\n".encode()).hexdigest()
    assert value_of('filesha256("note.txt")', tmp_path) == digest
    assert value_of('abspath("a/../b")', tmp_path) == str(tmp_path / "b")
    assert "there is no file" in detail_of('file("other.txt")', tmp_path).lower()
    assert "not UTF-8" in detail_of('file("raw.bin")', tmp_path)
    assert "folder" in detail_of('fileexists("folder")', tmp_path)
    assert "cannot be read" in detail_of('file("folder")', tmp_path)
    assert "U+0000" in detail_of('file("a\\u0000")', tmp_path)


def test_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert value_of('pathexpand("~/x")') == "/home/ana/x"
    assert value_of('pathexpand("~")') == "/home/ana"
    assert value_of('pathexpand("a/~")') == "a/~"


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLPLAN_TEST_NAME", "x")
    assert value_of('env("AMLPLAN_TEST_NAME")') == "x"
    monkeypatch.delenv("AMLPLAN_TEST_NAME")
    assert "is not set" in detail_of('env("AMLPLAN_TEST_NAME")')
    assert value_of('try(env("AMLPLAN_TEST_NAME"), "y")') == "y"
    assert "AMLPLAN_TEST_NAME" not in os.environ


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('jsondecode("0.1")', Decimal("0.1")),
        ('jsondecode("123456789012345678901234567890")', 123456789012345678901234567890),
        ('jsondecode("1.0")', 1),
        ('jsonencode({ b = "<&>", a = [0.1, 12345678901234567890123] })',
         '{"a":[0.1,12345678901234567890123],"b":"\\u003c\\u0026\\u003e"}'),
        ('replace("a.b", ".", "$1")', "a$1b"),
        ('replace("ab", "/(?P<x>a)/", "$${x}$$$")', "a$$b"),
        ('replace("ab", "/a/", "$9")', "b"),
        ('substr("hello", -9, 3)', "hel"),
        ('format("%5.1f|%-8s|%08.3f", 3.14159, "ab", 2.5)', "  3.1|ab      |0002.500"),
        ("zipmap([], [])", {}),
        ("merge({ a = unknown }, null)", {"a": UNKNOWN}),
        ("element([unknown, 1], 3)", 1),
        ('jsondecode("\\"\\\\ud800\\"")', "\ufffd"),
        ("one([unknown])", UNKNOWN),
        ("range(0.5, 2)", [Decimal("0.5"), Decimal("1.5")]),
        ('max("5", 4)', 5),
    ],
)  # fmt: skip
def test_value(text: str, value: Value) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('jsondecode("{")', "line 1, column 2"),
        ('jsondecode("NaN")', "NaN is not JSON"),
        (f'jsondecode("{"[" * 100000}")', "nested too deep"),
        (f'jsondecode("{"9" * 5000}")', "too many digits"),
        ('jsondecode("1e999999999")', "too many digits"),
        ('base64decode("/w==")', "not UTF-8"),
        ('replace("a", "/(/", "")', "no regular expression"),
        ("range(2000)", "1024"),
        ("range(1, 2, 3, 4)", "one to three"),
        ("range()", "one to three"),
        ('format("%s")', "not enough arguments"),
        ('format("%s", "a", "b")', "too many arguments"),
        ('format("%5000s", "a")', "at most 1000"),
        ('format("%[0]s", "a")', "not enough arguments"),
        ('format("100%")', "%%"),
        ('formatlist("%s%s", ["a"], ["b", "c"])', "one length"),
        ("tolist([1, [2]])", "same type"),
        ('tonumber("1e5000")', "too many digits"),
        ("coalesce()", "null or empty"),
        ("try()", "at least one"),
        ("can()", "exactly one"),
        ("can([1]...)", "takes expressions"),
    ],
)
def test_mistake(text: str, detail: str) -> None:
    assert detail.lower() in detail_of(text).lower()
