"""What every object that describes a run has: its block, as a model and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from amlplan.config.azureml.expand import expanded, told
from amlplan.errors import RunError
from amlplan.planning.implied_environments import implied_environment
from amlplan.project.described_run import DescribedRun
from amlplan_schemas.base import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import ResourceInputs

HERE = (None, "local")
"""The names of a compute target that mean this host."""
UNSAID = "workspace.main"
"""The workspace of an object that was submitted to none yet."""


class Described:
    """A run as an object: the fields of a block, checked when it is made.

    Raises RunError for fields that the block would not have, or not with these values.
    """

    kind: str
    model: type[ResourceInputs]

    def __init__(
        self, fields: Mapping[str, Any], stand_in: Mapping[str, Any] | None = None
    ) -> None:
        """Check the fields, with `stand_in` for those that may still come."""
        self._fields = {**fields, **(stand_in or {})}
        self.block(UNSAID)
        self._fields = {name: value for name, value in fields.items() if value is not None}

    def block(self, workspace: str, history: str | None = None) -> ResourceInputs:
        """The block that says the same, for a workspace by its address."""
        given = {name: value for name, value in self._fields.items() if value is not None}
        values = {"workspace": _reference(workspace), **given}
        if history is not None:
            values["history"] = history
        try:
            return self.model.model_validate(values)
        except ValidationError as failure:
            raise RunError("No run configuration", _told(failure)) from None

    def document(self, workspace: str = UNSAID, root: str | Path = ".") -> dict[str, Any]:
        """The run configuration in full, as the block's `amlplan show -json` gives it."""
        config, _ = expanded(self.block(workspace), Path(root))
        return config.model_dump(mode="json")

    def described(
        self, workspace: str, history: str | None, root: Path
    ) -> tuple[DescribedRun, tuple[str, ...]]:
        """The run, and what of its files amlplan does not do; raises AmlplanError."""
        block = self.block(workspace, history)
        config, remarks = expanded(block, root)
        implied = implied_environment(self.kind, block.model_dump(mode="json"), root)
        run = DescribedRun(config, implied, type(self).__name__)
        return run, tuple(map(told, remarks))


def target_of(name: str | None) -> Reference | None:
    """A compute target by its address, None for this host."""
    return None if name in HERE else _reference(str(name))


def environment_of(name: str | None) -> Reference | None:
    """An environment by the address of its block, as in `environment.sk`."""
    return None if name is None else _reference(name)


def _reference(address: str) -> Reference:
    block, _, label = address.rpartition(".")
    if not block or not label:
        raise RunError(
            "No address of a block", f"{address!r} is none; write it as in compute.here."
        )
    kind = block.rpartition(".")[2]
    return Reference(address=address, kind="compute.local" if kind == "compute" else kind)


def _told(failure: ValidationError) -> str:
    """Every mistake in one text."""
    texts = []
    for item in failure.errors(include_url=False):
        place = ".".join(map(str, item["loc"]))
        text = item["msg"].removeprefix("Value error, ")
        texts.append(f"{place}: {text}" if place else text)
    return f"{'; '.join(texts)}."
