"""`rawhttp` and `AMLRequest` by their older address."""

from importlib import import_module

_module = import_module("azureml_inference_server_http.api.aml_request")
AMLRequest = _module.AMLRequest
rawhttp = _module.rawhttp
