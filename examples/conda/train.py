"""Fits a polynomial to a noisy curve, and keeps its coefficients."""

import argparse
from pathlib import Path

import msgpack
import numpy as np

import amlplan_run

parser = argparse.ArgumentParser()
parser.add_argument("--degree", type=int, default=3)
degree = parser.parse_args().degree

noise = np.random.default_rng(seed=7).normal(scale=0.1, size=200)
x = np.linspace(-1, 1, 200)
y = np.sin(3 * x) + noise

fitted = np.polynomial.Polynomial.fit(x, y, degree)
amlplan_run.log("rmse", float(np.sqrt(np.mean((fitted(x) - y) ** 2))))

coefficients = fitted.convert().coef.tolist()
Path("outputs/model.msgpack").write_bytes(msgpack.packb(coefficients))
