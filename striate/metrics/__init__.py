"""What a trained classifier is worth: pure functions of true classes (N,) and probabilities (N, K)."""

from striate.metrics.accuracy import accuracy
from striate.metrics.calibration import Calibration, calibration
from striate.metrics.confusion import ClassScore, ClassScores, by_class, class_scores, confusion_matrix
from striate.metrics.interval import Interval, weighted_sum, wilson
from striate.metrics.most_wrong import most_wrong
from striate.metrics.score import Score, score

__all__ = [
    "Calibration",
    "ClassScore",
    "ClassScores",
    "Interval",
    "Score",
    "accuracy",
    "by_class",
    "calibration",
    "class_scores",
    "confusion_matrix",
    "most_wrong",
    "score",
    "weighted_sum",
    "wilson",
]
