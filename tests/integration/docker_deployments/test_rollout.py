"""Deployments on a Docker engine from the first revision to a rollback, under requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import NotFoundError, ProviderError
from docker_deployment_workbench import Asking

if TYPE_CHECKING:
    from docker_deployment_workbench import DockerDeployments

BROKEN = '    raise RuntimeError("the weights do not fit")'


def test_revisions_replicas_and_rollbacks_change_without_a_failed_request(
    bench: DockerDeployments,
) -> None:
    one, two = bench.image("one"), bench.image("two")
    record = bench.created(bench.desired(one, replicas=2, cpu=1, memory="256MiB"))
    assert bench.asked(record, 7) == (200, {"said": "one", "asked": "7"})
    assert bench.asked(record, 7, "wrong")[0] == 401
    assert not bench.drift(record)
    with Asking(bench, record) as asking:
        record = bench.updated(bench.desired(two, replicas=2), record)
        assert record.outputs.values["revision"] == 2
        assert bench.asked(record)[1]["said"] == "two"
        record = bench.updated(bench.desired(two, replicas=1), record)
        assert record.outputs.values["running"] == 1
        back = bench.provider.roll_back(record, bench.targets, None, {})
        assert back.revision == "1"
        assert back.outputs["image_id"] == one.outputs.values["image_id"]
        assert back.inputs["cpu"] == 1
    assert asking.said == {"one", "two"}
    with pytest.raises(NotFoundError, match="Kept are: 1, 2; the one of now is 1"):
        bench.provider.roll_back(record, bench.targets, "9", {})


def test_what_fails_leaves_the_old_revision_serving_and_shows_why(
    bench: DockerDeployments,
) -> None:
    record = bench.created(bench.desired(bench.image("one")))
    before = [item.id for item in bench.containers(record)]
    broken = bench.image("broken", init=BROKEN)
    for strategy in ("rolling", "recreate"):
        wanted = bench.desired(broken, rollout={"strategy": strategy})
        with pytest.raises(ProviderError) as failure:
            bench.provider.update(wanted, record, bench.operation())
        assert failure.value.summary == "The new revision did not get ready"
        assert "Revision 1 serves on" in failure.value.detail
        assert "Traceback (most recent call last)" in failure.value.detail
        assert "RuntimeError: the weights do not fit" in failure.value.detail
        assert bench.asked(record)[1]["said"] == "one"
        assert [item.id for item in bench.containers(record)] == before
    (bench.images.root / "request.json").write_text('"nonsense"')
    refusing = bench.image("refusing", run="    raise ValueError(data)")
    wanted = bench.desired(refusing, smoke={"request": "request.json"})
    with pytest.raises(ProviderError, match="answered 500 and 200 was expected"):
        bench.provider.update(wanted, record, bench.operation())
    assert [item.id for item in bench.containers(record)] == before
    assert not bench.drift(record)


def test_a_first_revision_that_fails_leaves_nothing(bench: DockerDeployments) -> None:
    wanted = bench.desired(bench.image("broken", init=BROKEN))
    with pytest.raises(ProviderError, match="Nothing serves now"):
        bench.provider.create(wanted, bench.operation())
    assert bench.leftovers() == []


@pytest.mark.slow
def test_too_little_memory_is_told_as_that(bench: DockerDeployments) -> None:
    greedy = bench.image("greedy", init="    kept = bytearray(400 * 1024 * 1024)")
    wanted = bench.desired(greedy, memory="64MiB")
    with pytest.raises(ProviderError) as failure:
        bench.provider.create(wanted, bench.operation())
    assert "memory" in failure.value.detail
    assert bench.leftovers() == []
