"""`azureml.contrib.services` where it is not installed."""

from importlib import import_module

rawhttp = import_module("azureml.contrib.services.aml_request").rawhttp

__all__ = ["rawhttp"]
