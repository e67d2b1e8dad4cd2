"""Learns which cultivar a wine is from, and records how many of unseen wines it tells right."""

import argparse

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import amlplan_run
from features import Ratios, read_table, save

CLASSIFIERS = {"bayes": GaussianNB, "logistic": LogisticRegression}
RATIOS = (("flavanoids", "nonflavanoid_phenols"), ("color_intensity", "hue"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classifier", choices=sorted(CLASSIFIERS), default="bayes")
    arguments = parser.parse_args()
    train = read_table(amlplan_run.input("train"))
    holdout = read_table(amlplan_run.input("holdout"))
    pairs = [(train.columns.index(above), train.columns.index(below)) for above, below in RATIOS]
    estimator = make_pipeline(Ratios(pairs), StandardScaler(), CLASSIFIERS[arguments.classifier]())
    estimator.fit(train.rows, train.labels)
    told = estimator.predict(holdout.rows)
    accuracy = accuracy_score(holdout.labels, told)
    print(f"{arguments.classifier}: accuracy {accuracy:.4f} on {len(holdout)} wines")
    amlplan_run.log("accuracy", accuracy)
    names = estimator.classes_.tolist()
    for written, counts in zip(names, confusion_matrix(holdout.labels, told, labels=names)):
        amlplan_run.log_row("confusion", written=written, **dict(zip(names, counts.tolist())))
    amlplan_run.tag("classifier", arguments.classifier)
    save("outputs/model", "cultivar", estimator, train, accuracy=accuracy)


if __name__ == "__main__":
    main()
