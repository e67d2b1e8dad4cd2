"""The functions are those of Terraform, but for those that are left out with a reason."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from amlplan.config.expressions.functions.excluded import EXCLUDED
from amlplan.config.expressions.functions.table import FAMILIES, FUNCTIONS, OURS
from terraform_console import TERRAFORM

NAMES = Path(__file__).with_name("terraform_functions.txt").read_text().split()
OF_OURS = {function.name for function in FAMILIES[OURS]}


def test_every_function_of_terraform_is_here_or_left_out_with_a_reason() -> None:
    assert sorted((FUNCTIONS.keys() - OF_OURS) | EXCLUDED.keys()) == NAMES


def test_nothing_is_left_out_that_is_here() -> None:
    assert not FUNCTIONS.keys() & EXCLUDED.keys()
    assert all(EXCLUDED.values())


def test_every_function_is_in_one_family_under_its_name() -> None:
    listed = [function.name for family in FAMILIES.values() for function in family]
    assert sorted(listed) == sorted(FUNCTIONS)
    assert all(name == function.name for name, function in FUNCTIONS.items())


@pytest.fixture(scope="module")
def signatures() -> dict[str, dict[str, object]]:
    if TERRAFORM is None:
        pytest.skip("terraform is not on PATH to compare with")
    done = subprocess.run(
        [TERRAFORM, "metadata", "functions", "-json"], check=True, capture_output=True
    )
    found: dict[str, dict[str, object]] = json.loads(done.stdout)["function_signatures"]
    return found


def test_the_list_of_names_is_that_of_terraform(signatures: dict[str, dict[str, object]]) -> None:
    assert sorted(name for name in signatures if "::" not in name) == NAMES
    assert sorted(name for name in signatures if "::" in name) == [f"core::{n}" for n in NAMES]


def test_calls_need_as_many_arguments(signatures: dict[str, dict[str, object]]) -> None:
    for name in FUNCTIONS.keys() & signatures.keys():
        theirs, ours = signatures[name], FUNCTIONS[name]
        if name == "can":  # its one parameter is checked by itself, since it is not evaluated
            continue
        stated = theirs.get("parameters", [])
        assert isinstance(stated, list)
        assert ours.required == len(stated), name
        assert bool(ours.variadic or ours.optional) == ("variadic_parameter" in theirs), name
