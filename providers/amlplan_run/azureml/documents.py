"""The documents of the SDK that hold several figures at once, as tables."""

import json
import os

from amlplan_run.values import UnfitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    Columns = Dict[str, List[Any]]


def document_of(value: object) -> "Dict[str, Any]":
    """A document: given as it is, as JSON text, or as the path of a file."""
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                value = json.load(file)
        else:
            value = json.loads(path)
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        raise UnfitError('give a document with "data", its path, or its text')
    return value


def confusion_matrix(data: "Dict[str, Any]") -> "Columns":
    """A row for each class as it is, a column for each class as it was predicted."""
    labels = [str(label) for label in data["class_labels"]]
    columns = {"actual": list(labels)}  # type: Columns
    for position, label in enumerate(labels):
        columns["predicted " + label] = [row[position] for row in data["matrix"]]
    return columns


def accuracy_table(data: "Dict[str, Any]") -> "Columns":
    """A row for each class and threshold, with what was told right and wrong there."""
    columns = {
        name: []
        for name in (
            *("by", "class", "threshold"),
            *("true_positives", "false_positives", "true_negatives", "false_negatives"),
        )
    }  # type: Columns
    for by in ("probability", "percentile"):
        thresholds = data.get(by + "_thresholds", [])
        for label, rows in zip(data["class_labels"], data.get(by + "_tables", [])):
            for threshold, counts in zip(thresholds, rows):
                for column, value in zip(columns.values(), (by, str(label), threshold, *counts)):
                    column.append(value)
    return columns


def residuals(data: "Dict[str, Any]") -> "Columns":
    """A row for each bin of residuals."""
    return _bins(data, {"count": data["bin_counts"]})


def predictions(data: "Dict[str, Any]") -> "Columns":
    """A row for each bin of true values, with what was predicted there."""
    averages, errors = data["bin_averages"], data.get("bin_errors")
    columns = {"count": data["bin_counts"], "average": averages}
    return _bins(data, columns if errors is None else {**columns, "error": errors})


def _bins(data: "Dict[str, Any]", columns: "Columns") -> "Columns":
    edges = data["bin_edges"]
    return {"from": edges[:-1], "to": edges[1:], **columns}
