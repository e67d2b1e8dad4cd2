"""`azureml` where it is not installed; what is in it comes from `amlplan_run.azureml`."""
