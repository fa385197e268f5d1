"""The page that shows a training run: `render(Report(...))` is one self-contained HTML document."""

from striate.report.content import Report
from striate.report.document import render
from striate.report.section import Section

__all__ = ["Report", "Section", "render"]
