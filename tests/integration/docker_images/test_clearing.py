"""Images that nothing uses any more go, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.testing import StandInOperation
from amlplan_docker.engine.specification import ContainerSpec
from amlplan_docker.images.use import hold_image, let_go_of_image

if TYPE_CHECKING:
    from amlplan.abilities import StoredImage
    from docker_image_workbench import DockerImages


def mine(bench: DockerImages) -> dict[str, StoredImage]:
    """What the engine has of this test, by its tag."""
    return {
        item.names[0]: item
        for item in bench.provider.stored(bench.builder, [])
        if item.names and bench.name in item.names[0]
    }


def test_an_image_stays_while_its_block_a_revision_or_a_container_uses_it(
    bench: DockerImages,
) -> None:
    old = bench.created(bench.image())
    old_tag, old_id = old.outputs.values["tag"], old.outputs.values["image_id"]
    wanted = bench.image(word="two")
    new = bench.provider.update(wanted, old, StandInOperation())
    hold_image(bench.engine, old_id, f"{bench.name}:revision:1")
    bench.engine.create_container(ContainerSpec(f"{bench.name}-stopped", old_id))
    try:
        uses = {
            tag: [name for name in item.used_by if bench.name in name or "state" in name]
            for tag, item in mine(bench).items()
        }
        assert uses[new["tag"]]
        assert len(uses[old_tag]) == 2
        let_go_of_image(bench.engine, f"{bench.name}:revision:1")
        assert mine(bench)[old_tag].used_by == (f"container {bench.name}-stopped",)
    finally:
        bench.engine.remove_container(f"{bench.name}-stopped")
    assert mine(bench)[old_tag].used_by == ()

    gone = bench.provider.discard(bench.builder, [mine(bench)[old_tag]])
    assert [item.id for item in gone] == [old_id]
    assert bench.engine.image(old_id) is None
    assert mine(bench).keys() == {new["tag"]}


def test_whose_image_it_is_is_told(bench: DockerImages) -> None:
    record = bench.created(bench.image())
    [item] = [
        each
        for each in bench.provider.stored(bench.builder, [record])
        if each.id == record.outputs.values["image_id"]
    ]
    assert item.used_by == ("image.scorer",)
    assert item.role == "image"
    assert item.size > 0


def test_what_came_into_use_meanwhile_stays(bench: DockerImages) -> None:
    record = bench.created(bench.image())
    image_id = record.outputs.values["image_id"]
    let_go_of_image(bench.engine, record.identity)
    [item] = mine(bench).values()
    assert not item.used_by
    hold_image(bench.engine, image_id, record.identity)
    assert bench.provider.discard(bench.builder, [item]) == []
    assert bench.engine.image(image_id) is not None


def test_a_name_of_the_users_own_stays(bench: DockerImages) -> None:
    record = bench.created(bench.image())
    image_id = record.outputs.values["image_id"]
    own = f"own/{bench.name}:mine"
    bench.engine.tag(image_id, *own.split(":"))
    bench.provider.delete(record, {"builder": bench.builder}, StandInOperation())
    try:
        [item] = mine(bench).values()
        assert own not in item.names
        bench.provider.discard(bench.builder, [item])
        seen = bench.engine.image(image_id)
        assert seen is not None
        assert seen.tags == (own,)
    finally:
        bench.engine.remove_image(own)


def test_a_destroyed_image_stays_until_it_is_cleared_away(bench: DockerImages) -> None:
    record = bench.created(bench.image())
    bench.provider.delete(record, {"builder": bench.builder}, StandInOperation())
    [item] = mine(bench).values()
    assert item.used_by == ()
    assert bench.engine.image(record.outputs.values["image_id"]) is not None
