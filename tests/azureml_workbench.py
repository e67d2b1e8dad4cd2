"""Runs scripts that are written for the Azure ML SDK, with the shims on their path."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from amlplan.runs.recorder import recorder_folder
from run_workbench import RUN, Script

if TYPE_CHECKING:
    import subprocess


class AzureScript(Script):
    """A script that is written for the Azure ML SDK."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.path = str(recorder_folder(self.folder / "data"))
        self.declare({})

    def declare(self, inputs: dict[str, str]) -> None:
        control = self.events_folder / "control.jsonl"
        control.unlink(missing_ok=True)
        definition = {"program": ["python", "train.py"], "inputs": {name: {} for name in inputs}}
        self.tell(
            type="run",
            id=RUN,
            number=7,
            history="digits",
            name="train",
            workspace="ws",
            parent=None,
            definition=definition,
        )
        self.tell(type="status", status="Running")

    def tell(self, **event: Any) -> None:
        with self.events_folder.joinpath("control.jsonl").open("a") as file:
            file.write(json.dumps({"n": 0, "t": 1.0, **event}) + "\n")

    def run(
        self, code: str, *, python: str = sys.executable, alone: bool = False, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        environment.setdefault("PYTHONPATH", self.path)
        return super().run(code, python=python, alone=alone, **environment)
