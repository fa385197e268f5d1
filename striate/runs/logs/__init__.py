"""Loggers beside a run: TensorBoard, MLflow, Weights & Biases, and every step as CSV. A file for each.

`history.csv` and the report are always written; these are for programs that people look at runs with.
"""
