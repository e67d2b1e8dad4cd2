from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amlplan.runs.request import RunRequest, request_of
from amlplan_schemas.run_config import RunConfig

WORKSPACE = {"address": "workspace.main", "kind": "workspace"}


def config(**values: Any) -> RunConfig:
    return RunConfig.model_validate({"name": "t", "workspace": WORKSPACE, **values})


def request(given: RunConfig, **values: Any) -> RunRequest:
    defaults: dict[str, Any] = {
        "secret_names": frozenset(),
        "variables": {},
        "secrets": {},
        "definition": {},
    }
    return request_of(given, Path("/project"), "/bin/python", **defaults | values)


def test_the_program_has_arguments_before_parameters() -> None:
    made = request(config(script="t.py", arguments=["a"], parameters={"x": "1", "y": ""}))
    assert made.program == ("/bin/python", "t.py", "a", "--x", "1", "--y", "")
    made = request(config(command=["sh", "-c"], arguments=["a"]))
    assert made.program == ("sh", "-c", "a")


def test_limits_are_in_bytes_and_seconds() -> None:
    made = request(
        config(
            script="t.py",
            collect={"max_size": "1KiB"},
            snapshot={"max_size": "2KiB", "max_files": 3},
            max_run_duration="2m",
        )
    )
    assert (made.collected_size, made.snapshot_size, made.snapshot_files) == (1024, 2048, 3)
    assert made.max_duration == 120
    assert made.source == Path("/project")


def test_defaults_are_those_of_a_script_without_configuration() -> None:
    plain = RunRequest("t", "t", Path("/project"), "/bin/python", script="t.py")
    assert request(config(script="t.py")) == plain


def test_variables_of_the_run_replace_those_of_its_environment() -> None:
    made = request(
        config(script="t.py", env={"A": "own", "B": "own secret"}),
        secret_names=frozenset({"B"}),
        variables={"B": "theirs", "C": "theirs"},
        secrets={"A": "their secret", "D": "their secret"},
    )
    assert made.variables == {"A": "own", "C": "theirs"}
    assert made.secrets == {"B": "own secret", "D": "their secret"}


def test_the_history_of_a_run_has_its_name_or_the_one_that_is_set() -> None:
    assert request(config(script="t.py")).history == "t"
    assert request(config(script="t.py", name="a.b", history="a-b")).history == "a-b"


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a.b"},
        {"env": {"AMLPLAN_RUN_ID": "x"}},
        {"input": {"a.b": {"path": "x"}, "A_B": {"path": "y"}}},
        {"command": ["x"]},
    ],
)
def test_configurations_that_contradict_themselves_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        config(script="t.py", **values)


def test_mlflow_is_left_alone_only_where_that_is_asked_for() -> None:
    assert "AMLPLAN_MLFLOW" not in request(config(script="t.py")).variables
    made = request(config(script="t.py", mlflow={"tracking": "leave"}))
    assert made.variables["AMLPLAN_MLFLOW"] == "leave"
