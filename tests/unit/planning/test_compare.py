"""What differs between the inputs that are wanted and those that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amlplan.config.check import Checked, SecretLeaf
from amlplan.planning.compare import SecretDigests, compare_inputs, with_behaviour
from amlplan.secrets import Secrets
from amlplan.values import SecretReference
from amlplan_schemas.state import Secret, Tree
from amlplan_schemas.workspace import Workspace

DSN = "/history/dsn"
DIGESTS = SecretDigests(Secrets(Path()), "00")


def wanted(**history: Any) -> Checked:
    values = Workspace.model_validate({"name": "main"}).model_dump(mode="json")
    return Checked({**values, "history": {**values["history"], **history}})


def test_a_field_that_a_block_lacked_when_it_was_recorded_is_no_change() -> None:
    recorded = wanted().values
    recorded["history"] = {"store": "sqlite", "path": "w"}
    same = compare_inputs(wanted(path="w"), Tree(values=recorded), {}, DIGESTS, Workspace)
    assert same.changes == ()
    found = compare_inputs(wanted(path="v"), Tree(values=recorded), {}, DIGESTS, Workspace)
    assert [item.path for item in found.changes] == ["/history/path"]


@pytest.mark.parametrize(
    ("name", "value", "changes"),
    [("A", "other", []), ("B", "first", [DSN])],
)
def test_a_personal_secret_is_compared_by_its_place(
    name: str, value: str, changes: list[str]
) -> None:
    reference = SecretReference("env", name)
    checked = Checked(wanted().values, secrets={DSN: SecretLeaf(value, reference)})
    digest = DIGESTS.of(SecretLeaf("first"))
    was = Tree(
        values=wanted().values, secrets={DSN: Secret(digest=digest, scheme="env", argument="A")}
    )
    found = compare_inputs(checked, was, {}, DIGESTS, Workspace)
    assert [item.path for item in found.changes] == changes
    marked = with_behaviour(found.changes, Workspace)
    assert not any(item.forces_replacement for item in marked)
