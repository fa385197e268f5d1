"""A step as text, as Markdown with formulas between dollars, or as a LaTeX document: what a handout prints.

>>> from striate.stepping import step
>>> print(write(step("relu", "-1 2", upstream="5 6"), "markdown").splitlines()[-7])
- $\\frac{\\partial E}{\\partial X_{1}} = 1 \\cdot 6 = 6$
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from striate.stepping.content import Im2col, Part, Picture, Section, Step
from striate.stepping.formulas import equation, latex, lines, name, prose
from striate.stepping.number import Value, number_text
from striate.stepping.reading import Array

Item = Picture | Part | Im2col


def write(step: Step, form: str) -> str:
    """The whole working.

    Args:
        step: What `st.step` gave.
        form: `text`, `markdown` or `latex`.
    """
    return FORMATS[form](step)


def _text(step: Step) -> str:
    return step.working


def _latex(step: Step) -> str:
    return "\n".join([*PREAMBLE, *(line for section in step.sections for line in _latex_section(section)), END])


PREAMBLE = (
    r"\documentclass{article}",
    r"\usepackage[T1]{fontenc}",
    r"\usepackage[margin=2cm]{geometry}",
    r"\usepackage{amsmath,amssymb}",
    r"\allowdisplaybreaks",
    r"\setlength{\parindent}{0pt}",
    r"\begin{document}",
)
END = r"\end{document}"


def _latex_section(section: Section) -> Iterator[str]:
    yield rf"\subsection*{{{prose(section.title)}}}"
    for item in section.items:
        if isinstance(item, Part):
            yield rf"\paragraph{{${name(item.name)}$}} {prose(item.rule)}"
            yield r"\begin{align*}"
            yield " \\\\\n".join(_aligned(item))
            yield r"\end{align*}"
        for title, cells in _matrices(item, prose):
            yield rf"\noindent {title}\nopagebreak"
            yield rf"\[ {array(cells)} \]"


def _aligned(part: Part) -> Iterator[str]:
    """An entry a line; a long sum goes on below."""
    for entry in part.entries:
        first, *rest = lines(entry)
        left, _, right = first.partition(" = ")
        yield f"{left} &= {right}"
        yield from (f"&\\quad {line}" for line in rest)


def _markdown(step: Step) -> str:
    return "\n".join(line for section in step.sections for line in _markdown_section(section))


def _markdown_section(section: Section) -> Iterator[str]:
    yield f"## {_marked(section.title)}\n"
    for item in section.items:
        if isinstance(item, Part):
            yield f"**${name(item.name)}$** is {_marked(item.rule)}:\n"
            yield from (f"- ${equation(entry)}$" for entry in item.entries)
            yield ""
        for title, cells in _matrices(item, _marked):
            yield f"{title}\n\n$$\n{array(cells)}\n$$\n"


def _marked(text: str) -> str:
    """A sentence in Markdown, whose own signs are written otherwise."""
    return text.replace("*", "·").replace("_", r"\_")


def _matrices(item: Item, sentence: Callable[[str], str]) -> Iterator[tuple[str, Array]]:
    """The matrices of an item, each with its title, whose words `sentence` writes."""
    own = [Picture(item.name, item.values)] if isinstance(item, Part) and len(item.entries) > 1 else []
    for picture in [item] if isinstance(item, Picture) else [*own, *item.pictures]:
        if picture.cells is None:
            continue  # the upstream gradient is not given
        cells = np.atleast_2d(picture.cells)
        for lead in np.ndindex(cells.shape[:-2]):
            several = f"[{','.join(map(str, lead))}]" if cells[..., 0, 0].size > 1 else ""
            words = " " in picture.title
            title = f"{sentence(picture.title)} {several}" if words else f"${name(picture.title + several)}$"
            yield f"{title.strip()}:", cells[lead]


def array(cells: Array) -> str:
    """A matrix in brackets."""
    rows = (" & ".join(_cell(value) for value in row) for row in cells)
    return rf"\left(\begin{{array}}{{{'r' * cells.shape[1]}}}" + r" \\ ".join(rows) + r"\end{array}\right)"


def _cell(value: Value) -> str:
    return latex(number_text(value))


FORMATS: Mapping[str, Callable[[Step], str]] = {"text": _text, "markdown": _markdown, "latex": _latex}
