"""The certificate that a server shows: read from files, and read again without a restart."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path


class UnusableCertificateError(Exception):
    """Certificate and key cannot be used; the text says why."""


class Certificate:
    """A certificate with its key, both in PEM; raises UnusableCertificateError."""

    def __init__(self, certificate: str, key: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.fingerprint = ""
        self.use(certificate, key)

    def use(self, certificate: str, key: str) -> None:
        """Show this one to whoever connects from now on; keeps the one it has where it raises."""
        try:
            tried = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tried.load_cert_chain(certificate, key, password=_no_password)
            fingerprint = _fingerprint(certificate)
            self.context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as failure:
            why = getattr(failure, "strerror", None) or failure
            raise UnusableCertificateError(
                f"{certificate} and {key} cannot be used for TLS: {why}. "
                "They must be a certificate with its chain and the key to it, both in PEM and "
                "without a password."
            ) from failure
        self.fingerprint = fingerprint


def _no_password() -> str:
    """Answer what OpenSSL would else ask at a terminal."""
    return ""


def _fingerprint(certificate: str) -> str:
    """The SHA-256 of the first certificate of a file."""
    text = Path(certificate).read_text(encoding="ascii", errors="replace")
    begin = text.index(ssl.PEM_HEADER)
    end = text.index(ssl.PEM_FOOTER, begin) + len(ssl.PEM_FOOTER)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[begin:end])).hexdigest()
