# mypy: ignore-errors
# ruff: noqa: PTH103, PTH123, TRY301 - as its users write
"""Records with MLflow at a server of the script's own: here, a folder."""

import os

import mlflow

AGE = tuple(int(part) for part in mlflow.__version__.split(".")[:2])

mlflow.set_tracking_uri("file:" + os.environ["STORE"])
mlflow.set_experiment("exp")
with mlflow.start_run(run_name="root"):
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"one": 1.0, "odd": float("nan")})
    mlflow.log_param("alpha", 0.1)
    mlflow.log_params({"depth": 3})
    mlflow.set_tags({"stage": "try", "gone": "x"})
    mlflow.delete_tag("gone")
    mlflow.log_text("a text", "notes/text.txt")
    os.makedirs("plots/inner")
    for name in ("plots/one", "plots/inner/two"):
        with open(name, "w") as file:
            file.write(name)
    mlflow.log_artifacts("plots", "kept")
    with mlflow.start_run(nested=True, run_name="inner"):
        mlflow.log_metric("score", 0.5)
        mlflow.log_text("a text", "of/child.txt")
try:
    with mlflow.start_run(run_name="broken"):
        raise ValueError("broken on purpose")
except ValueError:
    pass
with mlflow.start_run(run_name="later"):
    for step in range(7):
        if AGE >= (2, 9):
            mlflow.log_metric("late", step, step=step, synchronous=False)
        else:
            mlflow.log_metric("late", step, step=step)
    if AGE >= (2, 22):
        mlflow.flush_async_logging()
