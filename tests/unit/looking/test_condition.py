"""Conditions on runs: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

import math

import pytest

from amlplan.errors import ConfigError
from amlplan.looking.condition import Condition
from looking_support import overview

RUN = overview(
    7,
    metrics={
        "mse": 0.1,
        "val/acc": 0.9,
        "val.loss": 2,
        "loss": [3, 1, 2],
        "odd": math.nan,
        "most": math.inf,
        "label": "cat",
        "ok": True,
    },
    parameters={"alpha": "0.10", "kernel": "rbf", "bias": "True"},
    tags={"stage": "try", "empty": None},
)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.mse = 0.1",
        "metrics.mse == 0.1",
        "metrics.mse <= 0.1 and params.alpha = 0.1",
        'params.alpha >= 0.1 && parameters.kernel == "rbf"',
        "params.bias = true",
        "params.kernel = 'rbf' AND NOT (status = 'Failed')",
        "not(metrics.mse > 1)",
        'metrics["val/acc"] > 0.5',
        "metrics.val.loss = 2",
        "min.loss = 1 and max.loss = 3 and count.loss = 3 and metrics.loss = 2",
        "metrics.gone < 1 or metrics.mse < 1",
        "metrics.mse < 1 or metrics.gone < 1",
        "metrics.odd < 1 or metrics.most > 1e300",
        "metrics.label = 'cat' and metrics.label != 'dog'",
        "metrics.ok",
        "metrics.ok = true and !(metrics.mse > 1)",
        "tags.stage = 'try'",
        "number = 7 and duration = 10 and history = 'train'",
        "startswith(name, 'train') and metrics.mse * 10 == 1",
        "metrics.label = 'cat' and tags.stage != 'x=y and z'",
        "metrics.label != 3",
        'contains(["try", "prod"], tags.stage)',
    ],
)
def test_conditions_that_hold(text: str) -> None:
    assert Condition.read(text).fits(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.mse > 0.1",
        "metrics.gone < 1",
        "not (metrics.gone < 1)",
        "metrics.gone != 1",
        "metrics.odd < 1",
        "metrics.odd != 1",
        "metrics.label < 3",
        "metrics.label = 3",
        "tags.empty = ''",
        "params.kernel = 'linear' or params.alpha > 1",
        "metrics.gone < 1 and metrics.mse < 1",
        "metrics.gone + 1 < 5",
        "params.bias < 1",
        "exit_code = 0",
    ],
)
def test_conditions_that_do_not_hold(text: str) -> None:
    assert not Condition.read(text).fits(RUN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mse < 1", "written metrics.mse"),
        ("metric.mse < 1", 'Did you mean "metrics"'),
        ("metrics.mse <", "A value is expected"),
        ("metrics.mse < 1 2", "Remove the rest"),
        ("tags.stage = prod", "a text 'prod'"),
        ("", "A value is expected"),
        ('metrics.label = "cat', "quot"),
    ],
)
def test_what_is_no_condition_is_told_when_it_is_read(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Condition.read(text)
    assert said in f"{caught.value.summary} {caught.value.detail}"


@pytest.mark.parametrize(
    "text",
    ["metrics.mse", "!metrics.mse < 3", "nothing(name)", "file('/etc/hostname') == 'x'", "metrics"],
)
def test_what_makes_no_sense_of_a_run_is_told(text: str) -> None:
    with pytest.raises(ConfigError):
        Condition.read(text).fits(RUN)


def test_names_that_no_run_has_are_told() -> None:
    condition = Condition.read("metrics.mze < 1 or tags.stage = 'x'")
    assert condition.unheard_of([RUN]) == ['No run has metrics.mze. Did you mean "mse"?']
    assert condition.unheard_of([]) == []


def test_a_condition_nested_without_end_is_an_error() -> None:
    with pytest.raises(ConfigError):
        Condition.read("!" * 100_000 + "metrics.ok").fits(RUN)
