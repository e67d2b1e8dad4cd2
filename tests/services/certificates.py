"""Certificates of the tests' own, as people make them with openssl for an engine."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_DAYS = "2"


def make_certificates(folder: Path) -> None:
    """Make an authority, and certificates of a server at 127.0.0.1 and of a client, in a folder.

    They are ca.pem, server-cert.pem, server-key.pem, cert.pem and key.pem.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(
        folder, "req", "-x509", *_new_key("ca-key.pem"), "-subj", "/CN=tests", "-out", "ca.pem"
    )
    for certificate, key, extension in (
        ("server-cert.pem", "server-key.pem", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ("cert.pem", "key.pem", "extendedKeyUsage=clientAuth"),
    ):
        (folder / "extension").write_text(extension)
        _openssl(folder, "req", *_new_key(key), "-subj", "/CN=one", "-out", "request")
        signed = ["x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca-key.pem"]
        signed += ["-CAcreateserial", "-days", _DAYS, "-extfile", "extension", "-out", certificate]
        _openssl(folder, *signed)


def why_there_are_none() -> str | None:
    """Why no certificates can be made here, or None where they can."""
    return None if shutil.which("openssl") else "there is no openssl on the PATH"


def _new_key(path: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
