"""A page of tables and drawings under a title: what several runs, or a search, have come to.

>>> page = render_page("Two runs", [Table("figures", "Figures", ("run",), (("a",),))])
>>> "<h2>Figures</h2>" in page and "<script" not in page
True
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from striate.report.section import environment


@dataclass(frozen=True)
class Table:
    """A section with a table, or with drawings, or both.

    Attributes:
        anchor: Where links lead.
        name: Its head.
        heads: Of the columns; none where there is no table.
        rows: Texts, one for each column; the first names the row.
        note: A sentence above it.
        drawings: SVG, which stand side by side.
        marked: The position of a row that stands out.
        after: A sentence below it.
    """

    anchor: str
    name: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    drawings: tuple[Markup, ...] = ()
    marked: int | None = None
    after: str = ""


def render_page(title: str, parts: Sequence[Table], command: str = "", headline: str = "") -> str:
    """One self-contained HTML document; every text is escaped.

    Args:
        title: What it is about.
        parts: Its sections, in order.
        command: What makes the page again.
        headline: A sentence under the title.
    """
    template = environment().get_template("tabled.html")
    text = template.render(title=title, parts=parts, command=command, headline=headline)
    return text.encode("utf-8", "replace").decode("utf-8")  # file names may hold lone surrogates
