"""A job for a container, as the supervisor of this host gets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.abilities import Job
from amlplan.job_container import JobContainer, Limits
from amlplan_docker.carrying.carried import carried
from amlplan_docker.carrying.carry import SECRETS
from amlplan_docker.carrying.task import NAME, read_task

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = JobContainer(
    kind="compute.docker",
    connection={"host": "unix:///run/docker.sock", "ca_file": None},
    engine="ENGINE",
    image="sha256:1",
    interpreter="/amlplan/environment/bin/python",
    base="sha256:2",
    python="3.11.2",
    limits=Limits(memory=1000, shm_size=10),
)


def _job(folder: Path, **more: Any) -> Job:
    folder.mkdir(parents=True)
    return Job(
        run_id="train_1",
        folder=folder,
        store=folder,
        command=("python", "train.py"),
        recorder=folder,
        container=CONTAINER,
        **more,
    )


def test_secrets_are_in_no_file_and_no_argument(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "train_1"
    variables = {"PLAIN": "plain", "MLFLOW_EXPERIMENT_NAME": "mine"}
    secrets = {"KEY": "s3cret", "MLFLOW_TRACKING_PASSWORD": "pa55word"}
    job = carried(_job(folder, variables=variables, secrets=secrets), CONTAINER, "host")
    assert "s3cret" not in folder.joinpath(NAME).read_text() + " ".join(job.command)
    assert "pa55word" not in folder.joinpath(NAME).read_text() + " ".join(job.command)
    assert json.loads(job.secrets[SECRETS]) == {"KEY": "s3cret"}
    # What MLflow is told goes the way on which the service of the run may change it.
    assert job.secrets["MLFLOW_TRACKING_PASSWORD"] == "pa55word"
    assert job.variables == {"MLFLOW_EXPERIMENT_NAME": "mine"}
    assert set(job.masked) == {"s3cret", "pa55word"}


def test_the_carrier_knows_all_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "train_1"
    job = carried(_job(folder, retries=2, uploads={"outputs/table": "/data"}), CONTAINER, "host")
    task = read_task(folder)
    assert task.command == ("python", "train.py")
    assert (task.retries, task.memory, task.shm_size, task.cpus) == (2, 1000, 10, None)
    assert "outputs/table/**" in task.include
    assert task.labels["amlplan.run"] == "train_1"
    assert job.command[-1] == str(folder)
    assert job.afterwards == (*job.command, "finish")
    assert job.container is None


@pytest.mark.parametrize("text", ["[]", "{}", '{"run": 1}', "no json"])
def test_a_task_that_amlplan_did_not_write_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ValueError, match=r"JSON|Expecting|not what amlplan writes"):
        read_task(tmp_path)
