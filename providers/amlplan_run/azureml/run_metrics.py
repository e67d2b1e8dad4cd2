"""What a run measured: logging, and reading it back."""

import json
import os

from amlplan_run import values
from amlplan_run.azureml import documents, family
from amlplan_run.azureml.facts import facts_of, shown_metrics
from amlplan_run.azureml.run_base import RunBase
from amlplan_run.files import file_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Optional

DOCUMENTS = "outputs/metrics"


class Metrics(RunBase):
    """The logging of a run; nothing of it raises for a value that cannot be recorded."""

    def log(
        self, name: str, value: object, description: str = "", step: "Optional[int]" = None
    ) -> None:
        """Record a number, text or truth value; logged again, the name makes a series."""
        self._native.log(name, value, step)

    def log_list(self, name: str, value: "Iterable[object]", description: str = "") -> None:
        """Record values that belong together."""
        self._native.log_list(name, value)

    def log_row(self, name: str, description: "Optional[str]" = None, **kwargs: object) -> None:
        """Record a row of a table."""
        self._native.log_row(name, **kwargs)

    def log_table(self, name: str, value: "Any", description: str = "") -> None:
        """Record a table by column."""
        self._native.log_table(name, value)

    def log_image(
        self,
        name: str,
        path: "Optional[str]" = None,
        plot: object = None,
        description: str = "",
    ) -> None:
        """Record an image: a file, or a figure of matplotlib (or pyplot itself)."""
        self._native.log_image(name, path, plot)

    def log_confusion_matrix(self, name: str, value: object, description: str = "") -> None:
        """Record how often each class was taken for each other one."""
        self._log_document(name, value, documents.confusion_matrix)

    def log_accuracy_table(self, name: str, value: object, description: str = "") -> None:
        """Record what was told right and wrong, by threshold."""
        self._log_document(name, value, documents.accuracy_table)

    def log_residuals(self, name: str, value: object, description: str = "") -> None:
        """Record a histogram of residuals."""
        self._log_document(name, value, documents.residuals)

    def log_predictions(self, name: str, value: object, description: str = "") -> None:
        """Record what was predicted, by bins of what is true."""
        self._log_document(name, value, documents.predictions)

    def get_metrics(
        self,
        name: "Optional[str]" = None,
        recursive: bool = False,
        run_type: object = None,
        populate: object = False,
    ) -> "Dict[str, Any]":
        """What was logged, by name; with `recursive`, that of each run below by its id."""
        if recursive:
            below = [self._identity]
            for identity in below:
                below.extend(facts_of(identity)["children"])
            return {identity: _metrics(identity, name) for identity in reversed(below)}
        return _metrics(self._identity, name)

    def _log_document(
        self, name: str, value: object, table: "Callable[[Dict[str, Any]], Dict[str, Any]]"
    ) -> None:
        """Record a document as a table people can read, and keep it whole in outputs."""

        def fields() -> "Dict[str, object]":
            document = documents.document_of(value)
            columns = values.table_of(table(document["data"]))
            _keep(name, document)
            return {"name": values.text(name), "values": columns}

        self._native._record("table", name, fields)  # noqa: SLF001 - of the same distribution


def _metrics(identity: str, name: "Optional[str]") -> "Dict[str, Any]":
    metrics = shown_metrics(facts_of(identity)["metrics"])
    return metrics if name is None else {key: metrics[key] for key in metrics if key == name}


def _keep(name: str, document: "Dict[str, Any]") -> None:
    path = os.path.join(family.work(), DOCUMENTS, file_name(values.text(name)) + ".json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values.cell(document), file)
