"""How connections to engines are read, and what is said of wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import ProviderError
from amlplan_docker.engine.connection import Connection, address_of, command_line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("unix:///run/a%20b.sock", "unix:///run/a b.sock"),
        ("tcp://box", "tcp://box:2375"),
        ("tcp://box:1/", "tcp://box:1"),
        ("http://box:1", "tcp://box:1"),
        ("tcp://[::1]:2", "tcp://[::1]:2"),
        ("ssh://box", "ssh://box"),
        ("ssh://ana@box:22", "ssh://ana@box:22"),
        ("ssh://ana@box/run/docker.sock", "ssh://ana@box/run/docker.sock"),
    ],
)
def test_addresses_are_read(host: str, url: str) -> None:
    assert address_of(Connection(host)).url == url


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        (Connection(""), "It is empty"),
        (Connection("   "), "It is empty"),
        (Connection("box:2375"), "does not say how"),
        (Connection("/var/run/docker.sock"), "does not say how"),
        (Connection("ftp://box"), "ftp:// is no way"),
        (Connection("npipe:////./pipe/docker_engine"), "npipe:// is no way"),
        (Connection("unix://run/docker.sock"), "no absolute path"),
        (Connection("unix://"), "no absolute path"),
        (Connection("unix:///run/x", ca_file="ca.pem"), "speaks no TLS"),
        (Connection("tcp://"), "names no host"),
        (Connection("tcp://:2375"), "names no host"),
        (Connection("ssh://"), "names no host"),
        (Connection("tcp://box:port"), "cannot be read"),
        (Connection("tcp://box:99999"), "cannot be read"),
        (Connection("tcp://box:2375/v1.41"), "not the path /v1.41"),
        (Connection("tcp://ana@box:2375"), "only ssh:// has"),
        (Connection("ssh://ana:hidden1@box"), "holds a password"),
        (Connection("tcp://ana:hidden1@box"), "holds a password"),
        (Connection("ssh://-oProxyCommand=x"), "no name of a host"),
        (Connection("ssh://-x@box"), "no name of a user"),
        (Connection("ssh://box;true"), "no name of a host"),
        (Connection("ssh://box", ca_file="ca.pem"), "needs no certificates"),
        (Connection("tcp://box?x=1"), "something behind its path"),
        (Connection("https://box:2376"), "needs ca_file"),
        (Connection("tcp://box", cert_file="cert.pem"), "belong together"),
        (Connection("tcp://box", key_file="key.pem"), "belong together"),
    ],
)
def test_wrong_addresses_are_refused(connection: Connection, said: str) -> None:
    with pytest.raises(ProviderError) as refused:
        address_of(connection)
    assert said in refused.value.detail
    assert "unix:///path/of/docker.sock, tcp://host:2376 or ssh://user@host" in str(refused.value)
    assert "hidden1" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as refused:
        address_of(Connection("tcp://box", ca_file=str(tmp_path / "ca.pem")))
    assert refused.value.summary == "A file of the connection cannot be read"
    assert "ca_file" in refused.value.detail


def test_without_a_host_it_is_that_of_the_docker_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert address_of(Connection()).url == "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://box:1")
    assert address_of(Connection()).url == "tcp://box:1"
    assert address_of(Connection("tcp://other:1")).url == "tcp://other:1"
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    assert address_of(Connection()).is_encrypted
    assert address_of(Connection()).key_file == str(tmp_path / "key.pem")


def test_the_docker_command_gets_the_same_way(tmp_path: Path) -> None:
    assert command_line(address_of(Connection("ssh://ana@box"))) == [
        "docker",
        "--host",
        "ssh://ana@box",
    ]
    files = {}
    for name in ("ca", "cert", "key"):
        files[f"{name}_file"] = str(tmp_path / f"{name}.pem")
        (tmp_path / f"{name}.pem").write_text("")
    assert command_line(address_of(Connection("tcp://box", **files)))[2:] == [
        "tcp://box:2376",
        "--tlsverify",
        "--tlscacert",
        files["ca_file"],
        "--tlscert",
        files["cert_file"],
        "--tlskey",
        files["key_file"],
    ]
