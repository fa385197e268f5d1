"""A training that is seen while it runs: curves, filters, the examples that are most wrong, and at its end the verdict.

`page` is what a training is given and tells, `scene` what there is to see, `application` what the browser is answered.
"""

from striate.watching.page import Page

__all__ = ["Page"]
