"""`serve`: an image that serves by itself, with workers of its own; what `docker run` does."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_serve.container import Variables, read_secrets, script_environment
from amlplan_serve.image import UnusableImageError, read_image
from amlplan_serve.init import under_init
from amlplan_serve.logs import STANDARD_ERROR
from amlplan_serve.model_view import PLACE, versions_in, view_of_models

if TYPE_CHECKING:
    from amlplan_serve.settings import RevisionSpec, ServerConfig


def main() -> int:
    """Serve until told to end; the exit code."""
    return under_init(_main)


def _main() -> int:
    from amlplan_serve.certificates import UnusableCertificateError
    from amlplan_serve.keys import UnusableKeysError
    from amlplan_serve.listener import AddressError
    from amlplan_serve.pool import RevisionBrokenError

    try:
        _serve(Variables(os.environ))
    except RevisionBrokenError as failure:
        sys.stderr.write(f"amlplan: the script cannot be served: {failure}\n")
        return 1
    except (
        *(AddressError, OSError, UnusableCertificateError, UnusableImageError),
        UnusableKeysError,
    ) as failure:
        sys.stderr.write(f"amlplan: {failure}\n")
        return 1
    return 0


def _serve(variables: Variables) -> None:
    from amlplan_serve.listener import bound
    from amlplan_serve.modes.front import SilentStarter
    from amlplan_serve.server import Kind, run

    secrets = read_secrets(Path(variables.text("SECRETS", str(variables.root / "secrets.json"))))
    spec = _spec(variables)
    config = _config(variables)
    opened = bound(config.host, config.port)
    run(config, opened, -1, Kind(first=(spec, secrets)), SilentStarter())


def _spec(variables: Variables) -> RevisionSpec:
    from amlplan_serve.settings import RevisionSpec

    image = read_image(variables.root)
    versions = versions_in(variables.text("MODEL_VERSIONS", ""))
    view = view_of_models(image, versions, variables.text("MODEL_VIEW", PLACE))
    return RevisionSpec(
        revision=variables.text("REVISION", "1"),
        interpreter=image.interpreter,
        source=image.source,
        entry_script=image.entry_script,
        model_dir=view,
        log=STANDARD_ERROR,
        digest=variables.text("DIGEST", ""),
        manifest=image.manifest,
        variables=script_environment(image, view),
        workers=max(1, variables.number("WORKERS", 1)),
        scoring_timeout=float(max(1, variables.number("SCORING_TIMEOUT", 60))),
        startup_timeout=float(max(1, variables.number("STARTUP_TIMEOUT", 300))),
    )


def _config(variables: Variables) -> ServerConfig:
    from amlplan_serve.settings import ServerConfig

    folder = tempfile.mkdtemp(prefix="amlplan-")
    return ServerConfig(
        control=variables.text("CONTROL", str(Path(folder) / "control.sock")),
        log="",
        host=variables.text("HOST", "0.0.0.0"),  # noqa: S104 - a container's own address
        port=variables.number("PORT", 5001),
        keys=variables.text("KEYS", "") or None,
        drain_seconds=float(variables.number("DRAIN", 30)),
        access_log=variables.access_log,
        certificate=variables.text("CERTIFICATE", "") or None,
        certificate_key=variables.text("CERTIFICATE_KEY", "") or None,
    )
