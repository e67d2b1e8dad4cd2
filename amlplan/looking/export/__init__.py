"""Runs handed on to other tools: JSON, CSV, TensorBoard, MLflow."""
