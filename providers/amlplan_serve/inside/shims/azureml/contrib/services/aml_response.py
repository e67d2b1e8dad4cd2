"""`AMLResponse` by its older address."""

from importlib import import_module

_module = import_module("azureml_inference_server_http.api.aml_response")
AMLResponse = _module.AMLResponse
