"""A deployment on a Docker engine by the command line, from its plan to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from docker_workbench import DockerProject

SCRIPT = "def init(): print('ready for', {word!r}, flush=True)\ndef run(data): return {word!r}\n"


def configure(served: DockerProject, index: str, word: str, more: str = "") -> None:
    (served.project.root / "score.py").write_text(SCRIPT.format(word=word))
    base = served.service.base
    served.configure(f"""
environment "sk" {{
  python       = "{base.rpartition(":")[2]}"
  requirements = ["thing==1.0"]
  index_url    = "{index}"
  docker {{
    base_image = "{base}"
  }}
}}
deployment "prod" {{
  name         = "{served.name}"
  entry_script = "score.py"
  environment  = environment.sk
  target       = compute.box
  {more}
}}
""")


@pytest.mark.slow
def test_a_deployment_goes_from_its_plan_to_a_rollback_and_its_end(
    served: DockerProject, index: str
) -> None:
    configure(served, index, "one")
    served.run("lock")
    served.run("apply", "-auto-approve")
    assert "No changes." in served.run("plan", "-detailed-exitcode").out
    assert served.run("deployment", "score", "prod", "-data=1").out.strip() == '"one"'
    keys = json.loads(served.run("deployment", "keys", "show", "prod", "-json").out)
    assert sorted(keys) == ["primary", "secondary"]
    assert not [key for key in keys.values() if key in json.dumps(served.state)]
    configure(served, index, "two", "replicas = 2")
    assert "revision 1 -> 2" in served.run("plan").out
    served.run("apply", "-auto-approve")
    assert served.run("deployment", "score", "prod", "-data=1").out.strip() == '"two"'
    assert "ready for two" in served.run("deployment", "logs", "prod").out
    served.run("deployment", "rollback", "prod", "-why=slow")
    assert served.run("deployment", "score", "prod", "-data=1").out.strip() == '"one"'
    assert "held at revision 1" in served.run("plan").out
    served.run("deployment", "release", "prod")
    labels = {"amlplan.role": "front", "amlplan.lineage": served.lineage}
    (front,) = served.engine.containers(labels)
    served.engine.stop(front.id)
    assert "front.state" in served.run("drift", code=2).out
    served.run("apply", "-auto-approve")
    served.run("drift")
    assert served.run("deployment", "score", "prod", "-data=1").out.strip() == '"two"'
    served.run("destroy", "-auto-approve")
    assert not served.engine.containers({"amlplan.lineage": served.lineage})
    assert not served.engine.volumes({"amlplan.lineage": served.lineage})
