from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import ProviderError
from amlplan.provider import Desired, Draft, Missing, Present, Unreachable
from amlplan.testing import CANARY, StandInOperation, record_of
from amlplan_local.environment import LocalEnvironment
from amlplan_local.specification import (
    EnvironmentSpec,
    read_specification,
    specification_of,
    specification_path,
    write_specification,
)
from amlplan_local.store import ContentStore
from local_workbench import WORKSPACE, Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_schemas.state import Record

ADDRESS = "https://packages.example.net/simple"
WHEEL = "dist/mine-1.0-py3-none-any.whl"


def desired_of(bench: Workbench, secret: tuple[str, ...] = (), **values: Any) -> Desired:
    """What apply gives to create; inputs named in `secret` are sensitive to plan."""
    provider = LocalEnvironment(bench.context)
    wanted = {"name": "sk", "workspace": WORKSPACE, "python": "3.11", "requirements": ["six"]}
    inputs = provider.kind.inputs.model_validate(wanted | values)
    known = {k: v for k, v in inputs.model_dump(mode="json").items() if k not in secret}
    draft = Draft("environment.sk", "environment", "sk", known, frozenset())
    lock = {}
    for request in provider.lock_requests(draft):
        packages: list[dict[str, Any]] = [{"name": "six", "version": "1", "hashes": ["sha256:0"]}]
        for path, digest in request.request["wheels"].items():
            packages.append({"name": "mine", "path": path, "hashes": [digest]})
        lock[request.key] = {"python": "3.11", "packages": packages}
    derived = provider.derive(replace(draft, lock=lock))
    identity = "lineage:sk:1"
    return Desired(
        draft.address, "environment", "sk", identity, inputs, derived, bench.targets, lock
    )


def create(bench: Workbench, desired: Desired) -> Record:
    provider = LocalEnvironment(bench.context)
    return record_of(desired, provider.create(desired, StandInOperation()), provider)


def kept(bench: Workbench, record: Record) -> EnvironmentSpec:
    return specification_of(bench.store, record.outputs.values["digest"])


def test_all_that_a_build_needs_is_kept_by_digest(bench: Workbench) -> None:
    desired = desired_of(
        bench,
        platforms=["macos-arm64", "linux-x86_64"],
        index_url=ADDRESS,
        find_links=["wheels"],
    )
    spec = kept(bench, create(bench, desired))
    assert spec == EnvironmentSpec(
        digest=desired.derived["digest"],
        python="3.11",
        packages=({"name": "six", "version": "1", "hashes": ["sha256:0"]},),
        platforms=("linux-x86_64", "macos-arm64"),
        index_url=ADDRESS,
        find_links=("wheels",),
    )
    assert EnvironmentSpec.from_document(spec.to_document()) == spec
    mine: dict[str, Any] = {
        "python": None,
        "requirements": None,
        "user_managed": True,
        "interpreter": "python3",
    }
    spec = kept(bench, create(bench, desired_of(bench, **mine)))
    assert (spec.user_managed, spec.interpreter, spec.packages) == (True, "python3", ())


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ((), (ADDRESS, (f"{ADDRESS}/2",))),
        (("index_url",), ("(sensitive)", (f"{ADDRESS}/2",))),
        (("extra_index_urls",), (ADDRESS, ("(sensitive)",))),
        (("index_url", "extra_index_urls"), ("(sensitive)", ("(sensitive)",))),
    ],
)
def test_an_address_that_is_a_secret_is_not_written(
    bench: Workbench, secret: tuple[str, ...], expected: object
) -> None:
    login = f"https://ana:{CANARY}@packages.example.net/simple"
    indexes = {"index_url": login, "extra_index_urls": [f"{login}/2"]}
    desired = desired_of(bench, secret, **indexes)
    spec = kept(bench, create(bench, desired))
    assert (spec.index_url, spec.extra_index_urls) == expected
    stale = replace(desired, lock={"sha256:other": next(iter(desired.lock.values()))})
    spec = kept(bench, create(bench, stale))
    assert (spec.index_url, spec.extra_index_urls) == ("(sensitive)", ("(sensitive)",))
    for path in bench.store.rglob("*.json"):
        assert CANARY not in path.read_text()


def test_a_wheel_of_the_project_is_kept_beside_it(bench: Workbench) -> None:
    bench.write({"mine-1.0-py3-none-any.whl": b"wheel"}, "dist")
    desired = desired_of(bench, requirements=[f"./{WHEEL}"])
    record = create(bench, desired)
    (wheel,) = (package for package in kept(bench, record).packages if "path" in package)
    content = ContentStore(bench.store, bench.context.cache_folder)
    assert content.path(wheel["hashes"][0]).read_bytes() == b"wheel"
    bench.write({"mine-1.0-py3-none-any.whl": b"other"}, "dist")
    content.path(wheel["hashes"][0]).unlink()
    with pytest.raises(ProviderError, match="changed since the plan"):
        create(bench, desired)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": 1}', '{"format": 9}'])
def test_a_specification_that_is_gone_or_broken_is_missing_and_comes_back(
    bench: Workbench, text: str | None
) -> None:
    provider = LocalEnvironment(bench.context)
    desired = desired_of(bench)
    record = create(bench, desired)
    path = specification_path(bench.store, record.outputs.values["digest"])
    path.unlink() if text is None else path.write_text(text)
    assert provider.read(record, desired.targets) == Missing()
    with pytest.raises(ProviderError, match="Run: amlplan apply"):
        kept(bench, record)
    create(bench, desired)
    assert provider.read(record, desired.targets) == Present(outputs=record.outputs.values)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(python="3.12"),
        lambda document: document["packages"][0].update(version="2"),
        lambda document: document.update(unknown=1),
        lambda document: document.update(platforms=None),
    ],
)
def test_a_specification_is_what_its_digest_says(
    bench: Workbench, change: Callable[[Any], object]
) -> None:
    record = create(bench, desired_of(bench))
    path = specification_path(bench.store, record.outputs.values["digest"])
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    assert read_specification(bench.store, record.outputs.values["digest"]) is None


def test_what_cannot_be_looked_at_is_not_missing(bench: Workbench) -> None:
    provider = LocalEnvironment(bench.context)
    desired = desired_of(bench)
    record = create(bench, desired)
    assert isinstance(provider.read(record, {}), Missing), "it went with its workspace"
    path = specification_path(bench.store, record.outputs.values["digest"])
    path.unlink()
    path.mkdir()
    assert isinstance(provider.read(record, desired.targets), Unreachable)
    with pytest.raises(ProviderError, match="workspace"):
        provider.create(replace(desired, targets={}), StandInOperation())


def test_it_is_written_once_and_stays(bench: Workbench) -> None:
    provider = LocalEnvironment(bench.context)
    desired = desired_of(bench)
    record = create(bench, desired)
    path = specification_path(bench.store, record.outputs.values["digest"])
    os.utime(path, (1, 1))
    create(bench, desired)
    assert path.stat().st_mtime == 1
    provider.delete(record, desired.targets, StandInOperation())
    assert path.exists()
    moved = replace(kept(bench, record), index_url=ADDRESS)
    write_specification(bench.store, moved)
    assert kept(bench, record) == moved
