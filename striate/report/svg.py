"""A matplotlib drawing as an SVG element that can stand inside an HTML page, beside others.

Equal drawings give equal text. Words stay words, so that they can be selected, searched and read aloud.

>>> from matplotlib.figure import Figure
>>> svg = inline_svg(lambda figure: figure.text(0.5, 0.5, "$5 <b>") and None, (1, 1), "demo", "a price")
>>> svg.startswith('<svg'), 'aria-label="a price"' in svg, "$5 &lt;b&gt;" in svg
(True, True, True)
"""

import io
import re
import warnings
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib.style
from markupsafe import Markup
from matplotlib.figure import Figure

# The colours of a drawing, and the variables of the page that replace them: dark pages have other colours.
INK, SOFT, AXIS, GRID, CARD = "#1f2937", "#4b5563", "#9ca3af", "#e5e7eb", "#fdfdfe"
TRAIN, VALIDATION, MARK, BIN, ERROR = "#2563eb", "#ea580c", "#6b7280", "#60a5fa", "#dc2626"
SERIES = ("#0b62a8", "#c2500a", "#0a7d5a", "#a3247f", "#6d4bc3", "#8a6d00", "#b3261e", "#00788a")  # of several runs
ON_COLOUR = "#ffffff"  # letters on a strong colour, which are white on any page
VARIABLES = {
    INK: "ink",
    SOFT: "soft",
    AXIS: "axis",
    GRID: "grid",
    CARD: "card",
    TRAIN: "train",
    VALIDATION: "validation",
    MARK: "mark",
    BIN: "bin",
    ERROR: "error",
    ON_COLOUR: "on-colour",
    **{colour: f"series-{number}" for number, colour in enumerate(SERIES, start=1)},
}

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "striate",  # ids come from the drawing alone, not from chance
    "text.parse_math": False,  # a class may be called "$x_1$"
    "font.size": 10,
    "text.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": AXIS,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


def inline_svg(draw: Callable[[Figure], None], size: tuple[float, float], name: str, description: str) -> Markup:
    """One `<svg>` element in the page's colours: `var(--ink)` and the other `VARIABLES`.

    Args:
        draw: draws on the empty figure it is given, in those colours only.
        size: width and height in inches, of 96 pixels each on a screen.
        name: precedes every id, so that two drawings on one page do not refer to each other's parts.
        description: the text for a person who can't see the drawing.
    """
    buffer = io.StringIO()
    with matplotlib.style.context(STYLE, after_reset=True), warnings.catch_warnings():
        # The reader's browser has the characters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = _without_namespaces(ElementTree.fromstring(buffer.getvalue()))
    for parent in [root, *root.findall("defs")]:
        for child in parent.findall("metadata") + parent.findall("style"):
            parent.remove(child)
    _prefix_ids(root, name)
    _take_colours_of_page(root)
    root.attrib |= {"role": "img", "aria-label": description}
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # as in the removed style
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def printable(name: str, length: int = 20) -> str:
    """A name as it fits beside a drawing: at most `length` characters, and none that XML cannot hold.

    >>> printable("a bell \\x07 that rings for long")
    'a bell � that rings…'
    """
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return clean if len(clean) <= length else clean[: length - 1].rstrip() + "…"


def _without_namespaces(root: ElementTree.Element) -> ElementTree.Element:
    """Inside HTML an `<svg>` needs no namespaces."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    return root


def _take_colours_of_page(root: ElementTree.Element) -> None:
    """Drawings have the page's colours and no others, which would not follow it into the dark."""

    def variable(colour: re.Match[str]) -> str:
        assert colour[0] in VARIABLES, f"{colour[0]} is no colour of the page"
        return f"var(--{VARIABLES[colour[0]]})"

    for element in root.iter():
        if "style" in element.attrib:
            element.set("style", re.sub("#[0-9a-f]{6}", variable, element.attrib["style"]))


def _prefix_ids(root: ElementTree.Element, name: str) -> None:
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == "href":
                element.set(key, re.sub("^#", f"#{name}-", value))
            else:
                element.set(key, value.replace("url(#", f"url(#{name}-"))
