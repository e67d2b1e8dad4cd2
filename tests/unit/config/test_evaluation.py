"""Values that expressions give, and the mistakes they make."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import Diagnostic, SourceFile
from amlplan.values import UNKNOWN, ResourceValue, SecretReference, Sensitive, Value

SECRET = SecretReference("env", "TOKEN")
RESOURCE = ResourceValue(
    {"id": UNKNOWN, "name": "vm"}, address="compute.vm", kind="compute.ssh", identity=UNKNOWN
)
VALUES: dict[str, Value] = {
    "var": {
        "text": "abc",
        "number": 3,
        "half": Decimal("0.5"),
        "yes": True,
        "nothing": None,
        "list": ["a", "b"],
        "map": {"b": 2, "a": 1},
        "password": Sensitive("hunter2"),
        "hidden_list": Sensitive(["x", "y"]),
        "mixed": {"user": "ana", "password": Sensitive("hunter2")},
        "flag": Sensitive(True),
        "zero": 0,
    },
    "unknown": UNKNOWN,
    "secret": SECRET,
    "secrets": {"token": SECRET, "tokens": [SECRET]},
    "hidden_unknown": Sensitive(UNKNOWN),
    "compute": {"vm": RESOURCE},
}


def scope_with(asked: list[SecretReference]) -> Scope:
    def resolve(reference: SecretReference) -> Value:
        asked.append(reference)
        return Sensitive("s3cret")

    return Scope(VALUES, FUNCTIONS, Path("/base"), resolve)


def value_of(text: str, asked: list[SecretReference] | None = None) -> Value:
    source = SourceFile("main.hcl", text)
    expression, diagnostics = parse_expression(source)
    assert expression is not None, diagnostics
    return evaluate(expression, scope_with([] if asked is None else asked), source)


def mistakes_in(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(EvaluationError) as caught:
        value_of(text)
    return caught.value.diagnostics


def highlighted(diagnostic: Diagnostic) -> str:
    assert diagnostic.range is not None
    return diagnostic.range.source.text[diagnostic.range.start : diagnostic.range.end]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", Decimal("0.3")),
        ("10 / 4", Decimal("2.5")),
        ("6 / 3", 2),
        ("1.5 * 2", 3),
        ("2 - 0.5 - 1.5", 0),
        ("123456789012345678901234567890.5 + 0.25", Decimal("123456789012345678901234567890.75")),
        ("-0.123456789012345678901234567890123", Decimal("-0.123456789012345678901234567890123")),
        ("abs(-0.12345678901234567890123456789)", Decimal("0.12345678901234567890123456789")),
        ("1 / 3 * 3 > 0.99", True),
        ("-7 % 3", -1),
        ("var.list[1]", "b"),
        ('var["map"].a', 1),
        ("var.map", {"b": 2, "a": 1}),
        ("compute.vm.name", "vm"),
        ('compute["vm"]["name"]', "vm"),
        ("[for k, v in var.map : k]", ["a", "b"]),
        ("null[*]", []),
        ("var.nothing[*].x", []),
        ("var.map[*].a", [1]),
        ("compute.vm[*].name", ["vm"]),
        ("[for x in var.list : [for y in var.list : x == y]]", [[True, False], [False, True]]),
        ("true || nope", True),
        ("false && nope", False),
        ("true ? 1 : nope", 1),
        ("false ? nope : 2", 2),
        ("var.zero == 0 ? 0 : 1 / var.zero", 0),
        ('true == "true"', False),
        ("1 == true", False),
        ("[1, 2] == [1.0, 2.0]", True),
        ("compute.vm == null", False),
        ("var.nothing == null", True),
        ('"${var.list}"', ["a", "b"]),
        ('"${null}"', None),
        ('"${var.half}|${var.yes}|${var.number}"', "0.5|true|3"),
    ],
)  # fmt: skip
def test_value(text: str, value: Value) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    ["unknown", "unknown.a.b[0]", "unknown[*].a", "1 + unknown", "-unknown", "!unknown",
     'unknown == "a"',
     "unknown ? 1 : 2", "unknown && true", "true && unknown", "false || unknown", '"x${unknown}"',
     "[for x in unknown : x]", "[for x in var.list : x if unknown]",
     "{for x in var.list : unknown => x}",
     "{ (unknown) = 1 }", "var.list[unknown]", "upper(unknown)", "jsonencode({ a = unknown })",
     'join(",", [unknown])', "compute.vm.id", '"%{ if unknown }x%{ endif }"',
     '"%{ for x in unknown }x%{ endfor }"', "[1, unknown] == [1, 2]", "max(unknown...)",
     "can(unknown.x)", "flatten([[1], unknown])", "coalesce(unknown, 1)", "unknown > 1"],
)  # fmt: skip
def test_unknown_goes_through(text: str) -> None:
    assert value_of(text) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, unknown]", [1, UNKNOWN]),
        ("{ a = unknown }", {"a": UNKNOWN}),
        ("length([1, unknown])", 2),
        ("keys({ a = unknown })", ["a"]),
        ("merge({ a = 1 }, { b = unknown })", {"a": 1, "b": UNKNOWN}),
        ("[unknown, 1] == [1, 2]", False),
        ("unknown == unknown ? 1 : 2", UNKNOWN),
        ("[for x in [unknown] : x]", [UNKNOWN]),
        ('coalesce("a", unknown)', "a"),
        ("concat([1], [unknown])", [1, UNKNOWN]),
        ("false && unknown", False),
        ("values({ a = unknown, b = 1 })", [UNKNOWN, 1]),
        ('lookup({ a = unknown }, "a", 1)', UNKNOWN),
        ("try(unknown.x, 1)", UNKNOWN),
    ],
)  # fmt: skip
def test_unknown_inside_leaves_the_rest_known(text: str, value: Value) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("var.password", Sensitive("hunter2")),
        ('"x${var.password}"', Sensitive("xhunter2")),
        ("upper(var.password)", Sensitive("HUNTER2")),
        ('var.password == "a"', Sensitive(False)),
        ("length(var.password)", Sensitive(7)),
        ("var.hidden_list[0]", Sensitive("x")),
        ("var.hidden_list[*]", Sensitive([Sensitive("x"), Sensitive("y")])),
        ("[for x in var.hidden_list : upper(x)]", Sensitive([Sensitive("X"), Sensitive("Y")])),
        ("var.mixed", {"user": "ana", "password": Sensitive("hunter2")}),
        ("var.mixed.user", "ana"),
        ("[var.password, 1]", [Sensitive("hunter2"), 1]),
        ("merge(var.mixed, { a = 1 })", {"user": "ana", "password": Sensitive("hunter2"), "a": 1}),
        ("values(var.mixed)", [Sensitive("hunter2"), "ana"]),
        ("keys(var.mixed)", ["password", "user"]),
        ('lookup(var.mixed, "password")', Sensitive("hunter2")),
        ("jsonencode(var.mixed)", Sensitive('{"password":"hunter2","user":"ana"}')),
        ("var.flag ? 1 : 2", Sensitive(1)),
        ("!var.flag", Sensitive(False)),
        ("var.flag && true", Sensitive(True)),
        ("var.flag || nope", Sensitive(True)),
        ("[for x in [1, 2] : x if var.flag]", Sensitive([1, 2])),
        ('{for x in ["a"] : var.password => x}', Sensitive({"hunter2": "a"})),
        ("{ (var.password) = 1 }", Sensitive({"hunter2": 1})),
        ("{ a = 1, hunter2 = 2 }[var.password]", Sensitive(2)),
        ('"%{ if var.flag }x%{ endif }"', Sensitive("x")),
        ('"%{ for x in var.hidden_list }${x}%{ endfor }"', Sensitive("xy")),
        ("hidden_unknown", Sensitive(UNKNOWN)),
        ('"x${hidden_unknown}"', Sensitive(UNKNOWN)),
        ("hidden_unknown ? 1 : 2", Sensitive(UNKNOWN)),
        ("hidden_unknown + var.number", Sensitive(UNKNOWN)),
        ("upper(hidden_unknown)", Sensitive(UNKNOWN)),
        ("sensitive(var.number)", Sensitive(3)),
        ("sensitive(var.password)", Sensitive("hunter2")),
        ("nonsensitive(var.password)", "hunter2"),
        ('toset([var.password, "a"])', Sensitive(["a", "hunter2"])),
        ("coalesce(null, var.password)", Sensitive("hunter2")),
        ("concat([var.password], [1])", [Sensitive("hunter2"), 1]),
        ("concat(var.hidden_list, [1])", Sensitive(["x", "y", 1])),
        ('join("", var.hidden_list)', Sensitive("xy")),
        ("max(sensitive([1, 2])...)", Sensitive(2)),
        ("flatten([var.hidden_list, [1]])", Sensitive(["x", "y", 1])),
        ("try(var.password.x, var.password)", Sensitive("hunter2")),
        ("sensitive(1) + sensitive(2) > 2", Sensitive(True)),
    ],
)  # fmt: skip
def test_sensitive_goes_through(text: str, value: Value) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("secret", SECRET),
        ('"${secret}"', SECRET),
        ("(secret)", SECRET),
        ("[secret]", [SECRET]),
        ("{ a = secret }", {"a": SECRET}),
        ("secrets.token", SECRET),
        ("secrets.tokens[0]", SECRET),
        ("true ? secret : 1", SECRET),
        ("sensitive(secret)", SECRET),
        ("coalesce(null, secret)", SECRET),
        ("tostring(secret)", SECRET),
        ("try(secret, 1)", SECRET),
        ("merge(secrets, {}).token", SECRET),
        ("[for s in secrets.tokens : s]", [SECRET]),
        ("secrets.tokens[*]", [SECRET]),
        ('lookup(secrets, "token")', SECRET),
        ('env_secret("TOKEN")', SECRET),
        ('file_secret("key.pem")', SecretReference("file", "key.pem")),
        ('command_secret(["pass", "x"])', SecretReference("command", ("pass", "x"))),
    ],
)  # fmt: skip
def test_secret_passes_unresolved(text: str, value: Value) -> None:
    asked: list[SecretReference] = []
    assert value_of(text, asked) == value
    assert asked == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"x${secret}"', Sensitive("xs3cret")),
        ("upper(secret)", Sensitive("S3CRET")),
        ('secret == "s3cret"', Sensitive(True)),
        ("length(secret)", Sensitive(6)),
        ("jsonencode(secrets)", Sensitive('{"token":"s3cret","tokens":["s3cret"]}')),
        ('join(",", secrets.tokens)', Sensitive("s3cret")),
        ('tonumber(secret == "" ? "1" : "2")', Sensitive(2)),
    ],
)  # fmt: skip
def test_secret_is_resolved_where_its_content_counts(text: str, value: Value) -> None:
    asked: list[SecretReference] = []
    assert value_of(text, asked) == value
    assert set(asked) == {SECRET}


# text, code, highlighted text, part of the detail
MISTAKES = [
    ("vra.text", "unknown_reference", "vra", 'Did you mean "var"?'),
    ("var.txt", "unsupported_attribute", ".txt", 'Did you mean "text"?'),
    ("compute.vm.zzz", "unsupported_attribute", ".zzz", 'There are "id", "name".'),
    ("{}.a", "unsupported_attribute", ".a", "There are none."),
    ("var.list.name", "unsupported_attribute", ".name", "[*]"),
    ("var.text.name", "unsupported_attribute", ".name", "a string"),
    ("var.nothing.name", "null_value", ".name", "is null"),
    ("var.nothing[0]", "null_value", "[0]", "is null"),
    ("var.list[2]", "invalid_index", "[2]", "has 2 elements"),
    ("var.list[0 - 1]", "invalid_index", "0 - 1", "within the list"),
    ('var.list["a"]', "invalid_index", '["a"]', "whole number"),
    ('var.map["bb"]', "invalid_index", '["bb"]', 'Did you mean "b"?'),
    ("var.text[0]", "invalid_index", "[0]", "a string"),
    ("toset(var.list)[0]", "invalid_index", "[0]", "have no index"),
    ("toset(var.list).a", "unsupported_attribute", ".a", "[*]"),
    ("true ? 1 : [1]", "inconsistent_types", "true ? 1 : [1]", "tuple([number])"),
    (
        'true ? toset(["a"]) : tolist([1])',
        "inconsistent_types",
        'true ? toset(["a"]) : tolist([1])',
        "set(string)",
    ),
    (
        "templatestring(upper(var.text), {})",
        "invalid_function_argument",
        "upper(var.text)",
        "refer",
    ),
    ('1 + "a"', "invalid_operand", '1 + "a"', "of type string"),
    ("1 + null", "invalid_operand", "1 + null", "null"),
    ('-"a"', "invalid_operand", '"a"', "a number"),
    ("!1", "invalid_operand", "1", "true or false"),
    ('"a" && true', "invalid_operand", '"a"', "true or false"),
    ("null ? 1 : 2", "invalid_operand", "null", "null"),
    ("1 / var.zero", "division_by_zero", "1 / var.zero", "zero"),
    ("1 % 0", "division_by_zero", "1 % 0", "zero"),
    ("1e900 * 1e900", "number_out_of_range", "1e900 * 1e900", "digits"),
    ('"x${null}"', "invalid_template_value", "null", "this is null"),
    ('"x${var.list}"', "invalid_template_value", "var.list", "a list"),
    ('"%{ if 1 }x%{ endif }"', "invalid_condition", "1", "a number"),
    ("[for x in 1 : x]", "not_iterable", "1", "a number"),
    ("[for x in null : x]", "not_iterable", "null", "null"),
    ("[for x in [1] : x if 5]", "invalid_condition", "5", "a number"),
    ('{for x in ["a", "a"] : x => 1}', "duplicate_key", "x", "..."),
    ("{for x in [null] : x => 1}", "invalid_key", "x", "not null"),
    ("{ (null) = 1 }", "invalid_key", "(null)", "not null"),
    ("upcase(1)", "unknown_function", "upcase", 'no function named "upcase"'),
    ("uper(1)", "unknown_function", "uper", 'Did you mean "upper"?'),
    ("upper()", "wrong_argument_count", "upper()", "takes 1 argument (string)"),
    ('lookup({}, "a", 1, 2)', "wrong_argument_count", 'lookup({}, "a", 1, 2)', "2 to 3"),
    ("join()", "wrong_argument_count", "join()", "at least 1"),
    ("upper([])", "invalid_function_argument", "[]", "a string is required"),
    ("upper(null)", "invalid_function_argument", "null", "must not be null"),
    ('join(",", [1, [2]])', "invalid_function_argument", "[1, [2]]", "element 1: a string"),
    ("max(1...)", "invalid_expansion", "1", "list"),
    ("max()", "function_failed", "max()", "at least one"),
    ('lookup({ ab = 1 }, "a")', "invalid_function_argument", '"a"', 'Did you mean "ab"?'),
    ("env_secret(unknown)", "invalid_function_argument", "unknown", "known at plan"),
    ("env_secret(var.password)", "invalid_function_argument", "var.password", "sensitive"),
    ("env_secret(secret)", "invalid_function_argument", "secret", "sensitive"),
    ('env_secret("")', "invalid_function_argument", '""', "empty"),
    ("command_secret([])", "invalid_function_argument", "[]", "empty"),
    ("nonsensitive(secret)", "invalid_function_argument", "secret", "stays one"),
    ("try(var.x, var.y)", "function_failed", "try(var.x, var.y)", "no expression succeeded"),
]


@pytest.mark.parametrize(("text", "code", "place", "detail"), MISTAKES)
def test_mistake(text: str, code: str, place: str, detail: str) -> None:
    (found,) = mistakes_in(text)
    assert (found.code, highlighted(found)) == (code, place)
    assert detail in found.detail
    assert found.detail.endswith((".", "?"))
    assert '"' not in found.summary


@pytest.mark.parametrize(
    "text", ["{ a = x.a, b = 1, c = y.b }", "[x.a, y.b]", "max(x.a, y.b)", '"${x.a}${y.b}"']
)
def test_independent_mistakes_are_all_reported(text: str) -> None:
    assert [highlighted(item) for item in mistakes_in(text)] == ["x", "y"]


def test_values_in_scope_are_described_and_secrets_never_shown() -> None:
    (found,) = mistakes_in(
        "[var.text, var.number, var.list, var.map, var.password, unknown.x][9 + var.zero]"
    )
    assert dict(found.values) == {
        "var.text": '"abc"',
        "var.number": "3",
        "var.list": "list with 2 elements",
        "var.map": "object with 2 attributes",
        "var.password": "(sensitive value)",
        "unknown.x": "(known after apply)",
    }
    (found,) = mistakes_in('var.half + (secret == "" ? 1 : null)')
    assert dict(found.values) == {"var.half": "0.5", "secret": "(sensitive value)"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true ? 1 : upper(secret)", 1),
        ("false ? secret + 1 : var.number", 3),
        ("var.flag ? [1] : [secret]", Sensitive(["1"])),
        ('true ? secret : "a"', SECRET),
        ("true ? compute.vm : null", RESOURCE),
        ("false ? { a = compute.vm } : { a = null }", {"a": None}),
    ],
)
def test_no_secret_is_looked_up_for_the_branch_not_taken(text: str, value: Value) -> None:
    asked: list[SecretReference] = []
    assert value_of(text, asked) == value
    assert asked == []


def test_a_resource_stays_one_in_a_branch() -> None:
    assert value_of("true ? compute.vm : { id = 1 }") is RESOURCE
    found = value_of("true ? [compute.vm] : []")
    assert isinstance(found, list)
    assert found[0] is RESOURCE


def test_a_template_hides_what_is_sensitive(tmp_path: Path) -> None:
    (tmp_path / "x.tftpl").write_text("a\n${name.first}\n", encoding="utf-8")
    source = SourceFile("main.hcl", 'templatefile("x.tftpl", { name = var.password })')
    expression, _ = parse_expression(source)
    assert expression is not None
    scope = Scope(VALUES, FUNCTIONS, tmp_path, lambda _reference: Sensitive("s3cret"))
    with pytest.raises(EvaluationError) as caught:
        evaluate(expression, scope, source)
    assert "hunter2" not in f"{caught.value.diagnostic.detail} {caught.value.diagnostic.values}"


def test_a_mistake_in_a_template_is_shown_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "x.tftpl").write_text("a\n${name.first}\n", encoding="utf-8")
    source = SourceFile("main.hcl", 'templatefile("x.tftpl", { name = "Ana" })')
    expression, _ = parse_expression(source)
    assert expression is not None
    with pytest.raises(EvaluationError) as caught:
        evaluate(expression, Scope(VALUES, FUNCTIONS, tmp_path, lambda _reference: UNKNOWN), source)
    place = caught.value.diagnostic.range
    assert place is not None
    assert (place.source.filename, highlighted(caught.value.diagnostic)) == ("x.tftpl", ".first")


def test_names_bound_by_for_are_described() -> None:
    (found,) = mistakes_in('[for name in ["a", "b"] : var.map[name].x]')
    assert found.code == "unsupported_attribute"
    assert dict(found.values)["name"] == '"a"'


@pytest.mark.parametrize(
    "text",
    ["var.password + 1", "var.hidden_list[5]", "var.password.x", "var.mixed.user.x",
     "jsondecode(var.password)", "tonumber(var.password)", "[for p in [var.password] : p.x]",
     "[for p in var.hidden_list : p.x]", "var.hidden_list[*].a", "base64decode(var.password)",
     "{ a = 1 }[var.password]", "lookup({ a = 1 }, var.password)", 'format("%d", var.password)',
     "file(var.password)", "env(var.password)", "secret.x", "tonumber(secret)", "secret + 1",
     "sensitive({ hunter2 = 1 }).hunter3", 'sensitive({ hunter2 = 1 })["hunter3"]',
     'lookup(sensitive({ hunter2 = 1 }), "hunter3")', "fileexists(secret).x", "file(secret)",
     'replace("a", "/[${var.password}/", "")'],
)  # fmt: skip
def test_no_mistake_shows_a_secret(text: str) -> None:
    for found in mistakes_in(text):
        shown = f"{found.summary} {found.detail} {found.values}"
        assert "hunter2" not in shown
        assert "s3cret" not in shown


FRAGMENTS = st.sampled_from(
    ["var", ".text", ".list", ".map", ".password", "[0]", '["a"]', "[*]", ".*", "unknown",
     "secret", "compute.vm", " + ", " - ", " / ", " % ", " == ", " && ", " ? ", " : ", "!", "-",
     "(", ")", "[", "]", "{", "}", " a = ", ", ", "1", "0.5", "1e999", '"x"', '"${', '}"',
     '"%{ if ', "%{ endif }", "null", "true", "for x in ", " x ", " if ", " => ", "..."]
    + [f"{name}(" for name in sorted(FUNCTIONS) if name != "command_secret"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS, min_size=1, max_size=15).map("".join))
def test_whatever_parses_gives_a_value_or_a_mistake(text: str) -> None:
    source = SourceFile("main.hcl", text)
    expression, _ = parse_expression(source)
    if expression is not None:
        with contextlib.suppress(EvaluationError):
            evaluate(expression, scope_with([]), source)


NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
OPERANDS: st.SearchStrategy[Value] = (
    NUMBERS | st.text(max_size=5) | st.none() | st.booleans() | st.just([1]) | st.just({})
)


@settings(max_examples=300, deadline=None)
@given(
    OPERANDS,
    OPERANDS,
    st.sampled_from(["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||"]),
)
def test_operators_give_a_value_or_a_mistake(left: Value, right: Value, operator: str) -> None:
    source = SourceFile("main.hcl", f"left {operator} right")
    expression, _ = parse_expression(source)
    assert expression is not None
    scope = Scope({"left": left, "right": right}, FUNCTIONS, Path(), lambda _reference: UNKNOWN)
    with contextlib.suppress(EvaluationError):
        evaluate(expression, scope, source)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(OPERANDS | st.just(["a"]), max_size=4))
def test_functions_give_a_value_or_a_mistake(name: str, arguments: list[Value]) -> None:
    source = SourceFile("main.hcl", f"{name}(arguments...)")
    expression, _ = parse_expression(source)
    assert expression is not None
    scope = Scope({"arguments": arguments}, FUNCTIONS, Path(), lambda _reference: UNKNOWN)
    with contextlib.suppress(EvaluationError):
        evaluate(expression, scope, source)


def test_long_chain_of_operators() -> None:
    assert value_of(" + ".join(["1"] * 5000)) == 5000


def test_deep_index_chain_is_a_mistake_not_a_crash() -> None:
    assert mistakes_in("var" + "[var.text]" * 5000)[0].code == "nested_too_deep"
