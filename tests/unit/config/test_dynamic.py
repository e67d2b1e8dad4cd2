"""Dynamic blocks make the blocks that they stand for, and say what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.evaluating.evaluation import Evaluation
from amlplan.config.reading.load import load
from amlplan.secrets import Secrets
from amlplan.values import UNKNOWN
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.diagnostics import Diagnostic

TYPES = {"run_config": frozenset({"run_config"})}
MODELS = {"run_config": RunConfig}


def read(
    folder: Path, body: str, variables: dict[str, Any] | None = None
) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """The values of a run configuration with this body."""
    declared = "".join(f'variable "{name}" {{}}\n' for name in variables or {})
    text = f'{declared}run_config "train" {{\nworkspace = null\n{body}\n}}\n'
    (folder / "main.hcl").write_text(text)
    configuration = load(folder, TYPES)
    secrets = Secrets(folder)
    evaluation = Evaluation(configuration, {}, TYPES, variables or {}, secrets)
    [address] = list(evaluation.addresses())
    return evaluation.resource(address, MODELS["run_config"])


def test_labelled_blocks_of_a_map(tmp_path: Path) -> None:
    values, problems = read(
        tmp_path,
        """
        dynamic "input" {
          for_each = { train = "a.csv", test = "b.csv" }
          labels   = [input.key]
          content {
            path = "data/${input.value}"
          }
        }
        input "extra" {
          path = "c.csv"
        }
        """,
    )
    assert problems == []
    assert values is not None
    assert values["input"] == {
        "train": {"path": "data/a.csv"},
        "test": {"path": "data/b.csv"},
        "extra": {"path": "c.csv"},
    }


def test_one_block_or_none_by_a_list(tmp_path: Path) -> None:
    body = """
        dynamic "resources" {
          for_each = var.gpus == 0 ? [] : [var.gpus]
          iterator = wanted
          content {
            gpus = wanted.value + wanted.key
          }
        }
    """
    values, problems = read(tmp_path, body, {"gpus": 2})
    assert (values or {})["resources"] == {"gpus": 2}
    assert problems == []
    values, problems = read(tmp_path, body, {"gpus": 0})
    assert "resources" not in (values or {})
    assert problems == []


def test_a_set_has_its_elements_as_keys(tmp_path: Path) -> None:
    values, _ = read(
        tmp_path,
        """
        dynamic "input" {
          for_each = toset(["a", "b"])
          labels   = [input.key]
          content {
            path = input.value
          }
        }
        """,
    )
    assert (values or {})["input"] == {"a": {"path": "a"}, "b": {"path": "b"}}


def test_how_many_is_not_known_yet(tmp_path: Path) -> None:
    body = 'dynamic "resources" {\nfor_each = var.later\ncontent {\ngpus = 1\n}\n}'
    values, problems = read(tmp_path, body, {"later": UNKNOWN})
    assert ((values or {})["resources"], problems) == (UNKNOWN, [])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('dynamic "input" {\nfor_each = []\n}', "needs one content block"),
        ('dynamic "input" {\ncontent {}\n}', "needs for_each"),
        ("dynamic {\nfor_each = []\ncontent {}\n}", "takes one label"),
        ('dynamic "input" {\nfor_each = 1\ncontent {}\n}', "takes a list, a set, a map or an"),
        ('dynamic "input" {\nfor_each = [1]\nlabels = [1]\ncontent {}\n}', "list of known strings"),
        ('dynamic "input" {\nfor_each = [1]\ncontent {}\n}', "takes one label, as in input"),
        ('dynamic "x" {\nfor_each = []\niterator = "a"\ncontent {}\n}', "no plain name"),
        ('dynamic "x" {\nfor_each = []\nitrator = 1\ncontent {}\n}', 'not "itrator"'),
        ('dynamic "resources" {\nfor_each = [1, 2]\ncontent {}\n}', "may stand here once"),
    ],
)
def test_mistakes(tmp_path: Path, body: str, said: str) -> None:
    values, problems = read(tmp_path, body)
    assert values is None
    assert [problem for problem in problems if said in problem.detail], problems
