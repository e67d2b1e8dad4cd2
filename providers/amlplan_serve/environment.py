"""The variables that a worker's process starts with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlplan_serve.settings import RevisionSpec

PASSED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    )
)
PASSED_BEGINNINGS = ("LC_", "CUDA", "NVIDIA")


def environment_of(spec: RevisionSpec) -> dict[str, str]:
    """What is declared, and what a program needs of the machine.

    Nothing else is passed on: whoever started the server may have had secrets in the environment.
    """
    return {
        **{name: value for name, value in os.environ.items() if _is_passed(name)},
        "PYTHONUNBUFFERED": "1",  # what was printed before a kill is in the log
        "PYTHONDONTWRITEBYTECODE": "1",  # the bundle stays what its digest says
        "AML_APP_ROOT": spec.source,
        "AZUREML_ENTRY_SCRIPT": spec.entry_script,
        "AZUREML_MODEL_DIR": spec.model_dir,
        **spec.variables,
    }


def _is_passed(name: str) -> bool:
    is_proxy = name.endswith("_proxy") and name.upper() in PASSED
    return name in PASSED or is_proxy or name.startswith(PASSED_BEGINNINGS)
