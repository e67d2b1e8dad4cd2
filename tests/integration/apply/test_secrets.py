"""A secret is in no file, on no stream and in no process's arguments, whatever is run."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
import urllib.parse
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.thing import BenchThing
from amlplan_bench.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project, Result

CANARY = 'c4nary/"Ünd+\\mehr" 9f8e7d'
OTHER = 'c4nary/"Ünd+\\anders" 1a2b3c'
COMMAND = ["sh", "-c", "touch ran; cat ../secret"]

CONFIGURATION = """
variable "token" {
  type      = string
  sensitive = true
}
locals {
  fromfile = file_secret("../secret")
  command  = command_secret(%(command)s)
  joined   = "Bearer ${local.fromfile}; ${upper(var.token)}"
  coded    = base64encode(env_secret("CANARY"))
  object   = { deep = [{ token = local.command, open = "door" }] }
}
workspace "main" {
  description = "For ${var.token}"
  tags = {
    env     = env_secret("CANARY")
    file    = local.fromfile
    command = local.command
    joined  = local.joined
    coded   = local.coded
  }
}
datastore "local" "raw" {
  path        = "data"
  description = local.joined
  tags        = { json = jsonencode(local.object) }
}
compute "local" "here" {
  description = env_secret("CANARY")
}
environment "tools" {
  user_managed = true
  interpreter  = "/usr/bin/python3"
  variables = {
    TOKEN  = env_secret("CANARY")
    BEARER = local.joined
  }
}
model "ridge" {
  source      = "model.bin"
  description = local.command
  tags        = { token = var.token }
}
bench "thing" "a" {
  needs       = ["open", local.fromfile]
  options     = { token = env_secret("CANARY"), coded = jsonencode(local.command) }
  description = "${local.object.deep[0].token}!"
  fail        = "%(fail)s"
}
output "token" {
  value     = var.token
  sensitive = true
}
output "object" {
  value     = local.object
  sensitive = true
}
output "open" {
  value = bench.a.id
}
"""


def forms(secret: str) -> dict[str, bytes]:
    """The ways in which a secret may stand somewhere."""
    raw = secret.encode()
    return {
        "itself": raw,
        "upper": secret.upper().encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "json utf-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        # In the middle of a longer text it begins at another third of a group of three bytes.
        "base64 +1": base64.b64encode(b"x" + raw)[4:-4],
        "base64 +2": base64.b64encode(b"xx" + raw)[4:-4],
        "base64 url": base64.urlsafe_b64encode(raw).rstrip(b"="),
        "url": urllib.parse.quote(secret, safe="").encode(),
        "url plus": urllib.parse.quote_plus(secret).encode(),
        "hex": raw.hex().encode(),
        "repr": repr(secret)[1:-1].encode(),
        "its beginning": raw[:8],
        "its end": raw[-8:],
    }


FORMS = [(name, form) for secret in (CANARY, OTHER) for name, form in forms(secret).items()]


def found_in(data: bytes, where: str) -> list[str]:
    return [f"{where}: {name}" for name, form in FORMS if form in data]


class Watch:
    """Looks for the secrets wherever amlplan leaves something."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: list[str] = []
        self.secret = project.root.parent / "secret"

    def set(self, secret: str) -> None:
        self.project.environment["CANARY"] = secret
        self.project.environment["AMLPLAN_VAR_token"] = secret
        self.secret.write_text(secret + "\n")

    def run(self, *arguments: str, code: int | None = 0) -> Result:
        result = self.project.run(*arguments, code=code)
        self.look(result.all.encode(), f"streams of {' '.join(arguments)}")
        assert "Traceback" not in result.all
        self.look_at_files()
        return result

    def look(self, data: bytes, where: str) -> None:
        self.found += found_in(data, where)
        assert not self.found

    def look_at_files(self) -> None:
        for path in self.project.root.parent.rglob("*"):
            self.look(os.fsencode(path.name), f"name of {path}")
            if path.is_file() and path != self.secret:
                self.look(path.read_bytes(), str(path))


@pytest.fixture
def watch(project: Project) -> Watch:
    watch = Watch(project)
    watch.set(CANARY)
    project.write("data/a.csv", "1")
    project.write("model.bin", "1 2 3")
    configure(project)
    return watch


def configure(project: Project, fail: str = "") -> None:
    project.hcl(CONFIGURATION % {"command": json.dumps(COMMAND), "fail": fail})


def test_the_whole_course_shows_no_secret(watch: Watch) -> None:
    watch.run("validate")
    watch.run("validate", "-json")
    watch.run("plan")
    watch.run("plan", "-out=it.plan")
    watch.run("show", "it.plan")
    watch.run("show", "-json", "it.plan")
    watch.run("apply", "it.plan")
    for command in (
        ["plan"],
        ["plan", "-destroy", "-out=end.plan"],
        ["show"],
        ["show", "-json"],
        ["state", "list", "-json"],
        ["output"],
        ["output", "-json"],
        ["output", "token"],
        ["output", "-json", "object"],
        ["drift"],
        ["drift", "-json"],
        ["drift", "-markdown"],
        ["drift", "-markdown=d.md", "-junit=d.xml", "-sarif=d.sarif", "-github-output=d"],
        ["plan", "-markdown=p.md", "-junit=p.xml", "-sarif=p.sarif", "-github-output=p"],
        ["init"],
        *(
            ["state", "show", option, address]
            for address in ("workspace.main", "model.ridge", "bench.a", "environment.tools")
            for option in ("-json", "-json=false")
        ),
    ):
        watch.run(*command)
    assert "No changes." in watch.run("plan", "-detailed-exitcode").out
    assert watch.project.run("output", "-raw", "token").out == CANARY
    watch.look_at_files()
    watch.run("destroy", "-auto-approve")


def test_another_secret_is_a_change_that_does_not_show_it(watch: Watch) -> None:
    watch.run("apply", "-auto-approve")
    watch.set(OTHER)
    result = watch.run("plan", "-detailed-exitcode", code=2)
    for address in ("workspace.main", "datastore.raw", "compute.here", "model.ridge", "bench.a"):
        assert f"# {address} will be updated in-place" in result.out
    assert "(sensitive value)" in result.out
    assert '"open"' not in result.out  # a list with a secret is one secret
    assert "Plan: 0 to add, 6 to change, 0 to destroy." in result.out
    watch.run("plan", "-out=it.plan")
    watch.set(CANARY)
    assert "sensitive variable" in watch.run("apply", "it.plan", code=16).err
    watch.set(OTHER)
    watch.run("apply", "it.plan")
    assert "No changes." in watch.run("plan", "-detailed-exitcode").out


@pytest.mark.slow
def test_debug_logs_show_no_secret(watch: Watch) -> None:
    environment = {**watch.project.process_environment(), "AMLPLAN_LOG": "debug"}
    commands = [
        (["plan", "-out=it.plan"], 0),
        (["apply", "-auto-approve"], 0),
        (["plan", "-var-file=missing"], 10),
        (["destroy", "-auto-approve"], 0),
    ]
    for arguments, code in commands:
        done = subprocess.run(
            watch.project.command(*arguments),
            cwd=watch.project.root,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert code is None or done.returncode == code, done.stderr
        watch.look(done.stdout + done.stderr, " ".join(arguments))
        watch.look_at_files()


MISTAKES = [
    'bench "thing" "x" {\n  steps = env_secret("CANARY")\n}',
    'bench "thing" "x" {\n  seconds = var.token\n}',
    'bench "thing" "x" {\n  value = 1 + var.token\n}',
    'bench "thing" "x" {\n  value = tonumber(var.token)\n}',
    'bench "thing" "x" {\n  value = jsondecode(var.token)\n}',
    'bench "thing" "x" {\n  value = { a = 1 }[var.token]\n}',
    'bench "thing" "x" {\n  value = base64decode(var.token)\n}',
    'bench "thing" "x" {\n  value = file(var.token)\n}',
    'bench "thing" "x" {\n  value = regex(var.token, var.token)\n}',
    'bench "thing" "x" {\n  value = [1][var.token]\n}',
    'bench "thing" "x" {\n  value = var.token ? 1 : 2\n}',
    'bench "thing" "x" {\n  value = var.token.attribute\n}',
    'bench "thing" "x" {\n  value = [for x in var.token : x]\n}',
    'bench "thing" "x" {\n  value = format("%%d", var.token)\n}',
    'bench "thing" "x" {\n  needs = toset([var.token])[0]\n}',
    'bench "thing" "x" {\n  value = templatefile("main.hcl", { a = var.token })\n}',
    'bench "thing" "x" {\n  value = [var.token]\n}',
    'bench "thing" "x" {\n  options = { (var.token) = [1] }\n}',
    'bench "thing" "x" {\n  tags = { a = [var.token] }\n}',
    'bench "thing" "x" {\n  shape = { (var.token) = "1" }\n}',
    'workspace "x" {\n  owners = [var.token]\n}',
    'workspace "x" {\n  readers = var.token\n}',
    'workspace "x" {\n  name = var.token\n}',
    'workspace "x" {\n  history {\n    store = var.token\n  }\n}',
    'environment "x" {\n  python = var.token\n}',
    'environment "x" {\n  python = "3.11"\n  requirements = []\n  platforms = [var.token]\n}',
    'datastore "local" "x" {\n  path = "data"\n  default = var.token\n}',
    'model "x" {\n  source = var.token\n}',
    'model "x" {\n  source = "model.bin"\n  aliases = var.token\n}',
    'output "x" {\n  value = var.token\n}',
    'output "x" {\n  value = upper(nonsense, var.token)\n}',
    'output "x" {\n  value = upper(var.token, var.token)\n}',
    'variable "x" {\n  type = number\n  sensitive = true\n}',
    'variable "x" {\n  type = number\n  default = file_secret("../secret")\n}',
    (
        'variable "x" {\n  sensitive = true\n  default = 1\n  validation {\n'
        '    condition = var.x == 1\n    error_message = "It is ${var.x}."\n  }\n}'
    ),
    'variable "x" {\n  type = list(number)\n  sensitive = true\n}',
    'variable "x" {\n  type = object({ a = number })\n  sensitive = true\n}',
    'amlplan {\n  state "local" {\n    path = [var.token]\n  }\n}',
    'amlplan {\n  state "local" {\n    pth = var.token\n  }\n}',
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_about_secrets_show_none(watch: Watch, mistake: str) -> None:
    watch.project.environment["AMLPLAN_LOG"] = "debug"
    watch.project.environment["AMLPLAN_VAR_x"] = CANARY
    text = 'workspace "main" {}\nvariable "token" {\n  sensitive = true\n}\n'
    watch.project.hcl(text + mistake.replace("%%", "%") + "\n")
    watch.run("plan", code=None)
    watch.run("validate", "-json", code=None)
    watch.run("apply", "-auto-approve", code=None)


@pytest.mark.parametrize("fail", ["before", "after", "crash before", "crash after", "delete"])
def test_a_provider_that_fails_shows_none(watch: Watch, fail: str) -> None:
    watch.project.environment["AMLPLAN_LOG"] = "debug"
    configure(watch.project, fail)
    watch.run("apply", "-auto-approve", code=None)
    watch.run("show", "-json")
    watch.run("plan")
    watch.run("destroy", "-auto-approve", code=None)


def test_a_secret_that_cannot_be_had_is_a_note_and_no_change(watch: Watch) -> None:
    watch.run("apply", "-auto-approve")
    del watch.project.environment["CANARY"]
    watch.secret.unlink()
    result = watch.run("plan", "-detailed-exitcode")
    assert "No changes." in result.out
    assert 'tags.env was not compared, because env_secret("CANARY") cannot be had' in result.out
    assert 'tags.file was not compared, because file_secret("../secret") cannot' in result.out
    assert 'tags.command was not compared, because command_secret(["sh", …])' in result.out
    watch.run("apply", "-auto-approve")
    watch.run("drift")
    result = watch.project.run("output", "-raw", "object", code=1)
    assert not result.out


def test_a_secret_that_cannot_be_had_stops_its_own_creation_only(watch: Watch) -> None:
    watch.project.hcl(
        'bench "thing" "a" {\n  tags = { x = env_secret("MISSING") }\n}\nbench "thing" "b" {}\n'
    )
    assert "Plan: 2 to add" in watch.run("plan").out
    result = watch.run("apply", "-auto-approve", code=12)
    assert "the environment variable MISSING is not set" in result.err
    assert watch.run("state", "list").out == "bench.b\n"


@pytest.mark.parametrize("arguments", [["plan", "-no-secrets"], ["validate"], ["drift"], ["show"]])
def test_nothing_is_resolved_without_need(watch: Watch, arguments: list[str]) -> None:
    ran = watch.project.root / "ran"
    watch.run("apply", "-auto-approve")
    assert ran.exists()
    ran.unlink()
    watch.secret.write_text(OTHER)
    watch.project.environment["CANARY"] = OTHER
    result = watch.run(*arguments)
    assert not ran.exists()
    if "-no-secrets" in arguments:
        assert "No changes." in result.out
        assert "Notes:" in result.out


def test_no_secrets_plans_a_first_apply_too(watch: Watch) -> None:
    result = watch.run("plan", "-no-secrets", "-out=it.plan")
    assert "Plan: 6 to add" in result.out
    assert not (watch.project.root / "ran").exists()


@contextmanager
def watching_arguments(found: set[str]) -> Iterator[None]:
    """Look at the arguments and the environment's file of every process, again and again."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    found.update(found_in(path.read_bytes(), "arguments"))
                except OSError:
                    continue
            time.sleep(0.01)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc here")
def test_no_process_has_a_secret_in_its_arguments(watch: Watch) -> None:
    found: set[str] = set()
    with watching_arguments(found):
        for arguments in (["apply", "-auto-approve"], ["plan"]):
            subprocess.run(
                watch.project.command(*arguments),
                cwd=watch.project.root,
                env=watch.project.process_environment(),
                capture_output=True,
                check=True,
            )
    assert not found


def test_the_secret_reaches_the_provider(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing above would show anything."""
    seen: list[object] = []
    create = BenchThing.create

    def spy(self: BenchThing, desired: object, operation: object) -> object:
        seen.append(desired.inputs)  # type: ignore[attr-defined]
        return create(self, desired, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(BenchThing, "create", spy)
    watch.run("apply", "-auto-approve")
    [inputs] = seen
    assert inputs.needs == ("open", CANARY)  # type: ignore[attr-defined]
    assert inputs.description == f"{CANARY}!"  # type: ignore[attr-defined]
    assert len(World(watch.project.world).objects()) == 1
