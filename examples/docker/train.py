"""Trains one classifier of handwritten digits and records how well it does."""

import argparse
import csv
import pickle
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

import amlplan_run


def read_images(path):
    with open(path, newline="") as file:
        table = np.array([[int(cell) for cell in row] for row in csv.reader(file)])
    return table[:, :64], table[:, 64]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classifier", choices=("bayes", "svm"), required=True)
    parser.add_argument("--smoothing", type=float, default=1e-9)
    parser.add_argument("--penalty", type=float, default=1.0)
    asked = parser.parse_args()
    model = (
        SVC(C=asked.penalty)
        if asked.classifier == "svm"
        else GaussianNB(var_smoothing=asked.smoothing)
    )
    pixels, digits = read_images(amlplan_run.input("images"))
    train, test, learn, expect = train_test_split(pixels, digits, test_size=0.5, random_state=7)
    model.fit(train, learn)
    accuracy = accuracy_score(expect, model.predict(test))
    print(f"accuracy {accuracy:.4f}")
    amlplan_run.log("accuracy", accuracy)
    Path("outputs").mkdir(exist_ok=True)
    Path("outputs/model.pkl").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()
