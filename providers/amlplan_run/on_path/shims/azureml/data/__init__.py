"""`azureml.data` where it is not installed."""

from amlplan_run.azureml.finder import become

become(__name__)
