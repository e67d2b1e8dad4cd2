"""Expressions give what `terraform console` says they give, and of the same type."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from amlplan.config.expressions.evaluate import evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from terraform_console import TERRAFORM, Answer, are_same, as_json, ask, evaluated, scope_of

pytestmark = pytest.mark.skipif(
    TERRAFORM is None, reason="terraform is not on PATH to compare with"
)

OURS = {"command_secret", "env", "env_secret", "file_secret"}
CORPUS = Path(__file__).parent / "expressions"
EXPRESSIONS = {
    path.stem: [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for path in sorted(CORPUS.glob("*.txt"))
}

# What amlplan does on purpose where Terraform does something else, and why.
DIFFERENT = {
    "1 % 0": "Terraform gives 1; a remainder of nothing is a mistake",
    "false&&null": "the right operand is looked at only where the left one leaves it open",
    'cidrhost("fd00::/56",1e23)': "there is no such host; Terraform's is outside of the network",
    "log(10,0)": "Terraform gives -0; there is no logarithm of base 0",
    "pow(3,40)": "a power is exact where its exponent is whole; Terraform's has 16 digits",
    "pow(2,64)": "the same",
    "pow(1.1,10)": "the same",
    "pow(10,309)": "the same",
    "pow(9007199254740993,1)": "the same",
    'textdecodebase64("gA==","Shift_JIS")': "this byte is nothing in Shift_JIS",
    r'jsondecode("{\"e\\u0301\":1}")': "Terraform fails at names that are not composed",
    r'yamldecode("a: \"\\/\"")': "the library knows this escape of YAML 1.2",
    r'yamldecode("a: \"\\x41\\U0001F937\\/\"")': "the same",
    r'yamldecode("%YAML 1.2\n---\na: 1")': "the library does not mind the version",
    r'yamldecode("&a a: 1\n*a : 2")': "an alias may be a key",
    'yamldecode("a: ! 1")': "a tag without a name means nothing",
    'formatdate("YYYY","0000-01-01T00:00:00Z")': "years are 1 to 9999",
    'timeadd("0000-01-01T00:00:00Z","-1h")': "years are 1 to 9999",
    'timeadd("9999-12-31T23:59:59Z","1s")': "years are 1 to 9999",
    'cidrsubnet("10.1.2.0/24",-1,0)': "a subnet cannot be larger than its network",
    'cidrsubnet("10.1.2.0/24",1,-1)': "Terraform gives an address outside of the network",
    r'fileset(".","{{a,n}ote,b}.txt")': "braces that nest are a mistake, in Terraform fit nothing",
    'cidrsubnets("0.0.0.0/0",4,4)': "Terraform fails at networks that begin with 0.0.0.0",
    "toset([[1],null])": "null fits every type",
    "tolist([[1],null])": "null fits every type",
    "tolist([{a=1},null])": "null fits every type",
    "tolist([tolist([1]),null])": "null fits every type",
    "tolist([{a=[1]},{a=null}])": "null fits every type",
    'tolist([tomap({}), {c = [], d = ["a"]}])': "the elements of an empty map fit every type",
    '[for x in [] : x if x != tonumber("x")]': "nothing is evaluated for no element",
    'toset([tolist([toset(["a"])]),tolist([])])': "the elements of an empty list fit every type",
    'true ? {b = {a = 1}, c = "x"} : {a = "b", k = toset("x")}': "what failed fits every type",
    'replace("abc","/(?P<é>b)/","x")': "RE2 lets names have all letters",
    'regex("(?P<x>a)(?P<x>b)","ab")': "a name stands for one group",
    "tostring(-0)": "zero has no sign",
    "tostring(1/3)": "quotients have 155 decimal digits, in Terraform 512 binary ones",
    "1/3*3 == 1": "quotients have 155 decimal digits",
    "[null] == [tostring(null)]": "null has no type",
    "{a=null} == {a=tostring(null)}": "null has no type",
    "tolist([null]) == tolist([tostring(null)])": "null has no type",
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terraform") / "project"
    shutil.copytree(CORPUS / "files", folder)
    (folder / "main.tf").write_text(
        "locals {\n" + "".join(f"{name} = {text}" for name, text in HEREDOCS.items()) + "}\n",
        encoding="utf-8",
        newline="",
    )
    return folder


@pytest.fixture(scope="module")
def theirs(folder: Path) -> dict[str, Answer]:
    asked = [text for family in EXPRESSIONS.values() for text in family]
    asked += [f"local.{name}" for name in HEREDOCS]
    return dict(zip(asked, ask(asked, folder), strict=True))


@pytest.mark.parametrize(
    ("family", "text"), [(family, text) for family, texts in EXPRESSIONS.items() for text in texts]
)
def test_expression(family: str, text: str, folder: Path, theirs: dict[str, Answer]) -> None:
    ours = evaluated(text, folder)
    assert are_same(ours, theirs[text]) == (text not in DIFFERENT), (ours, theirs[text])


def test_every_function_is_compared() -> None:
    text = "\n".join(text for family in EXPRESSIONS.values() for text in family)
    assert not [name for name in FUNCTIONS if name not in OURS and f"{name}(" not in text]


def test_every_difference_is_compared() -> None:
    assert DIFFERENT.keys() <= {text for family in EXPRESSIONS.values() for text in family}


@pytest.mark.parametrize("name", HEREDOCS)
def test_heredoc(name: str, folder: Path, theirs: dict[str, Answer]) -> None:
    source = SourceFile("main.hcl", f"value = {HEREDOCS[name]}")
    body, diagnostics = parse(source)
    assert not diagnostics
    value = evaluate(body.attributes["value"].expression, scope_of(folder), source)
    assert as_json(value) == theirs[f"local.{name}"].value
