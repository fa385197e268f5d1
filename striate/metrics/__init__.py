"""What a trained classifier is worth: pure functions of true classes (N,) and probabilities (N, K)."""

from striate.metrics.accuracy import accuracy, error_percent
from striate.metrics.calibration import Calibration, calibration
from striate.metrics.confusion import ClassScores, class_scores, confusion_matrix
from striate.metrics.most_wrong import most_wrong

__all__ = [
    "Calibration",
    "ClassScores",
    "accuracy",
    "calibration",
    "class_scores",
    "confusion_matrix",
    "error_percent",
    "most_wrong",
]
