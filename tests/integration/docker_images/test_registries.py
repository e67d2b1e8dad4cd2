"""Images in registries: pushed, adopted, pulled by digest, and refused."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import AuthError, ProviderError
from amlplan.provider import Missing, Present
from amlplan.testing import StandInOperation, record_of
from services.registry import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker_image_workbench import DockerImages
    from services.registry import Registry

GIVEN = {"username": USER, "password": PASSWORD}


def removed(bench: DockerImages, image_id: str) -> None:
    bench.engine.remove_image(image_id, force=True)
    assert bench.engine.image(image_id) is None


def test_an_image_of_the_registry_is_adopted_and_not_made(
    bench: DockerImages, registry: Registry
) -> None:
    """Also where the engine has nothing of it any more: apply pulls."""
    desired = bench.image(registry=f"{registry.host}/fraud")
    record = bench.created(desired)
    outputs = record.outputs.values
    assert outputs["repo_digest"].startswith(f"{registry.host}/fraud/{bench.name}@sha256:")
    seen = bench.provider.read(record, desired.targets)
    assert isinstance(seen, Present)
    assert seen.outputs["repo_digest"] == outputs["repo_digest"]

    removed(bench, outputs["image_id"])
    assert bench.provider.read(record, desired.targets) == Missing()
    operation = StandInOperation()
    again = record_of(desired, bench.provider.create(desired, operation), bench.provider)
    assert again.outputs == record.outputs
    assert [text for text in operation.texts if text.startswith("pulling")]
    assert not [text for text in operation.texts if text.startswith("sending")]


def test_a_push_that_is_gone_from_the_engine_is_drift(
    bench: DockerImages, registry: Registry
) -> None:
    desired = bench.image(registry=registry.host)
    record = bench.created(desired)
    outputs = record.outputs.values
    tag = outputs["tag"].rpartition(":")[2]
    bench.engine.remove_image(f"{registry.host}/{bench.name}:{tag}")
    seen = bench.provider.read(record, desired.targets)
    assert isinstance(seen, Present)
    assert seen.outputs["repo_digest"] is None
    assert bench.created(desired).outputs == record.outputs


def test_another_image_under_the_tag_in_the_registry_is_replaced(
    bench: DockerImages, registry: Registry
) -> None:
    other = bench.created(bench.image(f"{bench.name}:other:1", "two")).outputs.values
    desired = bench.image(registry=registry.host)
    repository = f"{registry.host}/{bench.name}"
    tag = desired.derived["digest"].removeprefix("sha256:")[:12]
    bench.engine.tag(other["image_id"], repository, tag)
    bench.engine.push(repository, tag)
    bench.engine.remove_image(f"{repository}:{tag}")
    outputs = bench.created(desired).outputs.values
    assert outputs["image_id"] != other["image_id"]
    assert bench.engine.registry_digest(f"{repository}:{tag}") == outputs["repo_digest"][-71:]


def test_an_image_by_reference_is_pulled_and_held(bench: DockerImages, registry: Registry) -> None:
    built = bench.created(bench.image(registry=registry.host)).outputs.values
    removed(bench, built["image_id"])
    desired = bench.by_reference(built["repo_digest"])
    record = bench.created(desired)
    outputs = record.outputs.values
    assert outputs["image_id"] == built["image_id"]
    assert outputs["digest"] == built["repo_digest"].partition("@")[2]
    assert bench.provider.read(record, desired.targets) == Present(
        outputs={name: outputs[name] for name in ("image_id", "tag", "repo_digest")}
    )


def test_a_reference_that_no_registry_has_is_told(bench: DockerImages, registry: Registry) -> None:
    desired = bench.by_reference(f"{registry.host}/no/such@sha256:{'0' * 64}")
    with pytest.raises(ProviderError, match="The image cannot be had from its registry"):
        bench.created(desired)


def test_the_login_of_the_block_opens_the_registry(
    bench: DockerImages, closed_registry: Registry, without_store: Path
) -> None:
    desired = bench.image(registry=closed_registry.host, credentials=GIVEN)
    outputs = bench.created(desired).outputs.values
    assert outputs["repo_digest"].startswith(closed_registry.host)


def test_a_wrong_login_is_told_with_where_it_came_from(
    bench: DockerImages, closed_registry: Registry, without_store: Path
) -> None:
    wrong = {"username": USER, "password": "not-the-word"}
    desired = bench.image(registry=closed_registry.host, credentials=wrong)
    with pytest.raises(AuthError, match="The registry refused the login") as raised:
        bench.created(desired)
    assert f"that of {USER}, from credentials of the image block" in raised.value.detail
    assert "not-the-word" not in str(raised.value)
    with pytest.raises(AuthError, match=f"docker login {closed_registry.host}"):
        bench.created(bench.image(registry=closed_registry.host))


def test_the_credential_store_of_docker_is_asked(
    bench: DockerImages,
    closed_registry: Registry,
    without_store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = without_store / "bin"
    programs.mkdir()
    helper = programs / "docker-credential-tests"
    answer = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    settings = {"credHelpers": {closed_registry.host: "tests"}}
    (without_store / "config.json").write_text(json.dumps(settings))
    assert bench.created(bench.image(registry=closed_registry.host)).outputs.values["repo_digest"]


def test_a_login_that_docker_keeps_is_taken(
    bench: DockerImages, closed_registry: Registry, without_store: Path
) -> None:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    settings = {"auths": {closed_registry.host: {"auth": login}}}
    (without_store / "config.json").write_text(json.dumps(settings))
    assert bench.created(bench.image(registry=closed_registry.host)).outputs.values["repo_digest"]


@pytest.fixture
def without_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of docker's settings that has no login yet."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


def test_a_registry_that_refuses_in_mid_push_is_told_and_the_next_apply_goes_on(
    bench: DockerImages, registry: Registry
) -> None:
    with refusing_registry() as host, pytest.raises(ProviderError) as raised:
        bench.created(bench.image(registry=host))
    assert raised.value.summary == "The image could not be pushed"
    assert "the shelf is full" in raised.value.detail
    operation = StandInOperation()
    desired = bench.image(registry=registry.host)
    outputs = bench.provider.create(desired, operation)
    assert outputs["repo_digest"]
    assert not [text for text in operation.texts if text.startswith("sending")]


def test_an_update_that_fails_lets_go_of_nothing(bench: DockerImages) -> None:
    before = bench.created(bench.image())
    with refusing_registry() as host, pytest.raises(ProviderError):
        bench.provider.update(bench.image(word="two", registry=host), before, StandInOperation())
    uses = {
        item.id: item.used_by
        for item in bench.provider.stored(bench.builder, [before])
        if bench.name in str(item.names)
    }
    assert uses[before.outputs.values["image_id"]] == ("image.scorer",)
    assert len(uses) == 2
    assert all(uses.values())
    after = bench.provider.update(bench.image(word="two"), before, StandInOperation())
    left = {
        item.names[0]: item.used_by
        for item in bench.provider.stored(bench.builder, [before])
        if bench.name in str(item.names)
    }
    assert left == {before.outputs.values["tag"]: (), after["tag"]: ("image.scorer",)}


class _Refusing(http.server.BaseHTTPRequestHandler):
    """A fake registry that begins to take a blob and then has no room for it."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # an engine may be gone by then
            self.end_headers()
            self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/v2/":
            self._answer(200)
        else:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_POST(self) -> None:
        self._answer(202, Location=f"{self.path}one", Docker_Upload_UUID="one")

    def do_PATCH(self) -> None:
        self.rfile.read(10)
        self.close_connection = True
        refused: Any = {"errors": [{"code": "DENIED", "message": "the shelf is full"}]}
        self._answer(403, json.dumps(refused).encode(), Content_Type="application/json")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def refusing_registry() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
