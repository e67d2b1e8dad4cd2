"""The client of an engine, against a real one."""

from __future__ import annotations

import io
import os
import resource
import tarfile
import threading
import time
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import UnreachableError
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from amlplan_docker.engine.failures import (
    ConflictError,
    LoginRefusedError,
    NotThereError,
    RefusedError,
    TooSlowError,
)
from amlplan_docker.engine.specification import ContainerSpec, Credentials
from services.registry import PASSWORD, USER
from services.relay import running_relay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker_objects import Objects
    from services.docker import Service
    from services.registry import Registry

LIMIT = 120.0
MIB = 1024 * 1024
ECHO = (
    "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data);"
    " sys.stderr.buffer.write(data[::-1]); sys.exit(7)"
)


def tar_of(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            tar.addfile(item, io.BytesIO(data))
    return buffer.getvalue()


def file_in(chunks: Iterator[bytes], name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return member.read()


def test_facts_and_identity_stay_the_same(engine: Engine) -> None:
    facts = engine.facts()
    assert facts.identity
    assert facts.identity == engine.identity()
    assert facts.cpus >= 1
    assert facts.memory > 100 * MIB
    assert facts.architecture in ("amd64", "arm64")
    assert int(facts.version.split(".")[0]) >= 20
    assert facts.api_version
    assert not facts.rootless


def test_a_container_is_seen_as_it_was_asked_for(engine: Engine, objects: Objects) -> None:
    network = engine.create_network(objects.name, objects.labels)
    engine.create_volume(objects.name, objects.labels)
    spec = objects.spec(
        env={"COLOUR": "red", "EMPTY": "", "WITH": "a=b"},
        memory=64 * MIB,
        cpu=0.5,
        shm_size=16 * MIB,
        ports={5001: ("127.0.0.1", None)},
        volumes={objects.name: ("/kept", "ro")},
        network=network.id,
        aliases=("scorer",),
        restart="on-failure:3",
    )
    spec_id = engine.create_container(spec)
    created = engine.container(objects.name)
    assert created is not None
    assert created.id == spec_id
    assert created.state == "created"
    assert created.name == objects.name
    assert created.labels == objects.labels
    assert {name: created.env[name] for name in spec.env} == spec.env
    assert (created.memory, created.cpu, created.gpus) == (64 * MIB, 0.5, None)
    assert created.shm_size == 16 * MIB
    assert created.restart_policy == "on-failure:3"
    (mount,) = created.mounts
    assert (mount.name, mount.path, mount.is_writable) == (objects.name, "/kept", False)
    engine.start(objects.name)
    started = engine.container(objects.name)
    assert started is not None
    assert started.is_running
    ((address, port),) = started.ports[5001]
    assert address == "127.0.0.1"
    assert port > 0
    assert started.networks[objects.name]
    found = engine.network(objects.name)
    assert found is not None
    assert list(found.containers.values()) == [objects.name]
    assert [each.name for each in engine.containers(objects.labels)] == [objects.name]
    assert engine.containers({**objects.labels, "other": None}) == []
    engine.update(objects.name, memory=80 * MIB, cpu=1)
    changed = engine.container(objects.name)
    assert changed is not None
    assert (changed.memory, changed.cpu) == (80 * MIB, 1.0)
    engine.rename(objects.name, f"{objects.name}-2")
    assert engine.container(objects.name) is None


def test_a_command_gets_and_gives_bytes(engine: Engine, objects: Objects) -> None:
    name = objects.run()
    data = os.urandom(3 * MIB)
    done = engine.execute(name, ["python3", "-c", ECHO], data, LIMIT)
    assert done.exit_code == 7
    assert done.stdout == data
    assert done.stderr == data[::-1]
    for size in (0, 1, 70_000):
        done = engine.execute(name, ["cat"], data[:size], LIMIT)
        assert (done.exit_code, done.stdout, done.stderr) == (0, data[:size], b"")


def test_a_command_need_not_read_its_input(engine: Engine, objects: Objects) -> None:
    name = objects.run()
    assert engine.execute(name, ["true"], b"x" * 5 * MIB, LIMIT).exit_code == 0
    assert engine.execute(name, ["false"], b"", LIMIT).exit_code == 1
    assert engine.execute(name, ["/nosuch"], b"", LIMIT).exit_code in (126, 127)


def test_commands_at_the_same_time_do_not_mix(engine: Engine, objects: Objects) -> None:
    name = objects.run()
    got: dict[int, bytes] = {}

    def ask(number: int) -> None:
        got[number] = engine.execute(name, ["cat"], bytes([number]) * 50_000, LIMIT).stdout

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {number: bytes([number]) * 50_000 for number in range(6)}


def test_a_command_that_takes_too_long_is_told(engine: Engine, objects: Objects) -> None:
    name = objects.run()
    with pytest.raises(TooSlowError, match="sleep has no end after"):
        engine.execute(name, ["sleep", "60"], timeout=0.2)
    with pytest.raises(TooSlowError, match="is running after"):
        engine.wait(name, 0.2)


def test_a_command_in_what_does_not_run_is_a_conflict(engine: Engine, objects: Objects) -> None:
    engine.create_container(objects.spec())
    with pytest.raises(ConflictError):
        engine.execute(objects.name, ["true"])
    with pytest.raises(NotThereError):
        engine.execute(f"{objects.name}-nosuch", ["true"])


def test_files_go_in_and_come_out_in_little_memory(engine: Engine, objects: Objects) -> None:
    piece, count = os.urandom(MIB), 100
    engine.create_container(objects.spec())  # not started: a volume is filled before its server
    head = tarfile.TarInfo("large")
    head.size = len(piece) * count

    def chunks() -> Iterator[bytes]:
        yield head.tobuf()
        for _ in range(count):
            yield piece
        yield b"\0" * 1024

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.put(objects.name, "/root", chunks())
    got = sum(len(chunk) for chunk in engine.get(objects.name, "/root/large"))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert got >= head.size
    assert grown < 50 * 1024, f"{grown} KiB for a file of {count} MiB"
    engine.put(objects.name, "/root", tar_of(small=b"\x00\xff"))
    assert file_in(engine.get(objects.name, "/root/small"), "small") == b"\x00\xff"


def test_what_is_not_there_is_told_though_much_is_sent(engine: Engine, objects: Objects) -> None:
    much = tar_of(much=b"x" * 20 * MIB)
    with pytest.raises(NotThereError):
        engine.put(f"{objects.name}-nosuch", "/", much)
    engine.create_container(objects.spec())
    with pytest.raises(NotThereError):
        engine.put(objects.name, "/nosuch", much)
    with pytest.raises(NotThereError):
        list(engine.get(objects.name, "/nosuch"))


def test_what_fails_at_the_source_is_raised_as_it_is(engine: Engine, objects: Objects) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 10_000
        raise FileNotFoundError("the source")

    engine.create_container(objects.spec())
    with pytest.raises(FileNotFoundError, match="the source"):
        engine.put(objects.name, "/root", broken())
    with pytest.raises(FileNotFoundError, match="the source"):
        engine.load(broken())
    assert engine.identity()


def test_logs_have_both_streams_to_the_end(engine: Engine, objects: Objects) -> None:
    code = "import sys\nfor i in range(500): print(i, flush=True); print(i, file=sys.stderr)"
    name = objects.run("python3", "-c", code)
    lines = b"".join(engine.logs(name, follow=True)).split()
    assert sorted(lines, key=int) == [str(i // 2).encode() for i in range(1000)]
    assert engine.wait(name, LIMIT) == 0
    assert len(b"".join(engine.logs(name)).split()) == 1000
    assert len(b"".join(engine.logs(name, tail=3)).splitlines()) == 3
    assert b"".join(engine.logs(name, tail=1, timestamps=True)).startswith(b"20")
    assert b"".join(engine.logs(name, since=time.time() + 3600)) == b""


def test_logs_may_be_left_while_they_are_followed(engine: Engine, objects: Objects) -> None:
    name = objects.run("sh", "-c", "echo first; sleep 600")
    logs = engine.logs(name, follow=True)
    assert next(logs) == b"first\n"
    logs.close()  # type: ignore[attr-defined]
    assert engine.container(name) is not None


def test_out_of_memory_and_exit_codes_are_told_apart(engine: Engine, objects: Objects) -> None:
    hungry = "x = bytearray(200 * 2**20)"
    name = objects.run("python3", "-c", hungry, memory=32 * MIB)
    assert engine.wait(name, LIMIT) == 137
    seen = engine.container(name)
    assert seen is not None
    assert seen.oom_killed
    other = objects.run("sh", "-c", "exit 3", name=f"{name}-2")
    assert engine.wait(other, LIMIT) == 3
    seen = engine.container(other)
    assert seen is not None
    assert not seen.oom_killed


def test_names_that_are_taken_are_conflicts(engine: Engine, objects: Objects) -> None:
    objects.run()
    with pytest.raises(ConflictError):
        engine.create_container(objects.spec())
    engine.create_network(objects.name, objects.labels)
    with pytest.raises(ConflictError):
        engine.create_network(objects.name, objects.labels)


def test_what_is_in_use_is_a_conflict(engine: Engine, objects: Objects) -> None:
    engine.create_network(objects.name, objects.labels)
    engine.create_volume(objects.name, objects.labels)
    objects.run(network=objects.name, volumes={objects.name: ("/kept", "rw")})
    with pytest.raises(ConflictError):
        engine.remove_network(objects.name)
    with pytest.raises(ConflictError):
        engine.remove_volume(objects.name)
    with pytest.raises(ConflictError):
        engine.remove_container(objects.name)
    engine.stop(objects.name, 1)
    engine.remove_container(objects.name)
    with pytest.raises(NotThereError):
        engine.remove_container(objects.name)
    engine.remove_volume(objects.name)
    engine.remove_network(objects.name)
    assert engine.network(objects.name) is None
    assert engine.volume(objects.name) is None
    with pytest.raises(NotThereError):
        engine.remove_network(objects.name)


def test_an_image_that_is_not_there(engine: Engine, objects: Objects) -> None:
    assert engine.image("amlplan-test/nosuch:1") is None
    with pytest.raises(NotThereError):
        engine.create_container(ContainerSpec(objects.name, "amlplan-test/nosuch:1"))
    with pytest.raises(NotThereError):
        engine.remove_image("amlplan-test/nosuch:1")
    assert engine.container(objects.name) is None


def test_a_build_tells_its_output_and_its_end(engine: Engine, objects: Objects) -> None:
    lines: list[str] = []
    script = f"FROM {objects.base}\nRUN echo word-of-the-build\n".encode()
    tag = f"{objects.name}:1"
    made = engine.build(
        tar_of(Dockerfile=script), tag=tag, labels=objects.labels, on_line=lines.append
    )
    seen = engine.image(tag)
    assert seen is not None
    assert seen.id == made
    assert seen.labels == objects.labels
    assert "word-of-the-build" in lines
    base = engine.image(objects.base)
    assert base is not None
    assert seen.layers[: len(base.layers)] == base.layers
    assert [image.id for image in engine.images(objects.labels)] == [made]


def test_a_build_that_fails_has_its_end_in_the_error(engine: Engine, objects: Objects) -> None:
    script = f"FROM {objects.base}\nRUN echo last words; exit 3\n".encode()
    with pytest.raises(RefusedError) as failed:
        engine.build(tar_of(Dockerfile=script), labels=objects.labels)
    assert failed.value.summary == "The build failed"
    assert "non-zero code: 3" in failed.value.detail
    assert "last words" in failed.value.detail
    with pytest.raises(RefusedError):
        engine.build(tar_of(other=b""))


def test_images_are_saved_and_loaded(engine: Engine, objects: Objects) -> None:
    objects.load(f"{objects.name}:1")
    before = engine.image(f"{objects.name}:1")
    assert before is not None
    saved = list(engine.save([f"{objects.name}:1"]))
    engine.remove_image(f"{objects.name}:1")
    assert engine.image(before.id) is None
    engine.load(saved)
    assert engine.image(f"{objects.name}:1") == before
    with pytest.raises(RefusedError):
        engine.load([b"no archive" * 1000])


def pushed(engine: Engine, objects: Objects, host: str, auth: Credentials | None) -> str:
    objects.load(f"{host}/{objects.name}:1")
    return engine.push(f"{host}/{objects.name}", "1", auth=auth)


def test_images_are_pushed_and_pulled_by_digest(
    engine: Engine, objects: Objects, registry: Registry
) -> None:
    repository = f"{registry.host}/{objects.name}"
    told: list[str] = []
    digest = pushed(engine, objects, registry.host, None)
    assert digest.startswith("sha256:")
    assert engine.registry_digest(f"{repository}:1") == digest
    assert engine.registry_digest(f"{repository}:2") is None
    before = engine.image(f"{repository}:1")
    assert before is not None
    engine.remove_image(before.id, force=True)
    assert engine.image(before.id) is None
    after = engine.pull(repository, digest, on_progress=told.append)
    assert after.id == before.id
    assert f"{repository}@{digest}" in after.digests
    assert told
    assert engine.pull(repository, digest).id == before.id
    with pytest.raises(NotThereError):
        engine.pull(repository, "2")
    engine.remove_image(after.id, force=True)


def test_a_registry_that_wants_a_login(
    engine: Engine, objects: Objects, closed_registry: Registry
) -> None:
    host = closed_registry.host
    for auth in (None, Credentials(USER, "wrong")):
        with pytest.raises(LoginRefusedError):
            pushed(engine, objects, host, auth)
    right = Credentials(USER, PASSWORD)
    assert PASSWORD not in repr(right)
    digest = pushed(engine, objects, host, right)
    assert engine.registry_digest(f"{host}/{objects.name}:1", auth=right) == digest
    with pytest.raises(LoginRefusedError):
        engine.pull(f"{host}/{objects.name}", digest)
    assert engine.pull(f"{host}/{objects.name}", digest, auth=right)


def test_nothing_answers_where_a_registry_was(engine: Engine, objects: Objects) -> None:
    with pytest.raises(RefusedError, match="connection refused"):
        engine.pull("127.0.0.1:1/nosuch", "1")


def test_an_engine_that_freezes_is_told_and_comes_back(
    docker: Service, objects: Objects, tmp_path: Path
) -> None:
    """In a call, in a log that is followed, and in a command."""
    name = objects.run("sh", "-c", "echo first; sleep 600")
    with running_relay(docker.host, listen=tmp_path / "relay.sock") as relay:
        engine = Engine.connect(Connection(relay.host), timeout=LIMIT)
        engine._calls.timeout = 0.5  # of silence, after which it is asked whether it lives
        logs = engine.logs(name, follow=True)
        assert next(logs) == b"first\n"
        relay.freeze()
        engine._calls._sdk.timeout = 0.5
        for call in (
            engine.identity,
            lambda: engine.execute(name, ["true"]),
            lambda: next(logs),
            lambda: engine.put(name, "/root", tar_of(much=b"x" * 5 * MIB)),
            lambda: Engine.connect(Connection(relay.host), timeout=0.5),
        ):
            with pytest.raises(UnreachableError, match="did not answer in time"):
                call()
        relay.thaw()
        back = Engine.connect(Connection(relay.host), timeout=LIMIT)
        assert back.execute(name, ["echo", "back"], timeout=LIMIT).stdout == b"back\n"


def test_an_engine_that_goes_in_the_middle_of_a_log_is_no_end_of_it(
    docker: Service, objects: Objects, tmp_path: Path
) -> None:
    name = objects.run("sh", "-c", "echo first; sleep 600")
    with running_relay(docker.host, listen=tmp_path / "relay.sock") as relay:
        engine = Engine.connect(Connection(relay.host), timeout=LIMIT)
        logs = engine.logs(name, follow=True)
        assert next(logs) == b"first\n"
        relay.process.kill()
        with pytest.raises(UnreachableError):
            next(logs)
        engine.close()
