"""Expressions give what `terraform console` says they give."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.encoding import json_text
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax.parser import parse, parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from amlplan.values import Value

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(
    TERRAFORM is None, reason="terraform is not on PATH to compare with"
)

FAILS = "<fails>"

EXPRESSIONS = r"""
1 + 2
7 - 10
3 * 4
10 / 4
6 / 3
-7 % 3
7 % -3
5.5 % 2
0.5 + 0.25
1e3
1.50
1E+2
123456789012345678901234567890 + 1
2 + 3 * 4
(2 + 3) * 4
10 - 2 - 3
100 / 10 / 2
-2 * 3
- (2 + 3)
"5" + 1
"1.5" * "2"
-"5"
!"true"
!false
1 + "a"
true + 1
null + 1
1 / 0
1 % 0
1 < 2
2 <= 2
3 > 4
4 >= 4
"10" > 9
1 == 1.0
1 == "1"
"a" == "a"
"a" != "b"
true == "true"
null == null
null != 1
[1, 2] == [1, 2]
[1, 2] == [2, 1]
{ a = 1 } == { a = 1 }
{ a = 1 } == { a = 2 }
1 == 1 == true
1 < 2 && 3 < 4 || false
true || false && false
"true" && true
"false" || false
1 && true
true ? "a" : "b"
false ? "a" : "b"
"true" ? 1 : 2
null ? 1 : 2
1 == 1 ? 2 == 2 ? "x" : "y" : "z"
"${1.50}"
"${true}"
"a${1}b${true}c"
"${"nested ${"deeper"}"}"
"x${null}"
"x${[1]}"
"x${{}}"
"$${not} %%{this}"
"\u00e9\t\"\\"
"tab\there"
"%{ if true }yes%{ else }no%{ endif }"
"%{ if false }yes%{ endif }"
"%{ for x in ["a", "b"] }<${x}>%{ endfor }"
"%{ for k, v in { b = 1, a = 2 } }${k}=${v};%{ endfor }"
"a %{ if true ~} b %{~ else ~} c %{~ endif } d"
" ${~ "x" ~} "
[1, "a", true, null]
[]
{}
{ a = 1, "b" = 2, (upper("c")) = 3, "${"d"}" = 4, 5 = 6, true = 7 }
{ a : 1, b : 2 }
{ a = 1, a = 2 }
[1, 2, 3][1]
[1, 2, 3]["1"]
[1, 2, 3][3]
[1, 2, 3][-1]
[1, 2, 3][0.5]
[1, 2, 3][1 + 1]
[[1, 2], [3, 4]].1[1]
{ a = { b = 1 } }.a.b
{ a = 1 }["a"]
{ a = 1 }["b"]
{ a = 1 }.b
{ "1" = "x" }[1]
"text"[0]
"text".a
[{ a = 1 }, { a = 2 }][*].a
[{ a = [1] }, { a = [2] }][*].a[0]
[{ a = [1] }, { a = [2] }].*.a[0]
[{ a = 1 }, { a = 2 }].*.a
{ a = 1 }[*].a
"x"[*]
[[{ a = 1 }], [{ a = 2 }, { a = 3 }]][*][*].a
[for x in [1, 2, 3] : x * 2]
[for x in [1, 2, 3] : x if x > 1]
[for i, x in ["a", "b"] : "${i}${x}"]
[for k, v in { b = 1, a = 2 } : k]
{ for x in ["a", "b"] : x => upper(x) }
{ for x in ["a", "b"] : x => upper(x) if x != "a" }
{ for x in ["a", "b", "ab"] : substr(x, 0, 1) => x... }
{ for x in ["a", "a"] : x => x }
[for x in 1 : x]
[for x in null : x]
[for x in [[1, 2], [3]] : [for y in x : y + 1]]
abs(-5)
abs(2.5)
ceil(1.2)
ceil(-1.2)
floor(1.8)
floor(-1.2)
max(1, 5, 3)
max([1, 5, 3]...)
min(2, -1)
max()
join(",", ["a", "b"])
join("-", ["a"], ["b", "c"])
join(",", [1, true])
join(",", [])
split(",", "a,b,,c")
split("", "abc")
split(",", "")
lower("ABC")
upper("aé")
replace("hello", "l", "L")
replace("hello world", "/w.*d/", "x")
replace("abc", "/(a)(b)/", "$2$1")
replace("abc", "/(?P<x>b)/", "[$${x}]")
replace("abc", "/[/", "x")
trimspace("  a b \n")
trimprefix("abc", "a")
trimsuffix("abc", "c")
startswith("abc", "ab")
endswith("abc", "bc")
substr("hello", 1, 3)
substr("hello", -3, -1)
substr("hello", 0, 100)
title("hello wide_world it's")
format("%s-%d", "a", 5)
format("%05d|%5s|%-5s|", 42, "ab", "cd")
format("%.2f %f", 3.14159, 2)
format("%v %v %v", [1, "a"], { a = true }, 1.5)
format("%q %t %x %X %b %o", "a\"b", true, 255, 255, 5, 8)
format("%#v", "a")
format("%%")
format("%[2]s %[1]s", "a", "b")
format("%e", 12345.678)
format("%g %g", 1.5, 100000)
format("%+d % d", 5, 5)
format("%d", 3.7)
format("%d", "12")
format("%s")
format("%s", "a", "b")
format("%z", 1)
formatlist("%s=%d", ["a", "b"], [1, 2])
formatlist("%s.%s", "x", ["a", "b"])
formatlist("%s", [])
formatlist("%s%s", ["a"], ["b", "c"])
length([1, 2])
length({ a = 1 })
length("héllo")
length(5)
length(null)
contains(["a", "b"], "a")
contains(["a", "b"], "c")
contains([1, 2], "1")
keys({ b = 1, a = 2 })
values({ b = 1, a = 2 })
merge({ a = 1 }, { b = 2 }, { a = 3 })
merge()
merge({ a = 1 }, null)
lookup({ a = 1 }, "a", 5)
lookup({ a = 1 }, "b", 5)
lookup({ a = 1 }, "b")
element(["a", "b"], 0)
element(["a", "b"], 3)
element(["a", "b"], -1)
element([], 0)
flatten([[1, 2], [[3]], 4])
flatten([])
distinct(["a", "b", "a"])
distinct([1, 2, 1])
sort(["b", "a", "B"])
sort([10, 9])
reverse([1, 2, 3])
range(3)
range(1, 4)
range(1, 10, 3)
range(3, 0)
range(0, 1, 0)
range(0, 1, 0.25)
zipmap(["a", "b"], [1, 2])
zipmap(["a"], [1, 2])
compact(["a", "", null, "b"])
one([])
one([1])
one([1, 2])
one(null)
coalesce(null, "", "a", "b")
coalesce(null, 0)
coalesce(1, "a")
coalesce("", null)
concat([1], ["a"], [])
concat()
tostring(1.5)
tostring(true)
tostring(null)
tostring([])
tonumber("1.5")
tonumber("0x10")
tonumber("abc")
tonumber("1e3")
tonumber(".5")
tonumber(" 1")
tonumber(true)
tobool("true")
tobool("1")
tobool(1)
tobool("yes")
tolist([1, "a"])
tolist([1, true])
toset(["b", "a", "b"])
toset([3, 10, 3])
tomap({ a = 1, b = "x" })
jsonencode({ b = [1, 2.5, null], a = "<&>\u00e9\n" })
jsonencode("\u0001\u2028\u007f\u0008")
jsonencode(null)
jsondecode("{\"a\": [1, 2.50, true, null], \"b\": \"x\"}")
jsondecode("1e2")
jsondecode("[1,]")
jsondecode("")
base64encode("héllo")
base64decode("aMOpbGxv")
base64decode("%%%")
basename("a/b/c.txt")
basename("a/b/")
basename("")
dirname("a/b/c.txt")
dirname("c.txt")
dirname("/a")
sha256("abc")
md5("abc")
try({}.a, "fallback")
try(tonumber("a"), "zero")
try({}.a, [].b)
can({}.a)
can(1)
can("x${null}")
nope(1)
upper()
upper("a", "b")
upper(["a"])
upper(null)
nonsensitive(sensitive("x"))
true ? 1 : "a"
[1, 2] == tolist([1, 2])
{ a = 1 } == tomap({ a = 1 })
0.1 + 0.2 == 0.3
merge({ a = 1 }, { a = { b = 2 } })
[for k, v in { "10" = 1, "9" = 2 } : k]
"${[1, 2][0]}"
{ for k, v in { a = 1, b = 2 } : v => k }
{ a = { b = [1, { c = 2 }] } }.a.b[1].c
"""

# What amlplan does on purpose where Terraform does something else, and why.
DIFFERENT = {
    "1 % 0": "Terraform gives 1; a remainder of nothing is a mistake",
    'true ? 1 : "a"': "the branch that is taken keeps its type",
    "[1, 2] == tolist([1, 2])": "lists and tuples are one type here",
    "{ a = 1 } == tomap({ a = 1 })": "objects and maps are one type here",
}

HEREDOCS = {
    "indented": "<<-E\n    x\n  \n   y\n   E\n",
    "interpolation_first": "<<-E\n  ${1}\n    y\n  E\n",
    "no_indent_before_interpolation": "<<-E\n  x\n${1}\n  E\n",
    "interpolation_inside": "<<-E\n  x ${1}\n     y\n  E\n",
    "trimmed": "<<E\nx   \n  ${~1~}   \n   y\nE\n",
    "loop": "<<E\n%{ for x in [1,2] ~}\n  item ${x}\n%{ endfor ~}\nend\nE\n",
    "trimmed_lines": "<<E\na\n\n\n  %{~ if true ~}\n\n\n  b\n  %{~ endif ~}\n\nc\nE\n",
    "indented_directives": "<<-E\n    %{ if true }\n    a\n    %{ endif }\n  E\n",
    "empty": "<<-E\n  E\n",
    "blank": "<<-E\n\n\n  E\n",
    "crlf": "<<-E\r\n  a\r\n    b\r\n  E\r\n",
    "lone": "<<E\n${1}\nE\n",
    "tabs": "<<-E\n\t\ta\n\t\t\tb\n\tE\n",
    "escapes": '<<E\n\\n $${x} %%{y} "\nE\n',
}  # fmt: skip

SCOPE = Scope(
    values={}, functions=FUNCTIONS, base_folder=Path(), resolve_secret=lambda _reference: UNKNOWN
)


def lines() -> list[str]:
    return [line for line in EXPRESSIONS.splitlines() if line.strip()]


def ours(text: str) -> object:
    source = SourceFile("expression", text)
    expression, diagnostics = parse_expression(source)
    assert expression is not None, diagnostics
    try:
        return plain(evaluate(expression, SCOPE, source))
    except EvaluationError:
        return FAILS


def plain(value: Value) -> object:
    return json.loads(json_text(value), parse_float=Decimal)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("terraform")
    (folder / "main.tf").write_text(
        "locals {\n" + "".join(f"{name} = {text}" for name, text in HEREDOCS.items()) + "}\n",
        encoding="utf-8",
        newline="",
    )
    wrapped = [f'try(jsonencode({line}), "{FAILS}")' for line in lines()]
    wrapped += [f"jsonencode(local.{name})" for name in HEREDOCS]
    done = subprocess.run(
        [str(TERRAFORM), "console"],
        input=f"base64encode(jsonencode([{', '.join(wrapped)}]))\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('"'), done.stdout[:300] + done.stderr
    answers = json.loads(base64.b64decode(json.loads(done.stdout)))
    decoded = [
        answer if answer == FAILS else json.loads(answer, parse_float=Decimal) for answer in answers
    ]
    return dict(zip([*lines(), *HEREDOCS], decoded, strict=True))


@pytest.mark.parametrize("text", lines())
def test_expression(text: str, theirs: dict[str, object]) -> None:
    if text in DIFFERENT:
        assert ours(text) != theirs[text]
    else:
        assert ours(text) == theirs[text]


@pytest.mark.parametrize("name", HEREDOCS)
def test_heredoc(name: str, theirs: dict[str, object]) -> None:
    source = SourceFile("main.hcl", f"value = {HEREDOCS[name]}")
    body, diagnostics = parse(source)
    assert not diagnostics
    value = evaluate(body.attributes["value"].expression, SCOPE, source)
    assert plain(value) == theirs[name]
