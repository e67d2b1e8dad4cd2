"""Conda files told as requirements of PyPI."""

from __future__ import annotations

import pytest

from amlplan.config.azureml.conda import CondaDependencies, dependencies_of, packages_of
from amlplan.config.azureml.yaml_file import parse_yaml
from amlplan.diagnostics import SourceFile
from amlplan.errors import ConfigError, RunError


def read(text: str) -> CondaDependencies:
    file = parse_yaml(SourceFile("conda.yml", text))
    return dependencies_of(file, file.values)


@pytest.mark.parametrize(
    ("conda", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.16", "numpy==1.16.*"),
        ("numpy==1.16.2", "numpy==1.16.2"),
        ("numpy=1.16.2=py36_0", "numpy==1.16.2"),
        ("numpy 1.16.2", "numpy==1.16.2"),
        ("numpy 1.16.2 py36_0", "numpy==1.16.2"),
        ("numpy=1.16.*", "numpy==1.16.*"),
        ("scikit-learn >= 0.20", "scikit-learn>=0.20"),
        ("pytorch::pytorch=1.0", "torch==1.0.*"),
    ],
)
def test_packages_have_their_names_and_versions_of_pypi(conda: str, requirement: str) -> None:
    assert packages_of([conda], "3.11").requirements == [requirement]


def test_a_file_as_the_sdk_writes_it() -> None:
    found = read(
        "name: project_environment\ndependencies:\n- python=3.6.2\n- pip:\n"
        "  - azureml-defaults==1.0\n  - six==1.16.0\n- scikit-learn\n- cudatoolkit=9.0\n"
        "channels: [conda-forge]\n"
    )
    assert (found.python, found.requirements) == ("3.6.2", ["six==1.16.0", "scikit-learn"])
    assert [note.partition(": ")[0] for note in found.notes] == [
        "azureml-defaults==1.0 is left out",
        "cudatoolkit=9.0 is left out",
    ]
    assert read("dependencies: [python=3.9, numpy=1.26]\n").notes == [
        "numpy=1.26 is taken as numpy==1.26.*"
    ]


def test_a_file_without_python_says_which_is_taken() -> None:
    found = read("dependencies: [six]\n")
    assert found.python == "3.11"
    assert found.notes == ["it names no Python, so 3.11 is taken"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\n", "A conda file has a list called dependencies."),
        ("dependencies: [python>=3.6]\n", "conda.yml: python>=3.6 is true of several"),
        ("dependencies: [{pip: x}]\n", "A dependency is text, or the list of pip."),
        ("dependencies: [{conda: [x]}]\n", "A dependency is text"),
        ("dependencies: ['!']\n", "conda.yml: '!' is no dependency"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.detail.startswith(expected)
    assert caught.value.diagnostics[0].range is not None


def test_packages_of_an_estimator_that_are_none() -> None:
    with pytest.raises(RunError, match="no dependency"):
        packages_of(["!"], "3.11")
