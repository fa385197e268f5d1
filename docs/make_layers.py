"""The page `layers.md`: a row for each word and each block of the notation, from the tree itself. Run by `make docs`.

>>> first_sentence("Pixel shuffle (Shi et al. 2016): finer maps. More.")
'Pixel shuffle (Shi et al. 2016): finer maps.'
"""

import re
from collections.abc import Iterator
from pathlib import Path

from striate.building import BLOCKS as BUILT_BLOCKS
from striate.building import MODULES
from striate.notation import rules
from striate.notation.arguments import form
from striate.notation.measure import parts
from striate.notation.tree import ALIASES, BLOCKS, BRANCHES, LAYERS, Block, Layer

PAGE = Path(__file__).with_name("layers.md")
HEAD = """\
# Layers and blocks

Made by `make docs` from the code; change the docstrings in `striate/notation/tree.py`, not this page.

- `[ ]` around an argument: it may be left out.
- A kernel, stride, pad or dilation is one number for every axis, or one an axis: `3`, `3x5`.
- `pad` also takes `same` and `valid` (none), and a mode before its size: `reflect 1`, `replicate 1`, `circular 1`.
- *explained*: `striate explain` gives its shape, parameters and cost. *built*: it has a module, so it trains.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, "## Layers\n", *_table(_layers()), "\n## Blocks\n", *_table(_blocks()), ""])


def _table(rows: Iterator[tuple[str, str, bool, bool]]) -> Iterator[str]:
    yield "| written | what it is | explained | built |"
    yield "|---|---|---|---|"
    for written, what, explained, built in rows:
        yield " | ".join(["| " + _cell(written), _cell(what), _answer(explained), _answer(built) + " |"])


def _layers() -> Iterator[tuple[str, str, bool, bool]]:
    for word, layer in LAYERS.items():
        also = [f"`{alias}`" for alias, known in ALIASES.items() if known == word]
        written = f"`{form(layer).usage}`" + (f" (also {', '.join(also)})" if also else "")
        yield written, first_sentence(layer.__doc__ or ""), _explained(layer), layer in MODULES


def _blocks() -> Iterator[tuple[str, str, bool, bool]]:
    for block in BLOCKS.values():
        yield _usage(block), first_sentence(block.__doc__ or ""), True, block in BUILT_BLOCKS


def _explained(layer: type[Layer]) -> bool:
    return rules.output.dispatch(layer) is not rules.output.dispatch(Layer)


def _usage(block: type[Block]) -> str:
    """How a block is written: with all its branches, and with fewer where they may be left out."""
    least, most = BRANCHES[block.kind]
    if most > 2:
        return f"`{block.kind}[ a | b | … ]`"
    names = [part.removesuffix(".") for part in parts(block(((),) * most))]
    return " or ".join(f"`{block.kind}[ {' | '.join(names[:count])} ]`" for count in range(least, most + 1))


def first_sentence(docstring: str) -> str:
    """Up to the first full stop that ends a sentence: that of "et al." does not."""
    return re.split(r"(?<=\.)(?<!al\.)\s", docstring.strip(), maxsplit=1)[0]


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _answer(known: bool) -> str:
    return "yes" if known else "not yet"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
