"""Trees and places that the parser gives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amlplan.config.syntax import nodes
from amlplan.config.syntax.parser import parse, parse_expression
from amlplan.config.syntax.references import references
from amlplan.diagnostics import SourceFile


def body_of(text: str) -> nodes.Body:
    body, diagnostics = parse(SourceFile("main.hcl", text))
    assert diagnostics == []
    return body


def expression_of(text: str) -> nodes.Expression:
    expression, diagnostics = parse_expression(SourceFile("expression", text))
    assert diagnostics == []
    assert expression is not None
    return expression


def shown(node: object) -> str:
    """A tree in few characters, to compare with."""
    match node:
        case nodes.Literal():
            return repr(node.value)
        case nodes.Traversal():
            return node.root + "".join(map(shown, node.steps))
        case nodes.RelativeTraversal():
            return f"<{shown(node.source)}>{''.join(map(shown, node.steps))}"
        case nodes.Step():
            return f".{node.key}" if node.is_attribute else f"[{node.key!r}]"
        case nodes.Index():
            return f"{shown(node.collection)}[{shown(node.key)}]"
        case nodes.SplatItem():
            return "@"
        case nodes.Splat():
            return f"{shown(node.source)}{'[*]' if node.is_full else '.*'}({shown(node.each)})"
        case nodes.FunctionCall():
            dots = "..." if node.expand_final else ""
            return f"{node.name}({', '.join(map(shown, node.arguments))}{dots})"
        case nodes.Unary():
            return f"({node.operator}{shown(node.operand)})"
        case nodes.Binary():
            return f"({shown(node.left)} {node.operator} {shown(node.right)})"
        case nodes.Conditional():
            parts = (node.condition, node.then, node.otherwise)
            return "({} ? {} : {})".format(*map(shown, parts))
        case nodes.TupleConstructor():
            return f"[{', '.join(map(shown, node.items))}]"
        case nodes.ObjectConstructor():
            return "{" + ", ".join(f"{shown(i.key)}={shown(i.value)}" for i in node.items) + "}"
        case nodes.Parentheses():
            return shown(node.inner)
        case nodes.Template():
            return f"T[{', '.join(map(shown, node.parts))}]"
        case nodes.TemplateWrap():
            return f"W[{shown(node.inner)}]"
        case nodes.TemplateIf():
            then, otherwise = list(map(shown, node.then)), list(map(shown, node.otherwise))
            return f"if({shown(node.condition)}, {then}, {otherwise})"
        case nodes.TemplateFor():
            names = f"{node.key_name}, {node.value_name}"
            return f"for({names}, {shown(node.collection)}, {list(map(shown, node.parts))})"
        case nodes.ForTuple():
            names = f"{node.key_name}, {node.value_name}"
            result = f"{shown(node.result)} if {shown(node.condition)}"
            return f"[{names} in {shown(node.collection)} : {result}]"
        case nodes.ForObject():
            return (
                f"{{{node.key_name}, {node.value_name} in {shown(node.collection)} : "
                f"{shown(node.result_key)} => {shown(node.result)} {node.groups} "
                f"if {shown(node.condition)}}}"
            )
        case _:
            return repr(node)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1", "1"),
        ("1.5", repr(Decimal("1.5"))),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("true", "True"),
        ("null", "None"),
        ("truely", "truely"),
        ('"plain"', "'plain'"),
        ('"\\u00e9\\U0001F600\\n\\"\\\\"', repr('é😀\n"\\')),
        ('"$${a} %%{b} $ % $x"', repr("${a} %{b} $ % $x")),
        ("a-b_c", "a-b_c"),
        ("größe.ñ", "größe.ñ"),
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 * 2 + 3", "((1 * 2) + 3)"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("(1 - (2 - 3))", "(1 - (2 - 3))"),
        ("a || b && c == d < e + f * g", "(a || (b && (c == (d < (e + (f * g))))))"),
        ("-a.b + !c", "((-a.b) + (!c))"),
        ("- - 1", "(-(-1))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a == b ? c + 1 : d", "((a == b) ? (c + 1) : d)"),
        ("a.b[0].c", "a.b[0].c"),
        ('a["k"].c', "a['k'].c"),
        ("a.0.b", "a[0].b"),
        ("a[b.c].d", "<a[b.c]>.d"),
        ("a[-1]", "a[(-1)]"),
        ("a[*].b[0].c", "a[*](<@>.b[0].c)"),
        ("a.*.b.c[0]", "<a.*(<@>.b.c)>[0]"),
        ("a[*].b[*].c", "a[*](<@>.b[*](<@>.c))"),
        ("a[*]", "a[*](@)"),
        ("f()", "f()"),
        ("f(1, a...)", "f(1, a...)"),
        ("f(\n1,\n2,\n).x", "<f(1, 2)>.x"),
        ("[]", "[]"),
        ("[1, 2,]", "[1, 2]"),
        ("{}.a", "<{}>.a"),
        ("{ a = 1, b : 2 }", "{'a'=1, 'b'=2}"),
        ('{\n  "a b" = 1\n  (c) = 2\n  "${d}" = 3, true = 4\n}',
         "{'a b'=1, c=2, W[d]=3, 'true'=4}"),
        ("[for x in y : x]", "[None, x in y : x if None]"),
        ("[for k, v in y : v if k]", "[k, v in y : v if k]"),
        ("{for k, v in y : k => v...}", "{k, v in y : k => v True if None}"),
        ("{\n for v in y :\n v => v\n if v\n}", "{None, v in y : v => v False if v}"),
        ('"${a}"', "W[a]"),
        ('"x${a}y"', "T['x', a, 'y']"),
        ('"${"${a}"}"', "W[W[a]]"),
        ('"${a}${b}"', "T[a, b]"),
        ('"a \\n${~ b ~} \\n c"', "T['a', b, 'c']"),
        ('"${ {a = "}"} }"', "W[{'a'='}'}]"),
        ('"%{ if a }x%{ else }${b}%{ endif }"', "T[if(a, [\"'x'\"], ['b'])]"),
        ('"%{ for k, v in a }${v}%{ endfor }"', "T[for(k, v, a, ['v'])]"),
        ("/* x */ a # y", "a"),
        ("\n a \n", "a"),
    ],
)  # fmt: skip
def test_expression_tree(text: str, tree: str) -> None:
    assert shown(expression_of(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<<E\na\n  b\nE\n", "a\n  b\n"),
        ("<<E\nE\n", ""),
        ("<<-E\n    a\n\n      b\n  E\n", "a\n\n  b\n"),
        ('<<E\n\\n "q" $${x}\nE\n', '\\n "q" ${x}\n'),
        ("<<E-F\nE\nE-F\n", "E\n"),
        ("<<E-\nx\nE-\n", "x\n"),
    ],
)  # fmt: skip
def test_heredoc(text: str, value: str) -> None:
    node = body_of(f"a = {text}").attributes["a"].expression
    assert isinstance(node, nodes.Literal)
    assert node.value == value


def test_heredoc_as_argument() -> None:
    found = body_of("a = f(<<X\nx${y}\nX\n, 2)\nb = 1\n")
    assert shown(found.attributes["a"].expression) == "f(T['x', y, '\\n'], 2)"
    assert list(found.attributes) == ["a", "b"]


def test_block_and_its_places() -> None:
    text = 'compute "ssh" vm {\n  host = "10.0.0.7"\n  user {\n    name = "a"\n  }\n  none {}\n}\n'
    block = body_of(text).blocks[0]
    assert (block.type, block.labels) == ("compute", ["ssh", "vm"])
    assert text[block.start : block.header_end] == 'compute "ssh" vm'
    assert [text[start:end] for start, end in block.label_ranges] == ['"ssh"', "vm"]
    assert text[block.start : block.end] == text.rstrip()
    assert text[block.body.start] == "{"
    attribute = block.body.attributes["host"]
    assert text[attribute.start : attribute.end] == 'host = "10.0.0.7"'
    assert text[attribute.name_start : attribute.name_end] == "host"
    expression = attribute.expression
    assert text[expression.start : expression.end] == '"10.0.0.7"'
    assert [inner.type for inner in block.body.blocks] == ["user", "none"]


@pytest.mark.parametrize(
    "text",
    ["a.b[0].c", "f(x, y...)", "1 + 2", "-a", "!a.b", "(1)", "[1, 2]", "{ a = 1 }", "a ? b : c",
     '"x${a}"', "a[*].b", "a.*.b", "a[b]", "[for x in y : x]", "{for x in y : x => x}"],
)  # fmt: skip
def test_range_of_an_expression(text: str) -> None:
    for padded in (text, f"  {text} # c"):
        node = expression_of(padded)
        assert padded[node.start : node.end] == text


def test_one_line_block_line_breaks_and_byte_order_mark() -> None:
    found = body_of('\ufeffa { b = 1 }\r\nc = 2\r\nd "e" {\r\n}\r\n')
    assert [block.type for block in found.blocks] == ["a", "d"]
    assert shown(found.blocks[0].body.attributes["b"].expression) == "1"
    assert list(found.attributes) == ["c"]


def test_label_with_escape() -> None:
    assert body_of('a "x\\ty$${z}" {}').blocks[0].labels == ["x\ty${z}"]


def test_a_block_may_have_an_attribute_named_for() -> None:
    assert list(body_of("a {\n  for = 1\n}\n").blocks[0].body.attributes) == ["for"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b.c", ["a.b.c"]),
        ("a.b[var.x].c", ["a.b", "var.x"]),
        ("a[*].b[c]", ["a", "c"]),
        ("f(a, b.c...)", ["a", "b.c"]),
        ('"x${a}%{ if b }${c}%{ else }${d}%{ endif }"', ["a", "b", "c", "d"]),
        ('"%{ for k, v in a }${k}${v.x}${b}%{ endfor }"', ["a", "b"]),
        ("[for x in a : x.y + b if c]", ["a", "b", "c"]),
        ("{for k, v in v.w : k => [for x in v : x]}", ["v.w"]),
        ("[for x in [for y in x : y] : x]", ["x"]),
        ("{ a = b, (c) = d }", ["b", "c", "d"]),
        ("a ? b : -c", ["a", "b", "c"]),
        ("f().x[a]", ["a"]),
        ("1", []),
    ],
)
def test_references(text: str, found: list[str]) -> None:
    traversals = list(references(expression_of(text)))
    assert [text[item.start : item.end] for item in traversals] == found
    assert [shown(item) for item in traversals] == found


def test_long_chains_do_not_recurse() -> None:
    body_of("a = " + " + ".join(["1"] * 20_000))
    node = expression_of(" && ".join(["x"] * 20_000))
    assert len(list(references(node))) == 20_000
    expression_of("a" + "[b]" * 20_000)
