"""The page `layers.md`: a row for each word and each block of the notation, from the tree itself. Run by `make docs`.

>>> first_sentence("Pixel shuffle (Shi et al. 2016): finer maps. More.")
'Pixel shuffle (Shi et al. 2016): finer maps.'
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from striate.native.layers import LAYERS as NATIVE_LAYERS
from striate.native.lowering import JOINS
from striate.notation.arguments import Form, form
from striate.notation.graph import FORMS, meeting
from striate.notation.thumb import MEANINGS
from striate.notation.tree import ALIASES, BLOCKS, LAYERS, LINKS, Block, Heads, Layer, Link

PAGE = Path(__file__).with_name("layers.md")
HEAD = """\
# Layers and blocks

Made by `make docs` from the code; change the docstrings in `striate/notation/tree.py`, not this page.

- `[ ]` around an argument: it may be left out.
- A kernel, stride, pad or dilation is one number for every axis, or one per axis: `3`, `3x5`.
- `pad` also takes `same` and `valid` (none), and a mode before its size: `reflect 1`, `replicate 1`, `circular 1`.
  As a layer (`pad reflect 3 -> conv 8@7`) it takes the same, except `same`.
- After `pad`, a pair gives the sizes before and after an axis: `(1,0)`, `(1,2)x(0,1)`. In `upconv`, `pad` crops, and
  `upconv 8@3 stride 2 pad 1 extra 1` gives exactly twice the size (in PyTorch, `extra` is the output padding).
- Averages: zeros of `pad 1` count as entries of a window, as in PyTorch; those of `pad same` do not, as in Keras, nor
  those of `pad 1 uncounted`, as in ONNX.
- `avgpool to 7`, `maxpool to 7` and `upsample to 7` give that size whatever comes in, on a free axis too.
- `roipool` and `roialign` are for images. A network with one (`input 3x?x? -> … -> roipool 7 -> fc 4096`, Fast R-CNN)
  is called `model(images, boxes)`, boxes (K, 5): number of the image, left, top, right, bottom in pixels of the input;
  the scale of its maps follows from the layers before it. After it, all figures are for one box, and the receptive
  field is that of the whole map, since a box may be as large. Interpolation counts no MACs, as in `deform`.
- After `gn`, `in` and `attention` every entry of a map sees all of it. MACs are products with weights; those of
  `attention` are also products of values with values, q·k and softmax·v.
"""
LABELS = """\
A label names the value of what follows it: `c3: conv 64@3`, `enc: [ … ]`, `d1: twice(64)`. On a layer it renames no
weight; on brackets or on a use of a definition it is part of the names of the weights in them. It is seen from where it
stands to the end of the labelled brackets, the definition or the text around it, also inside brackets that follow; from
outside, a label in a labelled part is written `enc.c3`. A definition takes a label as a value: `up(w, skip)` with
`from skip` in it is used as `up(64, d1)`.

A text begins with its input; further inputs come first, each with a name, and the chain goes on from the last:
`image: input 3x32x32`, then `input 5`, then `… -> concat[ id | from image -> … ]`. The module is called
`model(image, x)`, in the order of the text, or by name. With `heads` it gives a dictionary.
"""
PATTERN = """\
`INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC` is a network once its letters have values: a line
`N=2 M=2 K=1` before it, `--set N=2,M=2,K=1` on the command line, or `letters={"N": 2, "M": 2, "K": 1}` in Python.
Words without sizes take the lectures' rules of thumb: filters of 3x3, stride 1, `pad same`, pools of 2x2 with stride 2,
and a width that doubles after each pool; `INPUT` is 3x32x32, or the shape of the data. `?` after a layer says that it
may be left out. The rules have letters of their own:
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join(
        [
            HEAD + _lacking(),
            *("## Layers\n", *_table(_words(LAYERS))),
            *("\n## Blocks\n", *_table(_blocks())),
            *("\n## Labels, branches from them, and inputs\n", LABELS, *_table(_words(LINKS))),
            *_pattern(),
            "",
        ]
    )


def _pattern() -> Iterator[str]:
    """How the lectures' pattern is sized, and the letters that change it."""
    yield f"\n## The lectures' pattern\n\n{PATTERN}"
    yield "| letter | what it is, and its value where none is given |"
    yield "|---|---|"
    yield from (f"| `{letter}` | {what} |" for letter, what in MEANINGS.items())


def _lacking() -> str:
    """The line on what the native engine leaves to PyTorch."""
    words = [word for word, layer in LAYERS.items() if layer not in NATIVE_LAYERS]
    words += [f"{kind}[ … ]" for kind, block in BLOCKS.items() if not _is_native(block)]
    words += ["shared", "a second input"]
    listed = ", ".join(f"`{word}`" if " " not in word or "[" in word else word for word in words)
    return (
        "- The native engine covers 1-D, 2-D and 3-D networks of fixed size; it lacks\n"
        f"  {listed}\n  (a `softmax` at the network's end is allowed: it belongs to the loss).\n"
    )


def _is_native(block: type[Block]) -> bool:
    """Whether the engine has the join that its branches meet in; where they meet in none, they are what it compares."""
    least, _ = FORMS[block].branches
    met = meeting(block(((),) * least), "", [""] * least)
    return met is None or type(met[0]) in JOINS


def _table(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield "| written | what it is |"
    yield "|---|---|"
    for written, what in rows:
        yield f"| {_cell(written)} | {_cell(what)} |"


def _words(words: Mapping[str, type[Layer] | type[Link]]) -> Iterator[tuple[str, str]]:
    for word, layer in words.items():
        also = [f"`{alias}`" for alias, known in ALIASES.items() if known == word]
        written = f"`{form(layer).usage}`" + (f" (also {', '.join(also)})" if also else "")
        yield written, " ".join([first_sentence(layer.__doc__ or ""), *_defaults(form(layer))])


def _defaults(form: Form) -> Iterator[str]:
    """What stands for the numbers that are left out, where they do something."""
    fields = {word: field for word, field in [(form.lead, form.leading), *form.options.items()] if field}
    numbers = {word: f.default for word, f in fields.items() if isinstance(f.default, int | float)}
    shown = [
        f"`{word}` {n:g}" for word, n in numbers.items() if not isinstance(n, bool) and (n != 1 or word != "groups")
    ]
    if shown:
        yield f"By default {', '.join(shown)}."


def _blocks() -> Iterator[tuple[str, str]]:
    for block in BLOCKS.values():
        yield _usage(block), first_sentence(block.__doc__ or "")


def _usage(block: type[Block]) -> str:
    """How a block is written: with all its branches, and with fewer where they may be left out."""
    form = FORMS[block]
    if block is Heads:
        return f"`{block.kind}[ a: … | b: … ]`"
    if form.branches[1] > 2:
        return f"`{block.kind}[ a | b | … ]`"
    return " or ".join(f"`{block.kind}[ {' | '.join(names)} ]`" for names in form.shown())


def first_sentence(docstring: str) -> str:
    """Up to the first full stop that ends a sentence: that of "et al." does not."""
    return re.split(r"(?<=\.)(?<!al\.)\s", docstring.strip(), maxsplit=1)[0]


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
