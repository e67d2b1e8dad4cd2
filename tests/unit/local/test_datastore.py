from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import Desired, Missing, Present, Unreachable
from amlplan.testing import StandInOperation, record_of
from amlplan_local.compute import LocalCompute, facts_of_host
from amlplan_local.datastore import LocalDatastore
from amlplan_schemas.compute import LocalComputeOutputs
from local_workbench import WORKSPACE

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext

OPERATION = StandInOperation()


def desired(**values: Any) -> Desired:
    values = {"name": "raw", "workspace": WORKSPACE, "path": "some data#1", **values}
    inputs = LocalDatastore.kind.inputs.model_validate(values)
    return Desired("datastore.raw", "datastore.local", "raw", "lineage:raw:1", inputs, {}, {})


def test_a_missing_folder_is_made_only_where_that_is_asked_for(context: ProviderContext) -> None:
    provider = LocalDatastore(context)
    with pytest.raises(NotFoundError, match="create_if_missing = true"):
        provider.create(desired(), OPERATION)
    outputs = provider.create(desired(create_if_missing=True), OPERATION)
    assert (context.root / "some data#1").is_dir()
    assert outputs["uri"].endswith("/root/some%20data%231")


def test_bytes_are_never_deleted_and_a_vanished_folder_is_made_again(
    context: ProviderContext,
) -> None:
    provider = LocalDatastore(context)
    wanted = desired(create_if_missing=True)
    record = record_of(wanted, provider.create(wanted, OPERATION), provider)
    data = context.root / "some data#1" / "data"
    data.write_text("mine")
    provider.delete(record, {}, OPERATION)
    assert data.read_text() == "mine"
    data.unlink()
    data.parent.rmdir()
    assert provider.read(record, {}) == Missing()
    provider.update(wanted, record, OPERATION)
    assert isinstance(provider.read(record, {}), Present)


def test_a_file_in_place_of_the_folder_is_for_people_to_move(context: ProviderContext) -> None:
    provider = LocalDatastore(context)
    wanted = desired(create_if_missing=True)
    record = record_of(wanted, provider.create(wanted, OPERATION), provider)
    folder = context.root / "some data#1"
    folder.rmdir()
    folder.write_text("a file")
    observed = provider.read(record, {})
    assert isinstance(observed, Unreachable)
    assert "is a file, not a folder" in observed.reason
    with pytest.raises(ProviderError, match="Move it away"):
        provider.update(wanted, record, OPERATION)


def test_a_folder_under_a_file_is_missing(context: ProviderContext) -> None:
    provider = LocalDatastore(context)
    (context.root / "file").write_text("")
    wanted = desired(path="file/folder", create_if_missing=True)
    assert provider.find(record_of(wanted, {}, provider), {}) == Missing()
    with pytest.raises(ProviderError, match="file/folder could not be made"):
        provider.create(wanted, OPERATION)


def test_facts_of_this_host_fit_their_model(
    context: ProviderContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = facts_of_host(context.data_folder / "not" / "there")
    assert facts.cpus >= 1
    assert facts.memory > 2**20
    assert facts.disk_free > 0
    assert facts.gpus == 0
    assert facts.os.split()[0] in {"Linux", "Darwin"}
    inputs = LocalCompute.kind.inputs.model_validate({"name": "here", "workspace": WORKSPACE})
    wanted = Desired("compute.here", "compute.local", "here", "l:h:1", inputs, {}, {})
    LocalComputeOutputs.model_validate(LocalCompute(context).create(wanted, OPERATION))


@pytest.mark.parametrize(
    ("script", "gpus"),
    [
        ("echo 'GPU 0: A100 (UUID: GPU-1)'; echo 'GPU 1: A100 (UUID: GPU-2)'", 2),
        ("echo 'No devices were found'; exit 6", 0),
        ("echo 'NVIDIA-SMI has failed'; exit 9", 0),
    ],
)
def test_graphics_processors_are_counted_by_a_fake_nvidia_smi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, gpus: int
) -> None:
    fake = tmp_path / "nvidia-smi"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert facts_of_host(Path("/")).gpus == gpus
