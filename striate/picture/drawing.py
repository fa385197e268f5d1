"""A picture that has its places, as SVG: text stays text, the colours follow the reader's light or dark pages.

There are no ids and no scripts, so that any number of pictures may stand in one page.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr

from striate.formulas import cross
from striate.notation import Row
from striate.picture.kinds import KINDS, style
from striate.picture.parts import End
from striate.picture.plane import Area, Cell, Flow, Label, Path
from striate.picture.words import SIZES, width

NAMESPACE = "http://www.w3.org/2000/svg"
MARGIN = 16.0
TIP, HALF = 6.0, 3.5  # length of an arrow's head, and half its width
ROUND = 6.0  # radius of corners
SWATCH, ROW = 12.0, 20.0  # of the legend
LEAST = 300.0  # width of a picture


def svg(cell: Cell, flow: Flow, title: str, facts: Sequence[str], description: str) -> str:
    """The picture as one `<svg>` element.

    Args:
        cell: What is placed.
        flow: Which way the data go.
        title: The network's name.
        facts: What is said of it as a whole.
        description: The picture in words, for whom can't see it.
    """
    corners = [flow.seen(corner) for corner in ((0.0, cell.low), (cell.along, cell.high))]
    left, right = sorted(x for x, _ in corners)
    top, bottom = sorted(y for _, y in corners)
    words = [(title, "title"), *((fact, "soft") for fact in facts)]
    wide = max(right - left, LEAST, *(width(*one) for one in words))
    head = sum(SIZES[kind] * 1.4 for _, kind in words) + MARGIN
    kinds = [kind for kind in KINDS if any(area.kind == kind for area in cell.areas)]
    legend = list(_legend(kinds, wide))
    shift = (left - (wide - (right - left)) / 2 - MARGIN, top - head - MARGIN)
    foot = legend[-1][2] + ROW if legend else 0.0
    size = wide + 2 * MARGIN, bottom - top + head + foot + 2 * MARGIN
    body = [
        *_words(words, shift),
        *(_area(area, flow) for area in cell.areas if not area.kind),
        *(_path(path, flow) for path in cell.paths),
        *(_area(area, flow) for area in cell.areas if area.kind),
        *(_label(label, flow) for label in cell.labels),
        *(_entry(kind, shift[0] + MARGIN + x, bottom + MARGIN + y) for kind, x, y in legend),
    ]
    said = f"<title>{_text(title)}</title>\n<desc>{_text(description)}</desc>\n<style>\n{_sheet()}</style>"
    return "\n".join([_opening(shift, size), said, _paper(shift, size), *body, "</svg>\n"])


def _opening(shift: tuple[float, float], size: tuple[float, float]) -> str:
    view = " ".join(f"{number:.1f}" for number in (*shift, *size))
    kind = f'xmlns="{NAMESPACE}" class="striate-picture" role="graphics-document"'
    return f'<svg {kind} viewBox="{view}" width="{size[0]:.0f}" height="{size[1]:.0f}">'


def _paper(shift: tuple[float, float], size: tuple[float, float]) -> str:
    (x, y), (wide, high) = shift, size
    return f'<rect class="paper" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'


@cache
def _sheet() -> str:
    """The style sheet, with a rule for each kind and each size of letters."""
    rules = [
        f".striate-picture .{style(kind)} {{ fill: var(--{style(kind)}); stroke: var(--{style(kind)}-edge); }}"
        for kind in KINDS
    ]
    rules += [f".striate-picture .{name} {{ font-size: {size}px; }}" for name, size in SIZES.items()]
    return files("striate.picture").joinpath("picture.css").read_text(encoding="utf-8") + "\n".join(rules) + "\n"


def _text(words: str) -> str:
    """Words with the characters that XML can hold."""
    return escape("".join(letter if letter.isprintable() else "�" for letter in words))


def _words(words: Sequence[tuple[str, str]], shift: tuple[float, float]) -> Iterator[str]:
    y = shift[1] + MARGIN
    for text, kind in words:
        y += SIZES[kind]
        yield f'<text class="left {kind}" x="{shift[0] + MARGIN:.1f}" y="{y:.1f}">{_text(text)}</text>'
        y += SIZES[kind] * 0.4


def _corners(area: Area, flow: Flow) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = flow.seen(area.start), flow.seen(area.stop)
    return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)


def _area(area: Area, flow: Flow) -> str:
    x, y, wide, high = _corners(area, flow)
    place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    if not area.kind:
        return f'<g><rect class="frame" {place} rx="{ROUND}"/>{_frame_words(area, flow)}</g>'
    radius = high / 2 if isinstance(area.part, End) or len(area.text) == 1 else ROUND
    box = f'<rect class="{style(area.kind)}" {place} rx="{radius:.1f}"/>'
    return f"<g><title>{_text(_hint(area))}</title>{box}{''.join(_box_words(area, x, y, wide, high))}</g>"


def _frame_words(area: Area, flow: Flow) -> str:
    x, y, wide, _ = _corners(area, flow)
    found = []
    if area.text:
        found.append(f'<text class="left soft" x="{x + 8:.1f}" y="{y + 13:.1f}">{_text(area.text)}</text>')
    if area.badge:
        left = x + wide - width(area.badge, "soft") - 8 if flow.rightwards else area.spine + 8
        found.append(f'<text class="left soft head" x="{left:.1f}" y="{y + 13:.1f}">{_text(area.badge)}</text>')
    return "".join(found)


def _box_words(area: Area, x: float, y: float, wide: float, high: float) -> Iterator[str]:
    middle = x + wide / 2
    if area.part is None:
        kind = "head" if len(area.text) == 1 else "soft"
        yield f'<text class="{kind}" x="{middle:.1f}" y="{y + high / 2 + 3.7:.1f}">{_text(area.text)}</text>'
        return
    at = y + (high - sum(line.height for line in area.lines)) / 2
    for line in area.lines:
        at += line.height
        yield f'<text class="{line.style}" x="{middle:.1f}" y="{at - line.height * 0.25:.1f}">{_text(line.text)}</text>'


def _hint(area: Area) -> str:
    """What is said of a box when one points at it: its layers in full, with their names and shapes."""
    rows = [*area.joins, *(area.part.rows if area.part else ())]
    if not rows:
        return area.part.text if isinstance(area.part, End) else area.text
    more = f"\n… {len(rows) - MOST_HINTS} more" if len(rows) > MOST_HINTS else ""
    return "\n".join(map(_said, rows[:MOST_HINTS])) + more


MOST_HINTS = 12  # layers


def _said(row: Row) -> str:
    return f"{row.name}: {row.text.removeprefix(f'{row.node.label}: ')}, {cross(row.output.value)}"


def _path(path: Path, flow: Flow) -> str:
    points = [flow.seen(point) for point in path.points]
    kind = " link" if path.link else ""
    dashed = " dashed" if path.dashed else ""
    tip = ""
    if path.arrow:
        (x0, y0), (x, y) = [point for point in points if point != points[-1]][-1], points[-1]
        length = abs(x - x0) + abs(y - y0)
        dx, dy = (x - x0) / length, (y - y0) / length
        back = x - dx * TIP, y - dy * TIP
        points[-1] = back
        wings = (back[0] - dy * HALF, back[1] + dx * HALF), (back[0] + dy * HALF, back[1] - dx * HALF)
        tip = f'<polygon class="tip{kind}" points="{_listed([(x, y), *wings])}"/>'
    return f'<polyline class="path{kind}{dashed}" points="{_listed(points)}"/>{tip}'


def _listed(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _label(label: Label, flow: Flow) -> str:
    x, y = flow.seen(label.point)
    if flow.rightwards:
        return f'<text class="shape" x="{x - 3:.1f}" y="{y - 5:.1f}">{_text(label.text)}</text>'
    return f'<text class="shape left" x="{x + 5:.1f}" y="{y + 3:.1f}">{_text(label.text)}</text>'


def _legend(kinds: Sequence[str], wide: float) -> Iterator[tuple[str, float, float]]:
    """Each kind and its place below the picture."""
    x, y = 0.0, 0.0
    for kind in kinds:
        room = SWATCH + 6 + width(kind, "soft") + 12
        if x and x + room > wide:
            x, y = 0.0, y + ROW
        yield kind, x, y
        x += room


def _entry(kind: str, x: float, y: float) -> str:
    swatch = f'<rect class={quoteattr(style(kind))} x="{x:.1f}" y="{y:.1f}" width="{SWATCH}" height="{SWATCH}" rx="3"/>'
    return f'{swatch}<text class="left soft" x="{x + SWATCH + 6:.1f}" y="{y + 10:.1f}">{_text(kind)}</text>'
