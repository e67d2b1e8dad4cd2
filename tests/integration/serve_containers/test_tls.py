"""A front that speaks TLS, and gets another certificate while it does."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import FrontSettings, RefusedError
from harness.certificates import certificate_for
from harness.service import PATIENCE

if TYPE_CHECKING:
    from harness.certificates import Pair
    from harness.containers import Containers


def fingerprint_of(pair: Pair) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate.decode())).hexdigest()


def shown_by(containers: Containers) -> str:
    shown = ssl.get_server_certificate(("127.0.0.1", containers.port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()


def asked_with_tls(containers: Containers, pair: Pair) -> int:
    context = ssl.create_default_context(cadata=pair.certificate.decode())
    context.check_hostname = False
    connection = http.client.HTTPSConnection(
        "127.0.0.1", containers.port, timeout=PATIENCE, context=context
    )
    connection.request("POST", "/score", b"{}", {"Authorization": f"Bearer {containers.key}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_another_certificate_is_shown_without_a_restart(containers: Containers) -> None:
    first, second = certificate_for("first"), certificate_for("second")
    front = containers.open_front()
    containers.serve("r1")
    assert containers.ask({}).status == 200
    kept = containers.connect()
    kept.request("GET", "/")
    assert kept.getresponse().read() == b"Healthy"
    containers.client.put_certificate(*first)
    assert containers.ask({}).status == 200
    containers.client.configure(FrontSettings(tls=True))
    assert asked_with_tls(containers, first) == 200
    kept.request("GET", "/")
    answer = kept.getresponse()
    assert (answer.read(), answer.getheader("connection")) == (b"Healthy", "close")
    assert containers.client.status().certificate == fingerprint_of(first)
    containers.client.put_certificate(*second)
    assert shown_by(containers) == fingerprint_of(second)
    assert asked_with_tls(containers, second) == 200
    front.end()
    containers.start_front()
    assert shown_by(containers) == containers.client.status().certificate == fingerprint_of(second)
    containers.client.configure(FrontSettings())
    assert containers.ask({}).status in (200, 503)
    assert not containers.client.status().certificate


def test_files_that_were_put_there_are_read_when_it_is_configured(containers: Containers) -> None:
    first, second = certificate_for("first"), certificate_for("second")
    containers.start_front()
    data = containers.folder / "data"
    for pair in (first, second):
        (data / "tls.crt").write_bytes(pair.certificate)
        (data / "tls.key").write_bytes(pair.key)
        containers.client.configure(FrontSettings(tls=True))
        assert shown_by(containers) == fingerprint_of(pair)


def test_what_is_no_certificate_is_refused_and_changes_nothing(containers: Containers) -> None:
    first, second = certificate_for("first"), certificate_for("second")
    containers.open_front()
    with pytest.raises(RefusedError, match="no certificate yet"):
        containers.client.configure(FrontSettings(tls=True))
    containers.client.put_certificate(*first)
    containers.client.configure(FrontSettings(tls=True))
    for certificate, key in ((first.certificate, second.key), (b"none", b"none")):
        with pytest.raises(RefusedError, match="cannot be used for TLS"):
            containers.client.put_certificate(certificate, key)
    assert shown_by(containers) == fingerprint_of(first)
