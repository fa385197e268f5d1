"""The page that shows a training run: `render(Report(...))` is one self-contained HTML document."""

from striate.report.content import Report, WrongImage
from striate.report.document import render

__all__ = ["Report", "WrongImage", "render"]
