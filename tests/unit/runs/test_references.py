"""Data references of Azure ML v1 in the environment and the arguments of a run."""

from __future__ import annotations

from pathlib import Path

from amlplan.runs.inputs import Input
from amlplan.runs.references import expanded, reference_variables

IMAGES = Input("images", Path("/data/images"), "sha256:0", 1)
TABLE = Input("my-table", Path("/data/table.csv"), "sha256:0", 1)


def test_each_input_has_a_variable() -> None:
    assert reference_variables([IMAGES, TABLE], Path("/work")) == {
        "AZUREML_DATAREFERENCE_images": "/data/images",
        "AZUREML_DATAREFERENCE_my_table": "/data/table.csv",
    }


def test_references_in_arguments_become_paths() -> None:
    program = [
        "train.py",
        "--data=$AZUREML_DATAREFERENCE_images/train",
        "${AZUREML_DATAREFERENCE_my_table}",
        "$AZUREML_DATAREFERENCE_other",
        "$HOME",
    ]
    assert expanded(program, reference_variables([IMAGES, TABLE], Path("/work"))) == (
        "train.py",
        "--data=/data/images/train",
        "/data/table.csv",
        "$AZUREML_DATAREFERENCE_other",
        "$HOME",
    )
