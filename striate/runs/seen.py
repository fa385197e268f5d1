"""What a training gives to the page on which it is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from markupsafe import Markup

from striate.errors import WorkError
from striate.runs.plan import Parts, Plan
from striate.runs.unread import Unread
from striate.tasks.task import Judged
from striate.training.fields import Fields
from striate.training.history import VALIDATION, History
from striate.training.moment import Moment
from striate.watching import Page
from striate.watching.scene import Scene

VALIDATION_SET = "the validation set"


def scene_of(plan: Plan, parts: Parts, unread: Unread, history: History, at: Moment) -> Scene:
    """What there is to see.

    Args:
        plan, parts: What is done.
        unread: The files that could not be read so far.
        history: The epochs done before.
        at: Where within the next epoch it goes on.
    """

    def worst(rows: Fields, figures: Mapping[str, float]) -> Markup:
        known = {name.removeprefix(VALIDATION): value for name, value in figures.items() if name.startswith(VALIDATION)}
        judged = plan.task.judged(VALIDATION_SET, unread.left_of(parts.validation), rows, known)
        section = judged.worst_section(plan.data.source) if isinstance(judged, Judged) else None
        return section.body if section else Markup()

    title = f"{plan.network.name} on {plan.data.name}"
    begun = len(history) + at.done / plan.examples
    return Scene(title, plan.options.epochs, plan.examples, worst, begun, history)


@contextmanager
def ended_on(page: Page | None) -> Iterator[None]:
    """Where the work within fails, the page says why."""
    try:
        yield
    except WorkError as error:
        if page:
            page.end([str(error)])
        raise
