"""A deployment from its first apply on, by the command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.deployments import Asking, wait_until

if TYPE_CHECKING:
    from harness.deployments import Deployed


def test_an_apply_serves_and_its_server_outlives_it(deployed: Deployed) -> None:
    deployed.apply()
    assert deployed.word() == "one"
    deployed.expect_workers(1)
    scored = deployed.run("deployment", "score", "prod", '-data={"variable": "HOME"}')
    assert json.loads(scored.out)["word"] == "one"
    assert "init of one" in deployed.run("deployment", "logs", "prod").out
    refused = deployed.run("deployment", "score", "prod", "-data=garbage", code=1)
    assert "Status 500" in refused.err
    assert deployed.ask(key=None)[0] == 401


def test_a_model_in_the_image_is_where_azure_ml_puts_it(deployed: Deployed) -> None:
    deployed.score("""
        import os
        def init():
            global weights
            folder = os.environ["AZUREML_MODEL_DIR"]
            weights = open(os.path.join(folder, "model.txt")).read()
        def run(data):
            return {"word": weights + os.environ["AZUREML_MODEL_DIR"][-8:]}
        """)
    deployed.apply()
    assert deployed.word() == "weights/ridge/1"
    deployed.project.write("model.txt", "others ")
    planned = deployed.run("plan").out
    assert "model.ridge" in planned
    assert "model ridge changed (2 inputs unchanged)" in planned
    assert "revision 1 -> 2" in planned
    deployed.apply()
    assert deployed.word() == "others /ridge/2"


def test_a_rotated_key_is_refused_at_once(deployed: Deployed) -> None:
    deployed.apply()
    old = deployed.keys()
    shown = json.loads(deployed.run("deployment", "keys", "show", "prod", "-json").out)
    assert shown == old
    for name in ("primary", "secondary"):
        deployed.run("deployment", "keys", "rotate", "prod", name)
        assert deployed.ask(key=old[name])[0] == 401
        assert deployed.ask(key=deployed.keys()[name])[0] == 200
        deployed.run("plan", "-detailed-exitcode")
        deployed.run("drift")
    for key in (*old.values(), *deployed.keys().values()):
        assert {path.name for path in deployed.files_with(key)} <= {"keys.json"}
    failed = deployed.run("deployment", "keys", "rotate", "prod", "third", code=12)
    assert "There is no third key" in failed.err


def test_more_and_fewer_workers_are_no_new_revision(deployed: Deployed) -> None:
    deployed.apply()
    server = deployed.server()
    for replicas in (3, 1):
        deployed.deployment(f"replicas = {replicas}")
        with Asking(deployed) as asking:
            assert "revision" not in deployed.run("plan").out.partition("Summary")[2]
            deployed.apply()
        assert asking.failures == []
        deployed.expect_workers(replicas)
    active = deployed.status().active
    assert active is not None
    assert active.revision == "1"
    assert deployed.server() == server


def test_variables_and_timeouts_are_a_new_revision(deployed: Deployed) -> None:
    deployed.deployment('env = { COLOUR = "red" }').apply()
    assert deployed.variable("COLOUR") == "red"
    for number, more in enumerate(
        (
            'env = { COLOUR = "blue" }',
            'env = { COLOUR = "blue" }\nscoring_timeout = "5s"',
            'env = { COLOUR = "blue" }\nscoring_timeout = "5s"\nmax_concurrency = 7',
        ),
        start=2,
    ):
        deployed.deployment(more)
        assert f"revision {number - 1} -> {number}" in deployed.run("plan").out
        deployed.apply()
        assert deployed.variable("COLOUR") == "blue"
    deployed.expect_workers(1)


def test_variables_of_the_environment_reach_the_workers(deployed: Deployed) -> None:
    body = deployed.blocks['environment "py"']
    variables = 'variables = { COLOUR = "red", SHAPE = "round" }'
    deployed.block('environment "py"', f"{body}\n{variables}")
    deployed.deployment('env = { SHAPE = "square" }').apply()
    assert deployed.variable("COLOUR") == "red"
    assert deployed.variable("SHAPE") == "square"
    deployed.block('environment "py"', f"{body}\n{variables.replace('red', 'blue')}")
    assert "revision 1 -> 2" in deployed.run("plan").out
    deployed.apply()
    assert deployed.variable("COLOUR") == "blue"


def test_access_may_be_opened_and_closed_again(deployed: Deployed) -> None:
    deployed.apply()
    keys = deployed.keys()
    deployed.deployment('auth {\nmode = "none"\n}')
    with Asking(deployed) as asking:
        deployed.apply()
        asking.wait_for_more()
    assert asking.failures == []
    assert deployed.ask(key=None)[0] == 200
    refused = deployed.run("deployment", "keys", "show", "prod", code=12)
    assert "answers everybody" in refused.err
    deployed.run("deployment", "score", "prod", "-data={}")
    deployed.deployment().apply()
    assert deployed.ask(key=None)[0] == 401
    assert deployed.keys() == keys
    wait_until(lambda: len(deployed.servers()) == len(deployed.workers()) == 1, "the end")


def test_destroyed_it_finishes_what_it_has(deployed: Deployed) -> None:
    begun = deployed.project.root / "begun"
    deployed.score(f"""
        import pathlib, time
        def init(): ...
        def run(data):
            pathlib.Path({str(begun)!r}).touch()
            time.sleep(1)
            return {{"word": "slow"}}
        """)
    deployed.apply()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(deployed.ask)
        wait_until(begun.exists, "the request")
        deployed.run("destroy", "-auto-approve")
        assert asked.result() == (200, {"word": "slow"})
    assert deployed.servers() == deployed.workers() == []
    assert list((deployed.data / "deployments").glob("*")) == []
