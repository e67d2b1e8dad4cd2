"""Learns to tell malignant from benign tumours at a threshold that misses few malignant ones.

The threshold is chosen on the rows to learn from, by cross-validation, so that the wanted share of
malignant tumours is found; what is measured on unseen rows is the share of benign ones left alone.
"""

import argparse

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import amlplan_run
from features import read_table, save

POSITIVE = "malignant"


def threshold_for(sensitivity, scores, is_malignant):
    """Give the highest score at which that share of the malignant tumours is found."""
    return float(np.quantile(scores[is_malignant], 1 - sensitivity, method="lower"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sensitivity", type=float, default=0.98)
    parser.add_argument("--strength", type=float, default=1.0)
    arguments = parser.parse_args()
    train = read_table(amlplan_run.input("train"))
    holdout = read_table(amlplan_run.input("holdout"))
    estimator = make_pipeline(StandardScaler(), LogisticRegression(C=arguments.strength))
    is_malignant = train.labels == POSITIVE
    scores = cross_val_predict(estimator, train.rows, is_malignant, method="predict_proba")[:, 1]
    threshold = threshold_for(arguments.sensitivity, scores, is_malignant)
    estimator.fit(train.rows, is_malignant)

    truth = holdout.labels == POSITIVE
    scores = estimator.predict_proba(holdout.rows)[:, 1]
    found = scores >= threshold
    measured = {
        "auc": float(roc_auc_score(truth, scores)),
        "sensitivity": float(found[truth].mean()),
        "specificity": float(1 - found[~truth].mean()),
    }
    for name, value in measured.items():
        print(f"{name} {value:.4f} on {len(holdout)} tumours")
        amlplan_run.log(name, value)
    amlplan_run.tag("strength", arguments.strength)
    save(
        "outputs/model",
        "tumour",
        estimator,
        train,
        threshold=threshold,
        positive=POSITIVE,
        **measured,
    )


if __name__ == "__main__":
    main()
