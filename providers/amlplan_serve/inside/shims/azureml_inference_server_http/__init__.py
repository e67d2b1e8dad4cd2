"""`azureml_inference_server_http` where it is not installed: what scoring scripts import of it."""
