"""The page that shows a training run: `render(Report(...))` is one HTML document without any other file."""

from striate.report.content import Calibration, ClassScore, Report, WrongImage
from striate.report.document import render

__all__ = ["Calibration", "ClassScore", "Report", "WrongImage", "render"]
