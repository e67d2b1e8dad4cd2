"""The dialect of 2017's Workbench, told as the fields that came after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from amlplan.config.azureml.yaml_file import Way, YamlFile

DIALECT: Final = "Workbench (2017)"
TRANSLATED: Final = {
    "ArgumentVector": "script, then arguments; `$file` stands for a script named elsewhere",
    "Target": "target",
    "Framework": "framework",
    "EnvironmentVariables": "environment.environmentVariables",
    "CondaDependenciesFile": "environment.python.condaDependenciesFile",
    "PrepareEnvironment": "autoPrepareEnvironment",
    "TrackedRun": "history.outputCollection",
}
"""What a field of Workbench is called, or becomes, in later files."""
NAMED: Final = {
    "SparkDependenciesFile": "nothing is installed for Spark",
    "UseSampling": "data sources of Workbench are not read",
    "DataSourceSubstitutions": "data sources of Workbench are not read",
    "DataSourceSettings": "data sources of Workbench are not read",
}
"""What has no later name, and why it is not used."""


def is_workbench(file: YamlFile) -> bool:
    """Whether a file is written in Workbench's dialect: its keys begin with capitals."""
    return any(name in TRANSLATED or name in NAMED for name in file.values)


def modern_way(way: Way) -> Way:
    """The later way of a field of Workbench; its own where there is none."""
    later = TRANSLATED.get(str(way[0])) if way else None
    if later is None or " " in later:
        return way
    return (*later.split("."), *way[1:])
