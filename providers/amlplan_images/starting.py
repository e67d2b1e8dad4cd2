"""How containers of an image start, by what answers requests in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_images.configuration import Settings
from amlplan_images.dependencies import ENVIRONMENT, INTERPRETER
from amlplan_images.layers import ROOT
from amlplan_images.parts import MODELS, SOURCE
from amlplan_images.server import server_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan_images.base import BaseImage
    from amlplan_images.image_document import Serving

PORT = 5001
APP_ROOT = "/var/azureml-app"
"""Where Azure ML's images have scripts and models; the view of models is made below it."""


def settings_of(
    base: BaseImage, serving: Serving, entry_script: str, models: Sequence[str] = ()
) -> Settings:
    """The settings of an image that serves by itself: `docker run -p 5001:5001 IMAGE`.

    `models` are the names of those inside: a server that is not amlplan's finds them without their
    versions, where nothing tells it of those.
    """
    port = int(serving.routes.get("port", PORT))
    entrypoint, command = _started(base, serving, entry_script, port)
    return Settings(
        entrypoint=entrypoint,
        command=command,
        variables=_variables(serving, entry_script, models),
        path=(f"/{ENVIRONMENT}/bin",),
        working_dir=f"/{ROOT}/{SOURCE}",
        ports=(port,),
    )


def settings_of_runs() -> Settings:
    """The settings of an image that scripts are run in: dependencies on a base, and no more."""
    return Settings(
        variables={"PYTHONUNBUFFERED": "1", "VIRTUAL_ENV": f"/{ENVIRONMENT}"},
        path=(f"/{ENVIRONMENT}/bin",),
    )


def settings_of_front(base: BaseImage) -> Settings:
    """The settings of the image that fronts are started from: the server on a base."""
    return Settings(
        entrypoint=server_command(base), variables={"PYTHONUNBUFFERED": "1"}, ports=(PORT,)
    )


def _started(
    base: BaseImage, serving: Serving, entry_script: str, port: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    script = f"/{ROOT}/{SOURCE}/{entry_script}"
    if serving.server == "amlplan":
        return server_command(base), ("serve",)
    if serving.server == "azmlinfsrv":
        options = ("--entry_script", script, "--port", str(port))
        return (f"/{ENVIRONMENT}/bin/azmlinfsrv", *options), ()
    return (INTERPRETER, script), ()


def _variables(serving: Serving, entry_script: str, models: Sequence[str]) -> dict[str, str]:
    found = {
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": f"/{ENVIRONMENT}",
        "AML_APP_ROOT": f"/{ROOT}/{SOURCE}",
        "AZUREML_ENTRY_SCRIPT": entry_script,
    }
    if serving.server != "amlplan" and models:
        only = f"/{models[0]}" if len(models) == 1 else ""
        found["AZUREML_MODEL_DIR"] = f"/{ROOT}/{MODELS}{only}"
    if serving.enable_gpu:
        found["NVIDIA_VISIBLE_DEVICES"] = "all"
        found["NVIDIA_DRIVER_CAPABILITIES"] = "compute,utility"
    return found
