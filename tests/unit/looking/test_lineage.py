"""What something came from, and what came from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from amlplan.abilities import ModelVersion
from amlplan.errors import AmlplanError
from amlplan.history import RunDraft
from amlplan.looking.lineage.naming import label_of, node_named
from amlplan.looking.lineage.tree import tree
from amlplan.looking.lineage.world import World
from amlplan_schemas.state import Record, Tree
from amlplan_state.runs.store import SqliteHistory
from history_support import finish

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.looking.lineage.tree import Branch, Direction

DIGEST = "sha256:" + "ab" * 32
SNAPSHOT = "sha256:" + "cd" * 32


def record(address: str, *depends_on: str, **outputs: Any) -> Record:
    block, _, name = address.partition(".")
    return Record(
        address=address,
        kind=block,
        name=name,
        generation=1,
        identity="i",
        provider="local",
        outputs=Tree(values=outputs),
        depends_on=depends_on,
    )


class Story:
    """A run gave a model, which is in an image, which is deployed."""

    def __init__(self, folder: Path) -> None:
        self.history = SqliteHistory(folder / "workspace")
        definition = {
            "snapshot": SNAPSHOT,
            "commit": "f00dcafe",
            "target": "compute.here",
            "inputs": {"data": {"path": "/data/x", "digest": "d", "size": 1}},
        }
        self.run = self.history.create(RunDraft("digits", "train.py", definition=definition)).id
        self.other = self.history.create(RunDraft("digits", "train.py", definition=definition)).id
        finish(self.history, self.run)
        self.history.add_edge(f"run:{self.run}", "registered", "model:m:1")
        self.history.add_edge("model:m:1", "in", f"image:{DIGEST}")
        self.history.add_edge(f"image:{DIGEST}", "serves", "deployment:api:2")
        lineage = {"run": self.run}
        records = [
            record("workspace.main"),
            record("compute.here", "workspace.main"),
            record("model.m", "workspace.main", version=1),
            record("image.i", "model.m", digest=DIGEST),
            record("deployment.api", "image.i", "compute.here", revision=2),
        ]
        self.world = World(
            self.history,
            {
                "m": [
                    ModelVersion("m", 1, DIGEST, 1, "", aliases=("prod",), lineage=lineage),
                    ModelVersion("m", 2, DIGEST, 1, "", lineage={"run": self.other}),
                ]
            },
            {each.address: each for each in records},
        )

    def shown(self, name: str, direction: Direction) -> Any:
        return nested(tree(self.world, node_named(self.world, name), direction))


def nested(branch: Branch) -> dict[str, Any]:
    return {f"{each.relation} {each.node}": nested(each) for each in branch.branches}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_a_deployment_is_traced_to_the_commit(story: Story) -> None:
    shown = story.shown("deployment.api", "up")
    image = shown[f"serves image:{DIGEST}"]
    run = image["in model:m:1"][f"registered run:{story.run}"]
    assert set(run) == {
        f"snapshot snapshot:{SNAPSHOT}",
        "commit commit:f00dcafe",
        "target compute.here",
        "input input:/data/x",
    }
    assert "refers compute.here" in shown
    assert not any("workspace" in key for key in shown)


def test_a_run_is_followed_to_what_serves_it(story: Story) -> None:
    shown = story.shown(f"run:{story.run}", "down")
    image = shown["registered model:m:1"][f"in image:{DIGEST}"]
    assert image == {"serves deployment:api:2": {}}


def test_a_version_without_an_edge_is_traced_by_its_document(story: Story) -> None:
    assert f"registered run:{story.other}" in story.shown("m:2", "up")
    assert "registered model:m:2" in story.shown(story.other, "down")


@pytest.mark.parametrize(
    "name",
    [f"snapshot:{SNAPSHOT}", "snapshot:cdcd", "commit:f00d", "input:/data/x", "compute.here"],
)
def test_what_runs_were_made_from_is_followed_to_them(story: Story, name: str) -> None:
    nodes = {key.partition(" ")[2] for key in story.shown(name, "down")}
    assert {f"run:{story.run}", f"run:{story.other}"} <= nodes


def test_names_mean_nodes(story: Story) -> None:
    def named(name: str) -> str:
        return node_named(story.world, name)

    assert named("model.m") == "model:m:1"
    assert named("m") == named("model:m") == named("m:2") == "model:m:2"
    assert named("m:prod") == "model:m:1"
    assert named("run:latest") == named(story.other) == f"run:{story.other}"
    assert named("run:1") == f"run:{story.run}"
    assert named("deployment:api:2") == "deployment:api:2"
    assert named("compute.here") == "compute.here"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.n", 'Did you mean "model.m"'),
        ("m:7", "it has 1, 2"),
        ("snapshot:ffff", "Nothing is called so"),
        ("run:9", "No such run"),
        ("", "Nothing is called so"),
        ("</script>\ud800", "Nothing is called so"),
    ],
)
def test_names_that_mean_nothing_are_told(story: Story, name: str, said: str) -> None:
    with pytest.raises(AmlplanError) as caught:
        node_named(story.world, name)
    assert said in str(caught.value)


def test_circles_end(story: Story) -> None:
    story.history.add_edge("deployment:api:2", "made", "model:m:1")
    shown = tree(story.world, "model:m:1", "down")
    (image,) = [each for each in shown.branches if each.node.startswith("image")]
    (deployment,) = image.branches
    (again,) = deployment.branches
    assert again.is_repeated
    assert again.branches == ()


def test_runs_that_were_cleared_away_are_still_named(story: Story) -> None:
    story.history.add_edge("run:gone_1", "registered", "model:m:1")
    label = label_of(story.world, "run:gone_1")
    assert label == "run gone_1 (cleared away)"
    assert "registered run:gone_1" in story.shown("m:1", "up")
