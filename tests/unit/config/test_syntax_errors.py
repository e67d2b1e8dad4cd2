"""Mistakes in the syntax: each is reported once, at its place, and leaves the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlplan.config.syntax.parser import parse, parse_expression
from amlplan.diagnostics import Diagnostic, SourceFile

# text, code, highlighted text, summary
MISTAKES = [
    ("a", "invalid_item", "a", "Argument or block expected"),
    ("a: 1", "invalid_item", "a", "Argument or block expected"),
    ("a\n{\n}\n", "invalid_item", "a", "Argument or block expected"),
    ("a.b = 1", "invalid_item", "a", "Argument or block expected"),
    ("5 = 1", "invalid_item", "5", "Argument or block expected"),
    ('"a" = 1', "quoted_argument_name", '"a"', "Invalid argument name"),
    ("}", "unexpected_brace", "}", "Unexpected closing brace"),
    ("a = 1 }\nb = 2", "missing_newline", "}", "Missing line break"),
    ("a = 1 b = 2", "missing_newline", "b", "Missing line break"),
    ("a {} b {}", "missing_newline", "b", "Missing line break"),
    ("a {\n  b = 1 }\n", "missing_newline", "}", "Missing line break"),
    ("a = 1\nb = 2\na = 3\n", "duplicate_argument", "a", "Argument set twice"),
    ("a {", "unclosed_block", "{", "Unclosed block"),
    ("a {\n  b {\n    c = 1\n", "unclosed_block", "{", "Unclosed block"),
    ("a b 5 {\n c = 1\n}", "invalid_block", "5", "Invalid block definition"),
    ("a { b = 1, c = 2 }", "invalid_one_line_block", ",", "Invalid one-line block"),
    ("a { b {} }", "invalid_one_line_block", "b", "Invalid one-line block"),
    ('a "${x}" {}', "sequence_in_label", '"${x}"', "Template sequence not allowed"),
    ("a =", "invalid_expression", "", "Invalid expression"),
    ("a =\n1\n", "invalid_expression", "", "Invalid expression"),
    ("a = [1,,2]", "invalid_expression", ",", "Invalid expression"),
    ("a = 1 + * 2", "invalid_expression", "*", "Invalid expression"),
    ("a = -", "invalid_expression", "", "Invalid expression"),
    ('a = "${}"', "invalid_expression", "}", "Invalid expression"),
    ("a = [1 2]", "missing_item_separator", "2", "Missing item separator"),
    ("a = {b = 1 c = 2}", "missing_item_separator", "c", "Missing item separator"),
    ("a = {b}", "missing_item_value", "}", "Missing item value"),
    ("a = {b.c = 1}", "ambiguous_key", "b.c", "Ambiguous key"),
    ("a = {", "missing_brace", "", "Missing closing brace"),
    ("a = (1 2)", "missing_parenthesis", "2", "Missing closing parenthesis"),
    ("a = f(1 2)", "missing_parenthesis", "2", "Missing closing parenthesis"),
    ("a = f(b..., c)", "missing_parenthesis", ",", "Missing closing parenthesis"),
    ("a = b[1", "missing_bracket", "", "Missing closing bracket"),
    ("a = true ? 1", "missing_false_branch", "", "Missing false branch"),
    ("a = b.", "invalid_attribute_name", "", "Invalid attribute name"),
    ("a = b.0.1", "invalid_legacy_index", "0.1", "Invalid legacy index"),
    ("a = b.*.c.*.d", "nested_splat", ".*", "Nested splat"),
    ("a = [for x y : x]", "invalid_for_expression", "y", "Invalid for expression"),
    ("a = [for 1 in y : x]", "invalid_for_expression", "1", "Invalid for expression"),
    ("a = [for x in y x]", "invalid_for_expression", "x", "Invalid for expression"),
    ("a = [for x in y : x => x]", "invalid_for_expression", "=>", "Invalid for expression"),
    ("a = {for x in y : x}", "invalid_for_expression", "}", "Invalid for expression"),
    ("a = 'x'", "invalid_character", "'x'", "Invalid character"),
    ("a = 1; b = 2", "invalid_character", ";", "Invalid character"),
    ("a = 1 & 2", "unsupported_operator", "&", "Unsupported operator"),
    ("a = \u200b1", "invalid_character", "\u200b", "Invalid character"),
    ("a = ²", "invalid_character", "²", "Invalid character"),
    ('a = "x\nb = 2\n', "unterminated_string", '"', "Unterminated string"),
    ('a = "x\ny"\nb = 2\n', "unterminated_string", '"', "Unterminated string"),
    ('a = "${x"\nb = 2\n', "unclosed_sequence", '"', "Unclosed template sequence"),
    ('a = "${f("\nb = 2\n', "unterminated_string", '"', "Unterminated string"),
    ('a = "x\\', "unterminated_string", '"', "Unterminated string"),
    ("a = <<EOT\nx\n", "unterminated_heredoc", "<<EOT", "Unterminated heredoc"),
    ('a = "\\q"', "invalid_escape", "\\q", "Invalid escape sequence"),
    ('a = "x\\u12"', "invalid_escape", "\\u", "Invalid escape sequence"),
    ('a = "\\UFFFFFFFF"', "invalid_escape", "\\UFFFFFFFF", "Invalid escape sequence"),
    ('a = "\\ud800"', "invalid_escape", "\\ud800", "Invalid escape sequence"),
    ('a = "%{ foo }"', "invalid_directive", "foo", "Invalid template directive"),
    ('a = "%{ if x }y"', "unbalanced_directive", "%{ if x }", "Unbalanced template directives"),
    ('a = "%{ endif }"', "unbalanced_directive", "%{ endif }", "Unbalanced template directives"),
    ('a = "%{ else }"', "unbalanced_directive", "%{ else }", "Unbalanced template directives"),
    ('a = "%{if x}%{endfor}%{endif}"', "unbalanced_directive", "%{endfor}",
     "Unbalanced template directives"),
    ("a = <<E\nx\ry\nE\nb = 1\n", "invalid_character", "\r", "Invalid character"),
    ("a = b::c", "missing_parenthesis", "", "Missing opening parenthesis"),
    ("a = 1.2.3", "invalid_number", "1.2.3", "Invalid number"),
    ("a = 1e99999999999999999999", "number_out_of_range", "1e99999999999999999999",
     "Number out of range"),
    ("a = 1e999999999", "number_out_of_range", "1e999999999", "Number out of range"),
    ("a = " + "9" * 5000, "number_out_of_range", "9" * 5000, "Number out of range"),
    ("a = " + "(" * 500, "nested_too_deep", "(", "Nesting too deep"),
    ("a = <<EOT x\nEOT\nb = 2\n", "invalid_heredoc", "<<", "Invalid heredoc"),
    ('a = <<"EOT"\nx\nEOT\nb = 2\n', "invalid_heredoc", "<<", "Invalid heredoc"),
    ("a = /* x", "unterminated_comment", "/*", "Unterminated comment"),
    ("a = 1 /* x\nb = 2\n", "unterminated_comment", "/*", "Unterminated comment"),
]  # fmt: skip


def mistakes_in(text: str) -> list[Diagnostic]:
    return parse(SourceFile("main.hcl", text))[1]


def highlighted(diagnostic: Diagnostic) -> str:
    assert diagnostic.range is not None
    return diagnostic.range.source.text[diagnostic.range.start : diagnostic.range.end]


@pytest.mark.parametrize(("text", "code", "place", "summary"), MISTAKES)
def test_mistake(text: str, code: str, place: str, summary: str) -> None:
    found = mistakes_in(text)
    assert [(item.code, highlighted(item), item.summary) for item in found] == [
        (code, place, summary)
    ]
    assert found[0].detail.endswith((".", "?"))


def test_duplicate_names_the_line_of_the_first() -> None:
    (found,) = mistakes_in("x = 1\n\na = 1\nb = 2\na = 3\n")
    assert "line 3" in found.detail
    assert found.range is not None
    assert found.range.position_of(found.range.start).line == 5


@pytest.mark.parametrize(
    ("text", "codes", "left"),
    [
        ("a = 1 +\nb = \nc = 3\n", ["invalid_expression"] * 2, ["c"]),
        ("a = [1\nb = 2\nc = 3\n", ["missing_item_separator"], ["b", "c"]),
        ("a = f(1,\nb = 2\nc {\n  d = (\n}\ne = 5\n",
         ["missing_parenthesis", "invalid_expression"], ["e"]),
        ("a = {\n  b = 1 c = 2\n  d = 3\n}\ne = 4\n", ["missing_item_separator"], ["e"]),
        ("a = {\n  b = [\n}\nc = 3\nd = 4 5\n",
         ["invalid_expression", "missing_newline"], ["c", "d"]),
        ('x "y" [\n  a = 1\n]\nb = 2\n', ["invalid_block"], ["b"]),
        ("a = 'x'\nb = `y`\nc = 3\n", ["invalid_character"] * 2, ["c"]),
        ('a = "${x\nb = "y"\nc = 3\n', ["unclosed_sequence"], ["b", "c"]),
        ('z {\n  a = "${x\n  b = "y"\n}\nc = 3 4\nd = 5', ["unclosed_sequence", "missing_newline"],
         ["d"]),
        ('z {\n  a = "${f(\n}\nc = 3 4\nd = 5', ["invalid_expression", "missing_newline"], ["d"]),
        ("a = <<X\nb ${c\nX\nd = 1\n", ["unclosed_sequence"], ["d"]),
        ('a "b {\n  c = 1\n}\nd = 2 3\ne = 4\n', ["unterminated_string", "missing_newline"], ["e"]),
        ('z {\n  a "b {\n    c = 1\n  }\n}\nd = 2\n', ["unterminated_string"], ["d"]),
        ("a = (1\n" * 200 + "b = 1\n", ["missing_parenthesis"] * 200, ["b"]),
    ],
)  # fmt: skip
def test_one_pass_finds_independent_mistakes(text: str, codes: list[str], left: list[str]) -> None:
    body, found = parse(SourceFile("main.hcl", text))
    assert [item.code for item in found] == codes
    assert set(left) <= set(body.attributes)


def test_mistakes_in_blocks_leave_the_block() -> None:
    text = 'a "b" {\n  c = \n  d = 1\n  e = ]\n  f {\n    g = 1 2\n  }\n}\nh = 1\n'
    body, found = parse(SourceFile("main.hcl", text))
    assert [item.code for item in found] == [
        "invalid_expression",
        "invalid_expression",
        "missing_newline",
    ]
    assert list(body.blocks[0].body.attributes) == ["d"]
    assert list(body.attributes) == ["h"]


@pytest.mark.parametrize(
    "opening", ["(", "[", "{ a = ", "f(", "!", "-", "a ? ", "a[", '"${',
                                     "[for x in ", '"%{ if ', "a[*][", "{ (", "a ? b : "],
)  # fmt: skip
@pytest.mark.parametrize("count", [90, 150, 3000])
def test_nesting_never_recurses_without_end(opening: str, count: int) -> None:
    found = mistakes_in("v = " + opening * count)
    assert len(found) == 1
    _, single = parse_expression(SourceFile("v", opening * count))
    assert len(single) == 1


def test_nested_blocks_too_deep_are_one_mistake() -> None:
    assert [item.code for item in mistakes_in("a {\n" * 3000)] == ["nested_too_deep"]
    assert mistakes_in("a {\n" * 90 + "}\n" * 90) == []


@pytest.mark.parametrize("text", ["", "1 2", "1 +", "a b", ")", "\ufeff", "'x'", '"', "<<E\n"])
def test_expression_alone_has_one_mistake(text: str) -> None:
    expression, found = parse_expression(SourceFile("var.x", text))
    assert expression is None
    assert len(found) == 1


FRAGMENTS = st.sampled_from(
    ['"', "${", "%{", "}", "{", "(", ")", "[", "]", "\n", "a", " = ", "b ", "1", ".", "*", "for ",
     "if ", "<<E\n", "<<-E\n", "E\n", "\\", "~", "?", ":", ",", "...", "!", "-", '"x"', "/*", "*/",
     "#", ";", "=>", " in ", "else", "endif", "&&", "é", "²", "\r\n", "\t", "\ufeff", "$$", "%%{"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=40).map("".join) | st.text(max_size=60))
def test_garbage_never_raises(text: str) -> None:
    source = SourceFile("garbage.hcl", text)
    for found in (parse(source)[1], parse_expression(source)[1]):
        for item in found:
            assert item.range is not None
            assert 0 <= item.range.start <= item.range.end <= len(text)
