"""`azureml.contrib` where the Azure ML SDK is installed without any of it."""
