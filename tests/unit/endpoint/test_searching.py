"""MLflow's filters and orders."""

from __future__ import annotations

import math

import pytest

from amlplan_endpoint.answers import Refusal
from amlplan_endpoint.run_record import Point, RunRecord
from amlplan_endpoint.searching import searched

A = RunRecord(
    "h_1_0000000a",
    name="first",
    status="Completed",
    started=10.0,
    parameters={"kind": "svm", "depth": "3"},
    tags={"a b": "x", "team": "us"},
    latest={"loss": Point(0.5, 1, 0), "val/acc": Point(0.9, 1, 0)},
)
B = RunRecord(
    "h_1_0000000a.1", "h_1_0000000a", name="fold", started=20.0, parameters={"kind": "Tree"}
)
C = RunRecord(
    "h_1_0000000a.2", "h_1_0000000a", started=30.0, latest={"loss": Point(math.nan, 1, 0)}
)
D = RunRecord("h_1_0000000a.3", "h_1_0000000a", started=40.0, latest={"loss": Point(0.25, 1, 0)})
ALL = [A, B, C, D]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL),
        ("metrics.loss < 0.5", [D]),
        ("metrics.loss <= .5 AND params.kind = 'svm'", [A]),
        ("metric.loss > 1e-1 and metrics.loss != 0.5", [D]),
        ('metrics.`val/acc` = 0.9 and metrics."val/acc" >= 0.9 and metrics.val/acc < 1', [A]),
        ("params.kind != 'svm'", [B]),
        ("params.kind LIKE 's%'", [A]),
        ("metrics.loss LIKE 5", []),
        ("params.depth = 3", []),
        ("params.kind LIKE 't_ee'", []),
        ("parameters.kind ilike 't_ee'", [B]),
        ("params.kind IN ('svm', 'Tree')", [A, B]),
        ("params.kind NOT IN ('svm')", [B]),
        ("params.depth = '3'", [A]),
        ("params.kind IS NULL", [C, D]),
        ("tags.team IS NOT NULL", [A]),
        ('tags.`a b` = "x"', [A]),
        ("tags.mlflow.runName = 'fold'", [B]),
        ("tags.mlflow.parentRunId = 'h_1_0000000a'", [B, C, D]),
        ("attributes.status = 'FINISHED'", [A]),
        ("status = 'RUNNING' and start_time > 25000", [C, D]),
        ("run_id = 'h_1_0000000a-1'", [B]),
        ("attributes.run_name = 'first'", [A]),
    ],
)
def test_a_filter_leaves_the_runs_that_fit(text: str, expected: list[RunRecord]) -> None:
    assert searched(ALL, text, []) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.loss"], [D, A, C, B]),
        (["metrics.loss DESC"], [A, D, C, B]),
        (["attributes.start_time desc"], [D, C, B, A]),
        (["params.kind ASC", "start_time DESC"], [B, A, D, C]),
    ],
)
def test_runs_come_in_the_order_that_is_asked_for(
    order: list[str], expected: list[RunRecord]
) -> None:
    assert searched(ALL, "", order) == expected


@pytest.mark.parametrize(
    "text",
    [
        "metrics.loss",
        "metrics.loss <",
        "metrics.loss < 'a' or metrics.loss > 1",
        "elsewhere.loss < 1",
        "and",
        "params.kind IN ('a'",
        "params.kind IN 'a'",
        "metrics.loss < 1 metrics.loss > 0",
        "'a' = params.kind",
        "params.kind = 'a",
        "\0",
        "metrics.loss IS 3",
    ],
)
def test_what_is_no_filter_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refusal, match="Write it as in"):
        searched(ALL, text, [])
