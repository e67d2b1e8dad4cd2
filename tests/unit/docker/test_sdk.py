"""The SDK is an extra: what needs it says so, and what does not is quick without it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.project import IMPORT_PATHS

WITHOUT = "import sys; sys.path[:0] = {paths}; sys.modules[{name!r}] = None\n"
USE = """
from amlplan_docker.compute import DockerCompute  # what reads configurations needs no SDK
from amlplan.errors import MissingSdkError
try:
    import amlplan_docker.engine.client
except MissingSdkError as failure:
    print(failure)
"""


@pytest.mark.parametrize("name", ["docker", "requests", "urllib3"])
def test_without_the_sdk_the_extra_is_named(name: str) -> None:
    program = WITHOUT.format(paths=[str(path) for path in IMPORT_PATHS], name=name) + USE
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "pip install 'amlplan[docker]'" in done.stdout, done.stderr
    assert name in done.stdout


def test_the_sdks_own_ssh_is_not_imported() -> None:
    paths = [str(path) for path in IMPORT_PATHS]
    program = f"import sys; sys.path[:0] = {paths}; import amlplan_docker.engine.client; "
    program += "print('paramiko' in sys.modules, 'docker.transport.sshconn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "False"]
