"""What images ask amlplan.lock for, and what of it cannot go into an image."""

from typing import Any

import pytest

from amlplan.errors import ProviderError
from amlplan.provider import Referred
from amlplan_docker.images.request import (
    base_entry,
    check_base,
    check_platform,
    ground_of,
    layers_request,
)
from amlplan_images.image_document import Serving
from images_workbench import BASE

VALUES = {"platform": "linux/amd64"}
ENTRY = {"digest": "sha256:1", "id": "sha256:1", "python": {"version": "3.11.2"}}


def environment(**values: Any) -> Referred:
    known = {"python": "3.11", "docker": None, **values}
    return Referred("environment.sk", "environment", known)


def ground(**values: Any) -> Any:
    found = ground_of(VALUES, environment(**values))
    assert found is not None
    return found


def test_the_base_is_that_of_the_environment_or_of_its_python() -> None:
    assert ground().reference == "python:3.11-slim"
    assert ground(python="3.12.4").reference == "python:3.12-slim"
    assert ground(docker={"base_image": "local/python:3.11"}).reference == "local/python:3.11"


def test_the_same_base_is_asked_for_once_whatever_is_built_on_it() -> None:
    plain = ground(docker={"base_image": "debian:12"})
    built = ground(docker={"base_image": "debian:12", "apt": ["python3"], "steps": ["true"]})
    assert plain.request == built.request
    assert built.built_request("sha256:1") != built.built_request("sha256:2")


def test_what_is_not_known_yet_is_waited_for() -> None:
    assert ground_of({}, environment()) is None
    assert ground_of(VALUES, Referred("environment.sk", "environment", {"python": "3.11"})) is None


def test_a_built_base_has_the_python_that_it_has_in_the_end() -> None:
    built = ground(docker={"base_image": "debian:12", "apt": ["python3"]})
    bare = {**ENTRY, "python": None}
    assert base_entry(built, {}) is None
    lock = {built.request.key: bare}
    assert base_entry(built, lock) is None
    lock[built.built_request("sha256:1").key] = {"python": ENTRY["python"]}
    found = base_entry(built, lock)
    assert found == ENTRY
    check_base(built, found, "environment.sk")


def test_a_conda_file_needs_a_base_image() -> None:
    with pytest.raises(ProviderError, match="No base image"):
        ground(python=None)
    named = ground(python=None, docker={"base_image": "local/python:3.11"})
    assert named.python is None


def test_a_base_without_python_is_refused() -> None:
    with pytest.raises(ProviderError, match="has none"):
        check_base(ground(), {"python": None}, "environment.sk")


def test_an_interpreter_of_a_host_is_refused_before_anything_is_locked() -> None:
    with pytest.raises(ProviderError, match="is an interpreter that you keep yourself"):
        layers_request(BASE, environment(user_managed=True), Serving())
    assert layers_request(BASE, environment(), Serving()) is None


def test_an_image_is_for_the_architecture_of_its_engine() -> None:
    builder = Referred("compute.box", "compute.docker", {"facts": {"architecture": "aarch64"}})
    check_platform("linux/arm64", builder)
    check_platform("linux/amd64", Referred("compute.box", "compute.docker", {}))
    check_platform("linux/amd64", None)
    with pytest.raises(ProviderError, match='platform = "linux/arm64"'):
        check_platform("linux/amd64", builder)
