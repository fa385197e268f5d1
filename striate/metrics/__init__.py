"""What a trained network is worth: pure functions of true classes (N,) and probabilities (N, K).

Those of `striate.metrics.regions` are for a class per pixel: of true masks (N, H, W) and outputs (N, K, H, W).
"""

from striate.metrics.accuracy import accuracy
from striate.metrics.calibration import Calibration, calibration
from striate.metrics.confusion import ClassScore, ClassScores, by_class, class_scores, confusion_matrix
from striate.metrics.interval import Interval, weighted_sum, wilson
from striate.metrics.most_wrong import most_wrong
from striate.metrics.regions import RegionScores, label_confusion, majority_scores, pixel_confusion, region_scores
from striate.metrics.score import Score, score

__all__ = [
    "Calibration",
    "ClassScore",
    "ClassScores",
    "Interval",
    "RegionScores",
    "Score",
    "accuracy",
    "by_class",
    "calibration",
    "class_scores",
    "confusion_matrix",
    "label_confusion",
    "majority_scores",
    "most_wrong",
    "pixel_confusion",
    "region_scores",
    "score",
    "weighted_sum",
    "wilson",
]
