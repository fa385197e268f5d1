"""A part of a report that a task adds, as HTML, and the templates that parts are written with.

>>> Section("tiles", "Tiles", Markup("<p>none</p>")).name
'Tiles'
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from striate.report.images import data_uri

PERCENT = "{:.2%}".format


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        anchor: Where links lead.
        name: What the contents call it.
        body: A `<section>` with this anchor for its id.
    """

    anchor: str
    name: str
    body: Markup


@cache
def environment() -> jinja2.Environment:
    """The templates beside this file; whatever they are given is escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("striate.report", "."),
        autoescape=True,  # class names and file names come from anywhere
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"percent": PERCENT, "share": "{:.1%}".format, "cell": cell, "data_uri": data_uri}
    return made


def part(template: str, name: str, **given: object) -> Markup:
    """What the macro `name` of a template makes of what it is given."""
    made: Any = getattr(environment().get_template(template).module, name)(**given)
    return Markup(made)


def cell(value: object) -> str:
    """A table cell: numbers with thousands separators, a dash for what does not apply."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, (int, np.integer)) else str(value)
