"""The container of a replica, as its revision asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from amlplan_deployments.revisions import Revision
from amlplan_docker.deployments.names import Names
from amlplan_docker.deployments.replica import Place, spec_of

SPEC: dict[str, Any] = {
    "image_id": "sha256:i",
    "models": [],
    "variables": {},
    "cpu": None,
    "memory": None,
    "gpu": 0,
}


@pytest.mark.parametrize(("more", "expected"), [({"init": True}, True), ({}, False)])
def test_a_script_that_is_a_server_has_an_init_that_ends_it(
    more: dict[str, bool], expected: bool
) -> None:
    spec = {**SPEC, "server": "none", "restart": "no", **more}
    revision = Revision(number=1, key="k", image_digest="sha256:d", spec=spec, at="now")
    place = Place(Names("prod", "lineage/deployment.prod/1"), "amlplan", {})
    assert spec_of(revision, 1, place).init is expected
