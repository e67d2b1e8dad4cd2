"""JSON files: what they mean, where things stand in them, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.expressions.evaluate import evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax import nodes
from amlplan.config.syntax.json_body import BlockForm, BodyForm, parse_json
from amlplan.config.syntax.json_reader import read_json
from amlplan.diagnostics import SourceFile
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.values import Value

FORM = BodyForm(
    blocks={
        "plain": BlockForm(),
        "named": BlockForm(1),
        "twice": BlockForm(2, lambda labels: BodyForm(blocks={labels[0]: BlockForm()})),
    },
    written=frozenset({"reference"}),
    plain=frozenset({"text"}),
)


def body_of(text: str) -> nodes.Body:
    body, problems = parse_json(SourceFile("main.hcl.json", text), FORM)
    assert problems == []
    return body


def value_of(text: str) -> Value:
    scope = Scope({"var": {"x": 1, "name": "n"}}, FUNCTIONS, Path(), lambda _reference: UNKNOWN)
    attribute = body_of(f'{{"a": {text}}}').attributes["a"]
    return evaluate(attribute.expression, scope, SourceFile("", text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("-12", -12),
        ("0.1", Decimal("0.1")),
        ("1.50e2", 150),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('""', ""),
        ('"x"', "x"),
        ('"${var.x}"', 1),
        ('"a${var.x}b"', "a1b"),
        ('"$${var.x} %%{if}"', "${var.x} %{if}"),
        ('"a\\\\nb"', "a\\nb"),
        ('"a\\nb\\t\\u0041\\ud83d\\ude00\\/"', "a\nb\tA\U0001f600/"),
        ('"\\u0024{var.x}"', 1),
        ('"${\\"q\\"}"', "q"),
        ('"%{ if var.x == 1 }yes%{ else }no%{ endif }"', "yes"),
        ('"a ${~ var.x ~} b"', "a1b"),
        ('"<<-E\\n  x\\nE\\n"', "<<-E\n  x\nE\n"),
        ('["${var.x}", {"b": "${var.x + 1}"}]', [1, {"b": 2}]),
        ('{"${var.name}": 1, "//": 2, "$${n}": 3}', {"n": 1, "//": 2, "${n}": 3}),
        ('"${[for x in [1, 2] : x * 2]}"', [2, 4]),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_values(text: str, value: object) -> None:
    assert value_of(text) == value


def shape(body: nodes.Body) -> list[object]:
    """Names of attributes, and blocks with their labels and shapes."""
    found: list[object] = list(body.attributes)
    return found + [[block.type, *block.labels, shape(block.body)] for block in body.blocks]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{}", []),
        ("[]", []),
        ('{"a": 1, "b": {"c": 2}}', ["a", "b"]),
        ('[{"a": 1}, {"b": 2}, {"plain": {}}]', ["a", "b", ["plain", []]]),
        ('{"//": "said", "plain": {"//": 1, "a": 1}}', [["plain", ["a"]]]),
        ('{"plain": [{"a": 1}, {"b": 1}]}', [["plain", ["a"]], ["plain", ["b"]]]),
        ('{"plain": {}, "plain": {"a": 1}}', [["plain", []], ["plain", ["a"]]]),
        ('{"plain": null}', []),
        ('{"plain": []}', []),
        ('{"named": {"x": {}, "y": {"a": 1}}}', [["named", "x", []], ["named", "y", ["a"]]]),
        ('{"named": [{"x": {}}, {"x": {}}]}', [["named", "x", []], ["named", "x", []]]),
        ('{"named": {"x": [{"a": 1}, {"b": 1}]}}', [["named", "x", ["a"]], ["named", "x", ["b"]]]),
        ('{"named": {"x": null}}', []),
        ('{"named": {"${x}": {}}}', [["named", "${x}", []]]),
        ('{"twice": {"in": {"y": {"in": {"a": 1}}}}}', [["twice", "in", "y", [["in", ["a"]]]]]),
        ('{"twice": {"other": {"y": {"in": {"a": 1}}}}}', [["twice", "other", "y", ["in"]]]),
        ('{"twice": [{"x": [{"y": {}}, {"z": {}}]}]}',
         [["twice", "x", "y", []], ["twice", "x", "z", []]]),
        ("\ufeff \n{ }\n", []),
    ],
)  # fmt: skip
def test_blocks(text: str, found: list[object]) -> None:
    assert shape(body_of(text)) == found


def test_a_name_is_read_as_the_native_syntax_writes_it() -> None:
    body = body_of('{"reference": ["a.b", "list(string)"], "text": "${not.read", "c": "a.b"}')
    written = body.attributes["reference"].expression
    assert isinstance(written, nodes.TupleConstructor)
    assert [type(item) for item in written.items] == [nodes.Traversal, nodes.FunctionCall]
    for name, text in (("text", "${not.read"), ("c", "a.b")):
        plain = body.attributes[name].expression
        assert isinstance(plain, nodes.Literal)
        assert plain.value == text


# text, code, highlighted text
MISTAKES = [
    ("", "invalid_json_value", ""),
    ("  ", "invalid_json_value", ""),
    ("5", "object_expected", "5"),
    ("null", "object_expected", "null"),
    ("[null]", "object_expected", "null"),
    ("[[]]", "object_expected", "[]"),
    ('{"plain": 5}', "object_expected", "5"),
    ('{"plain": [[{}]]}', "object_expected", "[{}]"),
    ('{"named": {"x": 5}}', "object_expected", "5"),
    ('{"named": {}}', "missing_label", "{}"),
    ('{"named": null}', "missing_label", "null"),
    ('{"twice": {"x": []}}', "missing_label", "[]"),
    ('{"a": 1,}', "trailing_comma", ","),
    ('{"a": [1,]}', "trailing_comma", ","),
    ('{"a": 1 "b": 2}', "missing_item_separator", '"'),
    ('{"a": [1 2]}', "missing_item_separator", "2"),
    ('{"a" 1}', "missing_item_value", "1"),
    ("{a: 1}", "invalid_json_property", "a"),
    ('{"a": 1', "missing_item_separator", ""),
    ("{", "invalid_json_property", ""),
    ('{"a": var.x}', "invalid_json_value", "var.x"),
    ('{"a": 01}', "invalid_json_value", "01"),
    ('{"a": +1}', "invalid_json_value", "+1"),
    ('{"a": .5}', "invalid_json_value", ".5"),
    ('{"a": NaN}', "invalid_json_value", "NaN"),
    ("{\"a\": 'x'}", "invalid_json_value", "'"),
    ("{} // x", "extra_characters", "/"),
    ('{"a": /* x */ 1}', "invalid_json_value", "/"),
    ('{"a": "x}', "unterminated_string", '"'),
    ('{"a": "x\n"}', "unterminated_string", '"'),
    ('{"a": "x\\', "unterminated_string", '"'),
    ('{"a": "x\ty"}', "invalid_character", "\t"),
    ('{"a": "x\\qy"}', "invalid_escape", "\\q"),
    ('{"a": "\\n\\u12"}', "invalid_escape", "\\u"),
    ('{"a": "x\\ud800y"}', "invalid_escape", "\\ud800"),
    ('{"a": 1e99999999999999999999}', "number_out_of_range", "1e99999999999999999999"),
    ('{"a": 1, "a": 2}', "duplicate_argument", '"a"'),
    ('{"a": {"b": 1, "b": 2}}', "duplicate_property", '"b"'),
    ('{"text": [{"b": 1, "b": 2}]}', "duplicate_property", '"b"'),
    ('{"a": "x${"}', "invalid_expression", ""),
    ('{"a": "x${y z}"}', "unclosed_sequence", "z"),
    ('{"a": {"${y z}": 1}}', "unclosed_sequence", "z"),
    ('{"a": "\\u0041\\n\\"${y z}"}', "unclosed_sequence", "z"),
    ('{"a": "\\u0041${y \\u007a}"}', "unclosed_sequence", "\\u007a"),
    ('{"a": "\\ud83d\\ude00${\\"\\\\q\\"}"}', "invalid_escape", "\\\\q"),
    ('{"reference": "a b"}', "extra_characters", "b"),
    ('{"reference": ["a.b", ""]}', "invalid_expression", ""),
    ('{"a": ' * 200, "nested_too_deep", "{"),
    ("[" * 200, "nested_too_deep", "["),
    ('{"a": ' + "[" * 60 + '"${' + "[" * 60 + "]" * 60 + '}"' + "]" * 60 + "}",
     "nested_too_deep", "["),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place"), MISTAKES)
def test_mistake(text: str, code: str, place: str) -> None:
    _, (found,) = parse_json(SourceFile("main.hcl.json", text), FORM)
    assert found.range is not None
    shown = found.range.source.text[found.range.start : found.range.end]
    assert (found.code, shown) == (code, place)
    assert found.range.source.text == text
    assert found.detail.endswith(".")


def test_the_second_of_two_says_where_the_first_is() -> None:
    _, (found,) = parse_json(SourceFile("m.hcl.json", '{\n "a": 1,\n "b": 2,\n "a": 3}'), FORM)
    assert "on line 2" in found.detail


def every_node(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list):
        for item in tree:
            yield from every_node(item)
    elif is_dataclass(tree):
        yield tree
        for field in fields(tree):
            yield from every_node(getattr(tree, field.name))


def test_every_node_stands_where_its_text_is() -> None:
    call_text = '"\\u0041${f(var.\\u0078, [\\"q\\"])[0].y}\\n"'
    text = f'{{"a": [{call_text}, {{"${{k}}": "%{{ if c }}${{b}}%{{ endif }}"}}]}}'
    expression = body_of(text).attributes["a"].expression
    shown = {type(node).__name__: text[node.start : node.end] for node in every_node(expression)}
    assert shown["FunctionCall"] == 'f(var.\\u0078, [\\"q\\"])'
    assert shown["RelativeTraversal"] == 'f(var.\\u0078, [\\"q\\"])[0].y'
    assert shown["TemplateIf"] == "%{ if c }${b}%{ endif }"
    assert shown["TemplateWrap"] == "${k}"
    traversals = [node for node in every_node(expression) if isinstance(node, nodes.Traversal)]
    assert [text[node.start : node.end] for node in traversals] == ["var.\\u0078", "k", "c", "b"]
    assert text[traversals[0].start : traversals[0].root_end] == "var"
    (call,) = (node for node in every_node(expression) if isinstance(node, nodes.FunctionCall))
    assert text[call.start : call.name_end] == "f"


def test_places_of_blocks_and_attributes() -> None:
    text = '{"named": {"x": {"a": 1}, "y": [{}, {"b": 2}]}}'
    first, second, third = body_of(text).blocks
    assert text[first.start : first.header_end] == '"x"'
    assert text[first.type_start : first.type_end] == '"named"'
    assert [text[start:end] for start, end in first.label_ranges] == ['"x"']
    assert text[first.body.start : first.body.end] == '{"a": 1}'
    assert second.start < third.start
    assert text[third.start : third.header_end] == "{"
    attribute = first.body.attributes["a"]
    assert text[attribute.name_start : attribute.name_end] == '"a"'
    assert text[attribute.start : attribute.end] == '"a": 1'


def test_long_chains_in_a_string_are_no_recursion() -> None:
    body_of('{"a": "\\u0020${' + "1 + " * 20_000 + '1}"}')


def test_json_is_read_as_pythons_reader_does() -> None:
    text = json.dumps({"é\n": ["\U0001f600\x7f\\", {"": []}, 1.5, -0, 1e15, True, None]})
    found, problems = read_json(SourceFile("x.json", text))
    assert problems == []

    def plain(node: Any) -> Any:
        if isinstance(node, nodes.ObjectConstructor):
            return {plain(item.key): plain(item.value) for item in node.items}
        if isinstance(node, nodes.TupleConstructor):
            return [plain(item) for item in node.items]
        return node.value

    assert plain(found) == json.loads(text)
