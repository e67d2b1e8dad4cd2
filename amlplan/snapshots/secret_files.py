"""Files of a source that look like secrets: by their names, or by well-known shapes in them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.digests import DigestMemory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from amlplan.snapshots.tree import Found

LARGEST = 64 * 1024
"""Bytes of a file from which on it is data, and not looked into."""
MOST = 64 * 1024 * 1024
"""Bytes that are looked into at most."""
_NOTHING = "-"
"""What the memory has for a file that was looked into and is harmless."""

_NAMES = re.compile(
    r"\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$).+)?|.+\.env"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.+\.(?:pfx|p12|jks|keystore|kdbx|ppk)"
    r"|[._]netrc|\.pgpass|\.htpasswd|\.git-credentials|\.dockercfg|kubeconfig|.+\.kubeconfig"
    r"|(?:aws_|gcloud_|google_|azure_)?credentials?(?:\.(?:json|ya?ml|ini|toml|csv|txt))?"
    r"|secrets?\.(?:json|ya?ml|ini|toml|txt|env)|client_secrets?.*\.json",
    re.IGNORECASE,
)
_SHAPES: tuple[tuple[str, str], ...] = (
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[0-9A-Za-z]{36,}\b|\bgithub_pat_[0-9A-Za-z_]{60,}"),
    ("a GitLab token", r"\bglpat-[0-9A-Za-z_-]{20,}"),
    ("a Hugging Face token", r"\bhf_[0-9A-Za-z]{34,}\b"),
    ("an API key", r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_-]{40,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Slack token", r"\bxox[abeoprs]-[0-9A-Za-z-]{20,}"),
    ("a token of a package index", r"\bpypi-AgE[0-9A-Za-z_-]{50,}"),
    ("a key of an Azure storage account", r"AccountKey=[0-9A-Za-z+/]{86}=="),
)
_ANY = re.compile("|".join(f"({shape})" for _, shape in _SHAPES).encode())


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file that looks like a secret, and what of it does, in words."""

    path: str
    why: str


def suspects_in(source: Path, found: Iterable[Found], cache_folder: Path) -> list[Suspect]:
    """The files that look like secrets, by path; blocks, and reads what is new or changed.

    A guess: it finds what has a well-known name or shape, in small files. Never raises for a file
    that cannot be read, which taking the snapshot will name.
    """
    memory = DigestMemory(cache_folder / "secrets", source.absolute())
    suspects: list[Suspect] = []
    budget = MOST
    for item in sorted(found, key=lambda item: item.path):
        if item.link is not None:
            continue
        why = "its name" if _NAMES.fullmatch(item.path.rpartition("/")[2]) else ""
        if not why and item.status.st_size <= min(LARGEST, budget):
            why = memory.remembered(item.path, item.status) or ""
            if not why:
                budget -= item.status.st_size
                why = _look_into(source, item, memory)
        if why and why != _NOTHING:
            suspects.append(Suspect(item.path, why))
    memory.save()
    return suspects


def _look_into(source: Path, item: Found, memory: DigestMemory) -> str:
    started = time.time()
    try:
        why = shape_in((source / item.path).read_bytes()) or _NOTHING
    except OSError:
        return _NOTHING
    memory.remember(item.path, item.status, why, started)
    return why


def shape_in(data: bytes) -> str | None:
    """What secret a text seems to hold, in words."""
    match = None if b"\0" in data else _ANY.search(data)
    return None if match is None else _SHAPES[(match.lastindex or 1) - 1][0]
