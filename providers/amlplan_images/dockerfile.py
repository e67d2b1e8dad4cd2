"""The Dockerfile for what no layer of ours can be: Debian packages and steps of the user's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?")
_INSTRUCTIONS = frozenset(
    {"ARG", "ENV", "LABEL", "RUN", "SHELL", "STOPSIGNAL", "USER", "WORKDIR", "EXPOSE"}
)
"""What a step may be; a file gets into an image by its code and its models, never by a step."""


def dockerfile(base: str, apt: Sequence[str] = (), steps: Sequence[str] = ()) -> str:
    """The text, the same for the same inputs; `base` is a digest or an id, never a tag.

    A step is an instruction as in `RUN make`, or the command of a RUN. Raises ProviderError for
    what is no package, and for a step that would need files.
    """
    lines = [f"FROM {base}"]
    if apt:
        names = " ".join(_checked(name) for name in sorted(set(apt)))
        lines.append(
            "RUN apt-get update"
            f" && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {names}"
            " && rm -rf /var/lib/apt/lists/*"
        )
    lines += [_step(step) for step in steps]
    return "\n".join(lines) + "\n"


def _checked(name: str) -> str:
    if _PACKAGE.fullmatch(name) is None:
        raise ProviderError(
            "Not a Debian package",
            f"{name!r} in apt is no name of a package, as in libgomp1 or git=1:2.39.2-1.",
        )
    return name


def _step(text: str) -> str:
    step = text.strip()
    first = step.split(maxsplit=1)[0] if step else ""
    if first in _INSTRUCTIONS:
        return step
    if first in {"ADD", "COPY", "FROM", "CMD", "ENTRYPOINT", "ONBUILD", "VOLUME", "HEALTHCHECK"}:
        raise ProviderError(
            "A step that an image cannot have",
            f"The step {step!r} is a {first}, and steps build on the base image alone: files come "
            "by source_dir, dependencies and models, and how it starts is the image's own. Use RUN "
            "or ENV.",
        )
    if not step:
        raise ProviderError("An empty step", "steps has an entry without text. Take it out.")
    return f"RUN {step}"
