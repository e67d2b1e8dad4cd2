"""The variables that tell a container of ours what it is, and those that its script gets."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_serve.image import ROOT, UnusableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.image import Image

OURS = "AMLPLAN_"


class Variables:
    """What is said to a container by its environment; each has a value that fits most."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._all = environment

    def text(self, name: str, otherwise: str) -> str:
        """The variable AMLPLAN_<name>."""
        return self._all.get(OURS + name) or otherwise

    def number(self, name: str, otherwise: int) -> int:
        """The variable AMLPLAN_<name> as a whole number; raises UnusableImageError."""
        text = self.text(name, str(otherwise))
        if not text.isdigit():
            raise UnusableImageError(f"{OURS}{name} is {text!r}, and must be a whole number.")
        return int(text)

    @property
    def root(self) -> Path:
        """The folder that is ours in the container."""
        return Path(self.text("ROOT", ROOT))

    @property
    def data(self) -> Path:
        """Where a front keeps what it must not forget."""
        return Path(self.text("DATA", str(self.root / "data")))

    @property
    def link(self) -> str:
        """Where front and replicas find each other."""
        return self.text("LINK", str(self.root / "link"))

    @property
    def control(self) -> str:
        """The control socket of the server in the container."""
        return self.text("CONTROL", str(self.data / "control.sock"))

    @property
    def access_log(self) -> str | None:
        """Where a line for each request goes: standard output, unless it is "none"."""
        place = self.text("ACCESS_LOG", "-")
        return None if place == "none" else place


def script_environment(image: Image, model_dir: str) -> dict[str, str]:
    """The variables of the user's script: all that the container has, but ours."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
        "PYTHONUNBUFFERED": "1",  # what was printed before a kill is in the log
        "AML_APP_ROOT": image.source,
        "AZUREML_ENTRY_SCRIPT": image.entry_script,
        "AZUREML_MODEL_DIR": model_dir,
    }


def read_secrets(path: Path) -> dict[str, str]:
    """The variables that stand in no environment; none where there is no file.

    Raises UnusableImageError for a file that others may read, or that makes no sense; the error
    tells nothing of what is in it.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UnusableImageError(f"{path} may be read by others; its mode must be 0600.")
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as failure:
        kind = type(failure).__name__
        raise UnusableImageError(f"{path} cannot be read ({kind}).") from None
    if not isinstance(told, dict) or not all(isinstance(item, str) for item in told.values()):
        raise UnusableImageError(f"{path} must hold a JSON object of names and texts.")
    return told
