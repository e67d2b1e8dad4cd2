"""Projects of equal resources for amlplan and for Terraform, and their states without an apply.

Each resource is a block of its own: `bench.thing`, a cheap object, against `terraform_data`.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import TYPE_CHECKING

from amlplan.backend import Holder
from amlplan_state.local import LocalBackend
from bench.processes import AMLPLAN

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_schemas.state import Record

HOLDER = Holder(user="bench", host="bench", pid=1, since="now", command="bench")
TERRAFORM_STATE = "terraform.tfstate"


def write_ours(folder: Path, count: int) -> None:
    """A configuration of so many things."""
    blocks = [
        f'bench "thing" "t{number}" {{\n  value = "value {number}"\n'
        f'  options = {{\n    index = "{number}"\n  }}\n}}\n'
        for number in range(count)
    ]
    folder.mkdir(exist_ok=True)
    (folder / "main.hcl").write_text("".join(blocks))


def write_theirs(folder: Path, count: int) -> None:
    """A configuration of as many `terraform_data`."""
    blocks = [
        f'resource "terraform_data" "t{number}" {{\n  input = {{\n    value = "value {number}"\n'
        f'    index = "{number}"\n  }}\n}}\n'
        for number in range(count)
    ]
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text("".join(blocks))


def make_our_state(folder: Path, count: int, env: dict[str, str]) -> None:
    """The state that an apply of `write_ours` leaves: one applied thing, as many times."""
    write_ours(folder, 1)
    command = [*AMLPLAN, "apply", "-auto-approve"]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    backend = LocalBackend(folder, {}, "0")
    with backend.open(HOLDER, timeout=0.0, waiting=print) as writer:
        first = writer.records["bench.t0"]
        for number in range(count):
            record = _like(first, number)
            writer.finish(record.address, record)
        writer.conclude(None, None)
    write_ours(folder, count)


def _like(first: Record, number: int) -> Record:
    text = first.model_dump_json()
    text = text.replace("bench.t0", f"bench.t{number}").replace('"t0"', f'"t{number}"')
    text = text.replace('"value 0"', f'"value {number}"')
    text = text.replace('"index":"0"', f'"index":"{number}"')
    return type(first).model_validate_json(text)


def make_their_state(folder: Path, count: int) -> None:
    """The state file that Terraform leaves for `write_theirs`, as of 1.11."""
    resources = []
    for number in range(count):
        kept = {
            "value": {"index": str(number), "value": f"value {number}"},
            "type": ["object", {"index": "string", "value": "string"}],
        }
        attributes = {
            "id": str(uuid.uuid4()),
            "input": kept,
            "output": kept,
            "triggers_replace": None,
        }
        resources.append(
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": f"t{number}",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [
                    {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
                ],
            }
        )
    state = {
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": str(uuid.uuid4()),
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }
    (folder / TERRAFORM_STATE).write_text(json.dumps(state, indent=2))
