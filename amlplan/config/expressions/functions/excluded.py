"""The functions of Terraform that are not here, and why."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A plan must be the same whenever, and wherever, it is made from the same commit and state.
EXCLUDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "base64gzip": "the compressed bytes depend on the version of zlib, so two machines would "
        "plan different values",
        "bcrypt": "it salts with chance, so every plan would have another value; secrets are "
        "references here",
        "ephemeralasnull": "nothing is ephemeral here; secrets are references, which are stored "
        "nowhere",
        "plantimestamp": "every plan would have another value; take the time from a variable",
        "rsadecrypt": "it puts a decrypted secret into the configuration; use `command_secret` "
        "with the command that decrypts it",
        "timestamp": "every plan would have another value; take the time from a variable",
        "uuid": "every plan would have another value; use `uuidv5`, or take one from a variable",
    }
)
