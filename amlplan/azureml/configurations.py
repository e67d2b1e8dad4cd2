"""Run configurations as objects."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from amlplan.azureml.described import Described, environment_of, target_of
from amlplan.config.azureml.project_file import runconfig_path
from amlplan.config.azureml.runconfig import FOLDERS, SUFFIX
from amlplan.config.azureml.told import told_of
from amlplan.config.azureml.write import new_text
from amlplan.errors import RunError
from amlplan.files import failure_at
from amlplan.project.run_request import history_named_for
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNNAMED = "run"


class RunConfiguration(Described):
    """A `run_config` block as an object: it takes the fields of the block.

    `target` and `environment` are addresses of applied blocks; "local" is this host. Once made it
    does not change; `with_fields` gives another one.
    """

    kind = "run_config"
    model = RunConfig

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[str] = (),
        *,
        target: str | None = None,
        environment: str | None = None,
        name: str | None = None,
        **fields: Any,
    ) -> None:
        given = {
            "script": script,
            "arguments": list(arguments) or None,
            "target": target,
            "environment": environment,
            "name": name,
            **fields,
        }
        self.given = {name: value for name, value in given.items() if value is not None}
        file = script or fields.get("from_runconfig")
        has_program = file or fields.get("command")
        super().__init__(
            {
                **self.given,
                "name": name or history_named_for(PurePath(file or UNNAMED)),
                "target": target_of(target),
                "environment": environment_of(environment),
            },
            stand_in=None if has_program else {"script": UNNAMED},
        )

    @classmethod
    def load(cls, path: str | Path = ".", name: str = "local") -> RunConfiguration:
        """What a runconfig file of a folder says, read where it is used."""
        found = runconfig_path(Path(path), name)
        if found is None:
            raise RunError(
                "The runconfig file is missing",
                f"There is no {name}{SUFFIX} in {' or '.join(FOLDERS)} of {path}.",
            )
        return cls(from_runconfig=found)

    def save(self, path: str | Path = ".", name: str = "local") -> Path:
        """Write it as a runconfig file into `.azureml`; gives its path. Replaces what is there."""
        place = Path(path) / FOLDERS[0] / f"{name}{SUFFIX}"
        config = RunConfig.model_validate(self.document(root=path))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(new_text(told_of(config)), encoding="utf-8")
        except OSError as failure:
            raise failure_at(place, "written", failure) from failure
        return place

    def with_fields(self, fields: Mapping[str, Any]) -> RunConfiguration:
        """The same with other values for some fields."""
        return RunConfiguration(**{**self.given, **fields})


class ScriptRunConfig(RunConfiguration):
    """A script in a folder, with a run configuration for the rest."""

    def __init__(
        self,
        source_directory: str = ".",
        script: str | None = None,
        arguments: Sequence[str] = (),
        run_config: RunConfiguration | None = None,
    ) -> None:
        mine = {"script": script, "arguments": list(arguments) or None, "source": source_directory}
        given = {name: value for name, value in mine.items() if value is not None}
        super().__init__(**({} if run_config is None else run_config.given) | given)
