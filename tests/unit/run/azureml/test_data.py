"""Inputs of the run as datasets and data references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from azureml_workbench import AzureScript

INPUTS = """
import os
from azureml.core import Dataset, Run, Workspace
from azureml.data import FileDataset, TabularDataset
from azureml.data.data_reference import DataReference

run, ws = Run.get_context(), Workspace.from_config()
images = run.input_datasets["Images-1"]
assert sorted(run.input_datasets) == ["Images-1", "table"] == sorted(ws.datasets), ws.datasets
assert isinstance(images, FileDataset) and isinstance(images, TabularDataset) and images.name
assert os.listdir(images) == ["0.txt"] and os.path.join(images, "0.txt") in images.download()
assert images.to_path() == ["/0.txt"] and images.as_mount() == images.as_download() == images
with images.mount() as mounted:
    assert mounted.mount_point == images
assert images.download("copied") == [os.path.join("copied", "0.txt")]
table = Dataset.get_by_name(ws, "table")
with open(table) as file:
    assert file.read() == "x,y\\n1,2\\n"
assert str(DataReference(None, "Images-1")) == images
try:
    table.to_pandas_dataframe()
except Exception as failure:
    assert "pandas" in str(failure)
for call, words in (
    (lambda: run.input_datasets["none"], "no input named 'none'"),
    (lambda: Dataset.get_by_name(ws, "none"), "no input named 'none'"),
    (lambda: images.download("copied"), "overwrite=True"),
):
    try:
        call()
    except Exception as failure:
        assert words in failure.args[0], failure
    else:
        raise SystemExit(words)
made = run.output_datasets["prepared"]
with open(os.path.join(made, "x.txt"), "w") as file:
    file.write("x")
assert "outputs/prepared/x.txt" in run.get_file_names()
"""
FRAMES = """
import sys, types
read = []
pandas = types.ModuleType("pandas")
pandas.read_csv = lambda path, **options: read.append((path.rpartition("/")[2], options)) or [1]
pandas.read_parquet = lambda path: read.append(path.rpartition("/")[2]) or [2]
pandas.concat = lambda frames, ignore_index: sum(frames, [])
sys.modules["pandas"] = pandas
from azureml.core import Run
inputs = Run.get_context().input_datasets
assert inputs["tables"].to_pandas_dataframe() == [1, 2, 1]
assert read == [("a.csv.gz", {}), "b.parquet", ("c.tsv", {"sep": "\\t"})], read
try:
    inputs["none"].to_pandas_dataframe()
except Exception as failure:
    assert ".parquet" in str(failure), failure
else:
    raise SystemExit("a table of nothing")
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_inputs_are_datasets(version: str, script: AzureScript, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    images, table = tmp_path / "images", tmp_path / "table.csv"
    images.mkdir()
    images.joinpath("0.txt").write_text("0")
    table.write_text("x,y\n1,2\n")
    script.declare({"Images-1": str(images), "table": str(table)})
    script.run(
        INPUTS,
        python=python,
        AMLPLAN_INPUT_IMAGES_1=str(images),
        AMLPLAN_INPUT_TABLE=str(table),
    )


def test_tables_are_read_by_the_pandas_of_the_script(script: AzureScript, tmp_path: Path) -> None:
    tables, none = tmp_path / "tables", tmp_path / "none"
    for name in ("a.csv.gz", "b.parquet", "c.tsv", "notes.txt", ".hidden/d.csv"):
        path = tables / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    none.mkdir()
    script.run(FRAMES, AMLPLAN_INPUT_TABLES=str(tables), AMLPLAN_INPUT_NONE=str(none))
