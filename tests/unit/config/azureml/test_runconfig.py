"""What a runconfig file says, what is named of it, and what is wrong with one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amlplan.config.azureml.fields import TABLE
from amlplan.config.azureml.runconfig import Runconfig, read_runconfig
from amlplan.errors import ConfigError

NAME = "aml_config/local.runconfig"
PUBLISHED = Path(os.environ.get("AMLPLAN_AZUREML_SAMPLES", "../shared/data/azureml-v1")).resolve()
TEMPLATE = """\
# What is run.
script: train.py
arguments: [--alpha, 0.10, yes]
target: local
framework: Python
communicator: None
autoPrepareEnvironment: true
maxRunDurationSeconds:
nodeCount: 1
environment:
  environmentVariables:
    SEED: 007
  python:
    userManagedDependencies: false
    interpreterPath: python
    condaDependenciesFile: aml_config/conda_dependencies.yml
  docker:
    enabled: false
    baseImage: example.azurecr.io/base:1
    baseImageRegistry:
      address:
  spark:
    repositories: [https://example.net/maven]
    precachePackages: true
history:
  outputCollection: true
  snapshotProject: true
spark:
  configuration:
    spark.app.name: Example
hdi:
  yarnDeployMode: cluster
dataReferences: {}
amlcompute:
  vmSize:
  retainCluster: false
  clusterMaxNodeCount: 1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("aml_config", ".azureml"):
        (tmp_path / folder).mkdir()
    return tmp_path


def read(root: Path, text: str | bytes, name: str = NAME) -> Runconfig:
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_runconfig(root, name)


def told(file: Runconfig) -> list[tuple[int, str]]:
    """Each remark as its line and the field that it names."""
    found = []
    for item in file.remarks:
        assert item.range is not None
        line = item.range.position_of(item.range.start).line
        found.append((line, item.detail.split(" is ")[0]))
    return found


def mistakes(root: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(root, text)
    found = []
    for item in caught.value.diagnostics:
        assert item.code == "invalid_runconfig"
        assert item.range is not None
        assert item.range.source.filename == NAME
        line = item.range.position_of(item.range.start).line
        found.append(f"{line}: {item.detail}")
    return found


def test_a_template_asks_for_nothing_that_is_not_done(root: Path) -> None:
    file = read(root, TEMPLATE)
    assert file.remarks == ()
    assert (file.dialect, file.folder) == ("Azure ML SDK v1", ".")
    assert file.get("arguments") == ["--alpha", "0.10", "yes"]
    assert file.get("environment.environmentVariables") == {"SEED": "007"}
    assert file.get("environment.python.userManagedDependencies") is False


def test_what_is_asked_for_and_not_done_is_named_with_its_line(root: Path) -> None:
    text = TEMPLATE.replace("enabled: false", "enabled: true").replace("Python\n", "PySpark\n", 1)
    text = text.replace("snapshotProject: true", "snapshotProject: false\n  colour: blue")
    file = read(root, text + "sourceDirectoryDataStore: store\nnovelty: {a: 1}\n")
    assert told(file) == [
        (5, "framework"),
        (18, "environment.docker.enabled"),
        (19, "environment.docker.baseImage"),
        (23, "environment.spark"),
        (27, "history.snapshotProject"),
        (28, "history.colour"),
        (30, "spark"),
        (39, "sourceDirectoryDataStore"),
        (40, "novelty"),
    ]


def test_a_cluster_counts_where_the_target_is_one(root: Path) -> None:
    file = read(root, TEMPLATE.replace("target: local", "target: amlcompute"))
    assert told(file) == [(32, "hdi"), (35, "amlcompute")]


def test_workbench_is_told_and_read(root: Path) -> None:
    file = read(
        root,
        'ArgumentVector:\n  - "train.py"\n  - 10\nTarget: local\nFramework: Python\n'
        'EnvironmentVariables:\n  "A": 1.50\nPrepareEnvironment: true\nUseSampling: true\n'
        "CondaDependenciesFile: aml_config/conda_dependencies.yml\nTrackedRun: true\n",
    )
    assert file.dialect == "Workbench (2017)"
    assert (file.get("script"), file.get("arguments")) == ("train.py", ["10"])
    assert file.get("environment.environmentVariables") == {"A": "1.50"}
    assert file.get("history.outputCollection") is True
    assert told(file) == [(1, "This file"), (9, "UseSampling")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("script: [a\n", "2: This is not YAML: expected ',' or ']', but got '<stream end>'."),
        ("script: a\n\tb: c\n", "2: This is not YAML: found character '\\t' that"),
        ("- a\n", "1: The file must hold names with values."),
        ("script: [a]\n", "1: script takes text, not a list."),
        ("\nnodeCount: many\n", "2: nodeCount takes a whole number, not 'many'."),
        ("nodeCount: true\n", "1: nodeCount takes a whole number, not True."),
        ("nodeCount: -1\n", "1: nodeCount takes a whole number, not -1."),
        ("framework: Fortran\n", "1: framework takes one of Python, PySpark, CNTK, TensorFlow"),
        ("environment: 3\n", "1: environment takes names with values, not 3."),
        ("history:\n  outputCollection: 2\n", "2: history.outputCollection takes true or false"),
        ("arguments: [a, [b]]\n", "1: arguments.1 takes text, not a list."),
        ("ArgumentVector: []\n", "1: ArgumentVector takes a list that begins with the script"),
        ("script: a\nscript: b\n", '2: A key of a mapping "script" stands here twice.'),
        ("? [a]\n: b\n", "1: A key of a mapping is no name."),
        ("a: &x [*x]\n", "1: An alias refers to what it stands in."),
        ("a: " + "[" * 5000 + "]" * 5000, "1: This YAML is nested too deep."),
        ("a: !!int x\n", "1: x is no int."),
        (b"script: \xff\n", "1: aml_config/local.runconfig is no UTF-8 text: byte 8 belongs"),
        ("a: 1\n--- \nb: 2\n", "2: This is not YAML: but found another document."),
        ("# " + "x" * 1024**2, "1: aml_config/local.runconfig has more than 1048576 bytes"),
    ],
    ids=lambda item: repr(item)[:24],
)
def test_what_is_wrong_is_told_with_its_line(root: Path, text: str | bytes, expected: str) -> None:
    assert [item[: len(expected)] for item in mistakes(root, text)] == [expected]


def test_aliases_that_multiply_are_refused(root: Path) -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "More than 20000 values" in mistakes(root, "\n".join(lines))[0]


def test_values_are_as_they_are_written_behind_anchors_and_tags(root: Path) -> None:
    file = read(root, "arguments: [&a 0.10, *a, !!str 7, ~]\n")
    assert file.get("arguments") == ["0.10", "0.10", "7", "~"]


def test_what_is_not_used_may_be_of_any_kind(root: Path) -> None:
    file = read(root, "priority: low\nsourceDirectoryDataStore: [1]\ndocker: {useDocker: 1}\n")
    assert [name for _, name in told(file)] == [
        "priority",
        "sourceDirectoryDataStore",
        "docker.useDocker",
    ]


def test_every_mistake_is_told_at_once(root: Path) -> None:
    assert len(mistakes(root, "script: [a]\nnodeCount: x\nhistory: 3\n")) == 3


def test_files_that_cannot_be_read(root: Path) -> None:
    for name in ("aml_config/none.runconfig", "aml_config"):
        with pytest.raises(ConfigError) as caught:
            read_runconfig(root, name)
        assert name in caught.value.detail


def test_an_empty_file_says_nothing(root: Path) -> None:
    assert read(root, "# nothing\n").values == {}


def test_each_field_of_the_table_stands_there_once() -> None:
    assert len({item.way for item in TABLE}) == len(TABLE)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published samples are not on this machine")
def test_published_samples_are_read_whole() -> None:
    local = read_runconfig(PUBLISHED, "aml_config/local.runconfig")
    docker = read_runconfig(PUBLISHED, "aml_config/docker.runconfig")
    assert local.remarks == ()
    assert [field for _, field in told(docker)] == [
        "framework",
        "environment.docker.enabled",
        "environment.docker.baseImage",
        "environment.spark",
        "spark",
    ]
