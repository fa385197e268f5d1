"""The part of a report on the images that are most wrong, of any task.

>>> worst([("data:,", "a.png", "50.00%")], "IoU", "On the right what is found.").anchor
'wrong'
"""

from collections.abc import Sequence

from striate.report.section import Section, part

TEMPLATE = "wrong.html"


def worst(images: Sequence[tuple[str, str, str]], figure: str, note: str) -> Section:
    """The worst images, the worst first.

    Args:
        images: Of each the address of its picture, its name, and its figure.
        figure: What that is called.
        note: What the pictures show.
    """
    return Section("wrong", "Worst images", part(TEMPLATE, "worst", images=images, figure=figure, note=note))
