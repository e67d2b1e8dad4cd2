"""A workspace on disk with a model to register, for tests and for processes that tests kill."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from amlplan.provider import Desired, Draft, ProviderContext
from amlplan.testing import StandInOperation, record_of
from amlplan_local.model import LocalModel
from amlplan_local.workspace import LocalWorkspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

WORKSPACE = {"address": "workspace.main", "kind": "workspace", "identity": "lineage:main:1"}


class KillingOperation(StandInOperation):
    """Ends this process without a farewell when it comes to a step or a text."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def step(self, name: str, data: JsonValue = None) -> None:
        self._meet(f"before {name}")
        super().step(name, data)
        self._meet(f"after {name}")

    def progress(self, text: str) -> None:
        self._meet(text)

    def _meet(self, what: str) -> None:
        if what.startswith(self.at):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Workbench:
    folder: Path
    context: ProviderContext = field(init=False)
    workspace: Record = field(init=False)

    def __post_init__(self) -> None:
        self.context = ProviderContext(
            self.folder / "root", self.folder / "data", self.folder / "cache"
        )
        self.context.root.mkdir(parents=True, exist_ok=True)
        provider = LocalWorkspace(self.context)
        inputs = provider.kind.inputs.model_validate({"name": "main"})
        desired = Desired(
            "workspace.main", "workspace", "main", WORKSPACE["identity"], inputs, {}, {}
        )
        outputs = provider.create(desired, StandInOperation())
        self.workspace = record_of(desired, outputs, provider)

    @property
    def models(self) -> LocalModel:
        return LocalModel(self.context)

    @property
    def targets(self) -> Mapping[str, Record]:
        return {"workspace": self.workspace}

    @property
    def store(self) -> Path:
        from pathlib import Path

        return Path(self.workspace.outputs.values["path"]) / "store"

    def write(self, files: Mapping[str, bytes], source: str = "model") -> None:
        for name, data in files.items():
            path = self.context.root / source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def desired(self, identity: str = "lineage:model:1", **values: Any) -> Desired:
        inputs = LocalModel.kind.inputs.model_validate(
            {"name": "ridge", "workspace": WORKSPACE, "source": "model", **values}
        )
        desired = Desired("model.ridge", "model", inputs.name, identity, inputs, {}, self.targets)
        return replace(desired, derived=self.models.derive(self.draft(desired)))

    def draft(self, desired: Desired) -> Draft:
        values = desired.inputs.model_dump(mode="json")
        return Draft(desired.address, desired.kind, desired.name, values, frozenset())

    def create(self, desired: Desired) -> Record:
        return record_of(desired, self.models.create(desired, StandInOperation()), self.models)

    def update(self, desired: Desired, prior: Record) -> Record:
        outputs = self.models.update(desired, prior, StandInOperation())
        return record_of(desired, outputs, self.models)

    def versions(self) -> list[str]:
        folder = self.store / "models" / "ridge"
        return sorted(path.name for path in folder.glob("[0-9]*.json"))


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    import time

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def is_running(process: int) -> bool:
    """Whether a process is there and is no zombie."""
    from pathlib import Path

    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] != "Z"
