"""Ways to an engine: TLS, ssh and plain, and what is said where one leads nowhere."""

from __future__ import annotations

import os
import socket
import socketserver
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import UnreachableError
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from services import certificates, ssh
from services.relay import running_relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker_objects import Objects
    from services.docker import Service
    from services.relay import Relay
    from services.ssh import SshServer

LIMIT = 120.0
MIB = 1024 * 1024


def refused(connection: Connection, timeout: float = LIMIT) -> str:
    """What is said of an engine that cannot be reached."""
    with pytest.raises(UnreachableError) as failure:
        Engine.connect(connection, timeout=timeout)
    assert failure.value.detail.rstrip().endswith(".") or "ssh says" in failure.value.detail
    return failure.value.detail


def talk(engine: Engine, objects: Objects) -> None:
    """Use what needs more than questions and answers: commands, streams, files."""
    name = objects.run("sh", "-c", "echo first; sleep 600")
    data = os.urandom(MIB)
    assert engine.execute(name, ["cat"], data, LIMIT).stdout == data
    assert engine.execute(name, ["true"], data, LIMIT).exit_code == 0
    logs = engine.logs(name, follow=True)
    assert next(logs) == b"first\n"
    logs.close()  # type: ignore[attr-defined]
    engine.put(name, "/root", [b"\0" * 1024])
    assert b"".join(engine.get(name, "/etc/passwd"))


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates."""
    why = certificates.why_there_are_none()
    if why is not None:
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("papers")
    certificates.make_certificates(folder / "right")
    certificates.make_certificates(folder / "wrong")
    return folder


@pytest.fixture(scope="module")
def encrypted(docker: Service, papers: Path) -> Iterator[Relay]:
    with running_relay(docker.host, certificates=papers / "right") as relay:
        yield relay


def with_papers(host: str, folder: Path, *names: str) -> Connection:
    files = {f"{name}_file": str(folder / f"{name}.pem") for name in names}
    return Connection(host, **files)


def test_tls_with_a_client_certificate(
    encrypted: Relay, papers: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(papers / "wrong" / "ca.pem"))  # not for this
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    connection = with_papers(encrypted.host, papers / "right", "ca", "cert", "key")
    with Engine.connect(connection, timeout=LIMIT) as engine:
        assert engine.identity() == objects.engine.identity()
        talk(engine, objects)


def test_tls_is_told_apart_by_what_is_wrong(encrypted: Relay, papers: Path) -> None:
    host = encrypted.host
    right, wrong = papers / "right", papers / "wrong"
    other_authority = Connection(
        host, str(wrong / "ca.pem"), str(right / "cert.pem"), str(right / "key.pem")
    )
    assert "its certificate is not accepted" in refused(other_authority)
    assert "a client without certificate" in refused(with_papers(host, right, "ca"))
    stranger = Connection(
        host, str(right / "ca.pem"), str(wrong / "cert.pem"), str(wrong / "key.pem")
    )
    assert "it refuses the client certificate" in refused(stranger)
    mixed = Connection(host, str(right / "ca.pem"), str(right / "cert.pem"), str(wrong / "key.pem"))
    assert "the certificate or the key cannot be used" in refused(mixed)
    renamed = with_papers(host.replace("127.0.0.1", "127.0.0.2"), right, "ca", "cert", "key")
    assert refused(renamed)
    assert "It may want TLS" in refused(Connection(host))


def test_a_file_that_is_no_certificate_is_told(encrypted: Relay, papers: Path) -> None:
    (papers / "text.pem").write_text("this is none\n")
    text = str(papers / "text.pem")
    assert refused(Connection(encrypted.host, ca_file=text))
    assert refused(Connection(encrypted.host, str(papers / "right" / "ca.pem"), text, text))


def test_a_plain_port_has_no_tls(docker: Service, papers: Path) -> None:
    with running_relay(docker.host) as relay:
        plain = Engine.connect(Connection(relay.host), timeout=LIMIT)
        assert plain.identity() == docker.engine.identity()
        plain.close()
        said = refused(with_papers(relay.host, papers / "right", "ca"))
        assert "it speaks no TLS on this port" in said


@pytest.fixture(scope="module")
def ssh_server(docker: Service) -> Iterator[SshServer]:
    why = ssh.why_there_is_none()
    if why is not None:
        pytest.skip(why)
    with ssh.running_ssh_server(docker.host) as server:
        yield server


@pytest.fixture
def through_ssh(ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    monkeypatch.setenv("PATH", f"{ssh_server.programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield ssh_server
    ssh_server.know_it()


def test_ssh(through_ssh: SshServer, objects: Objects) -> None:
    connection = Connection(through_ssh.host, key_file=str(through_ssh.key_file))
    with Engine.connect(connection, timeout=LIMIT) as engine:
        assert engine.identity() == objects.engine.identity()
        talk(engine, objects)


def test_ssh_to_a_socket_that_is_named(through_ssh: SshServer, docker: Service) -> None:
    key = str(through_ssh.key_file)
    host = f"{through_ssh.host}{docker.host.removeprefix('unix://')}"
    with Engine.connect(Connection(host, key_file=key), timeout=LIMIT) as engine:
        assert engine.identity() == docker.engine.identity()
    said = refused(Connection(f"{through_ssh.host}/nosuch/docker.sock", key_file=key))
    assert "no engine runs there, or at another socket" in said


def test_ssh_checks_host_keys_and_asks_nothing(through_ssh: SshServer) -> None:
    connection = Connection(through_ssh.host, key_file=str(through_ssh.key_file))
    through_ssh.know("")
    assert "its host key is not the known one, or not known at all" in refused(connection)
    through_ssh.know(through_ssh.other_key_file.with_suffix(".pub").read_text().strip())
    assert "its host key is not the known one" in refused(connection)


def test_ssh_is_told_apart_by_what_is_wrong(through_ssh: SshServer) -> None:
    stranger = Connection(through_ssh.host, key_file=str(through_ssh.other_key_file))
    assert "the login was refused" in refused(stranger)
    with free_port() as port:
        assert "no ssh server listens there" in refused(Connection(f"ssh://127.0.0.1:{port}"))
    assert "the name of the host is not known" in refused(Connection("ssh://nosuch.invalid"))


def test_ssh_without_docker_on_the_other_side(
    through_ssh: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amlplan_docker.engine.ssh_dial._PROGRAM", "nosuch-docker")
    said = refused(Connection(through_ssh.host, key_file=str(through_ssh.key_file)))
    assert "there is no docker command on the other side" in said


def test_no_ssh_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nosuch")
    assert "there is no ssh on this machine" in refused(Connection("ssh://127.0.0.1"))


def test_no_socket_and_nobody_at_one(tmp_path: Path) -> None:
    assert "there is no such socket" in refused(Connection(f"unix://{tmp_path}/docker.sock"))
    (tmp_path / "file").write_text("")
    assert "nothing listens there" in refused(Connection(f"unix://{tmp_path}/file"))
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    assert "nothing listens there" in refused(Connection(f"unix://{tmp_path}/left.sock"))
    assert "no permission" not in refused(Connection(f"unix://{tmp_path}/{'x' * 200}"))


def test_a_socket_of_somebody_else() -> None:
    refused(Connection("unix:///nosuch"))  # imports what cannot be imported without rights
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as engine:
        Path(folder).chmod(0o755)
        place = Path(folder, "docker.sock")
        engine.bind(str(place))
        engine.listen()
        place.chmod(0o000)
        with without_rights():
            said = refused(Connection(f"unix://{place}"))
    assert "you have no permission for the socket" in said


def test_hosts_and_ports() -> None:
    with free_port() as port:
        assert "nothing listens there" in refused(Connection(f"tcp://127.0.0.1:{port}"))
    assert "the name nosuch.invalid is not known" in refused(Connection("tcp://nosuch.invalid:1"))


def test_what_answers_is_no_engine() -> None:
    for answer, said in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "no Docker engine (hello)"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"Version":"1"}', "no Docker engine"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[1, ", "no Docker engine"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "no Docker engine (no)"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
            "it wants TLS",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
        (b"\xff\xfe\x00\x01\r\n\r\n", "does not speak HTTP"),
        (b"", "it dropped the connection"),
    ):
        with answering(answer) as port:
            assert said in refused(Connection(f"tcp://127.0.0.1:{port}")), answer


def test_an_engine_that_is_too_old_is_told_what_works() -> None:
    told = b'{"Version":"19.03.8","ApiVersion":"1.40","MinAPIVersion":"1.12"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(told)}\r\n\r\n".encode()
    with answering(head + told) as port, pytest.raises(UnreachableError) as refusal:
        Engine.connect(Connection(f"tcp://127.0.0.1:{port}"), timeout=LIMIT)
    assert refusal.value.summary == "The Docker engine is too old"
    assert "it is 19.03.8. Engines from 20.10 on (API 1.41) work" in refusal.value.detail


def test_an_engine_that_takes_connections_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert "it did not answer in time" in refused(Connection(host), timeout=0.3)


@contextmanager
def free_port() -> Iterator[int]:
    """A port at which nobody listens, and nobody can meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that gives the same answer to everybody."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def without_rights() -> Iterator[None]:
    """Be a user meanwhile to whom files of others are closed, as they are not to root."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
