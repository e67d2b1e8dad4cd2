"""Chooses the strength of a ridge regression, recorded with MLflow; nothing in it is about amlplan.

Needs mlflow-skinny or mlflow, scikit-learn and pandas. Try it: amlplan run train.py, then
amlplan runs show latest and amlplan model list.
"""

import argparse

import mlflow
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--alphas", type=float, nargs="+", default=[0.03, 0.3, 3.0])
alphas = parser.parse_args().alphas

mlflow.set_tracking_uri("http://localhost:5000")
mlflow.set_experiment("diabetes")
mlflow.sklearn.autolog(log_models=False)

features, target = load_diabetes(return_X_y=True, as_frame=True)
split = train_test_split(features, target, test_size=0.25, random_state=7)
train_features, test_features, train_target, test_target = split

with mlflow.start_run(run_name="sweep") as sweep:
    for alpha in alphas:
        with mlflow.start_run(run_name=f"alpha {alpha:g}", nested=True):
            model = Ridge(alpha=alpha).fit(train_features, train_target)
            mlflow.log_metric("test_r2", model.score(test_features, test_target))

    client = MlflowClient()
    best = client.search_runs(
        experiment_ids=[sweep.info.experiment_id],
        filter_string=f"tags.mlflow.parentRunId = '{sweep.info.run_id}'",
        order_by=["metrics.test_r2 DESC"],
        max_results=1,
    )[0]
    print("best alpha: {}".format(best.data.params["alpha"]))
    mlflow.log_metric("best_test_r2", best.data.metrics["test_r2"])
    mlflow.log_param("best_alpha", best.data.params["alpha"])

    model = Ridge(alpha=float(best.data.params["alpha"])).fit(features, target)
    mlflow.sklearn.log_model(
        model,
        "model",
        registered_model_name="diabetes",
        serialization_format="pickle",
        pip_requirements=["scikit-learn"],
    )

loaded = mlflow.pyfunc.load_model("models:/diabetes/1")
print(f"first prediction: {loaded.predict(features.head(1))[0]:.1f}")
