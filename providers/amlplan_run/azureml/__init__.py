"""What scripts find as `azureml` where the Azure ML SDK v1 is not installed.

Each public name of the SDK can be imported. What runs need works; the rest raises an error when it
is called, which says what to do instead. The folder `shims` on the script's path leads here.
"""
