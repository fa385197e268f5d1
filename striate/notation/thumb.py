"""The lectures' rules of thumb, which size the bare words of a pattern.

`INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC`: filters 3x3, stride 1, "same" padding; pools 2x2/2;
the width doubles after each pool; hidden layers of 128 units; the last FC gives the classes.

>>> from striate.notation.parse import parse
>>> from striate.notation.bind import bind
>>> from striate.notation.render import render
>>> print(render(bind(parse("INPUT -> [CONV -> RELU -> POOL]*M -> FC"), {"M": 2})))
input 3x32x32
conv 32@3x3 pad same -> relu -> maxpool 2
conv 64@3x3 pad same -> relu -> maxpool 2
fc 10
"""

from collections.abc import Iterator, Mapping

from striate.notation.letters import CHANNELS, label_places, uses
from striate.notation.syntax import Labelled, Name, Number, Program, Sequence, Sized, Value, Word
from striate.notation.tree import LAYERS, Conv, FullyConnected, Layer, Link, Pool

BASE, HIDDEN, CLASSES, POOL = "base", "hidden", "classes", "pool"  # letters that the rules themselves read
DEFAULTS = {BASE: 32, HIDDEN: 128, CLASSES: 10, POOL: 1}
MEANINGS = {
    BASE: f"filters of a bare CONV before the first pool, {DEFAULTS[BASE]}",
    HIDDEN: f"units of a bare FC that is not the last, {DEFAULTS[HIDDEN]}",
    CLASSES: f"units of the last bare FC, {DEFAULTS[CLASSES]}",
    POOL: f"whether POOL? is kept: {DEFAULTS[POOL]}, or 0",
}
INPUT = (3, 32, 32)


class RulesOfThumb:
    """Sizes the bare words of one text, in the order in which they are bound."""

    input = INPUT

    def __init__(self, program: Program, letters: Mapping[str, int | float]) -> None:
        self.program, self.values = program, {**DEFAULTS, **letters}
        self.pools = 0
        self.last = _last_fc(program.layers)

    def names(self) -> set[str]:
        """The letters that may be given for this text: its own, those left open, and the rules' where they apply."""
        names = {name for name, _ in self.program.letters}
        parts = [(self.program.layers, ()), *((d.body, d.parameters) for d in self.program.definitions)]
        labels = label_places(self.program)
        for layers, parameters in parts:
            names |= {name.text for _, used in uses(layers, labels) for name in used} - {CHANNELS, *parameters}
        words = list(_words(self.program))
        bare = {word.name for word in words if not word.arguments}
        names |= {BASE} if "conv" in bare else set()
        names |= {HIDDEN, CLASSES} if "fc" in bare else set()
        return names | ({POOL} if any(word.optional for word in words) else set())

    @property
    def keeps_optional(self) -> bool:
        """Whether optional layers (`POOL?`) are kept."""
        return bool(self.values[POOL])

    def sized(self, word: Word, layer: type[Layer] | type[Link]) -> Word:
        """The word itself, or for a bare one the word with its sizes."""
        if issubclass(layer, Pool):
            self.pools += 1
        if word.arguments:
            return word
        if layer is Conv:
            filters = self.values[BASE] * 2 ** min(self.pools, 30)
            size = Sized(_value(filters, word), _value(3, word), word.span)
            same = (Value((Name("pad"),)), Value((Name("same"),)))
            return Word(word.name, (size, *same), span=word.span)
        if layer is FullyConnected:
            units = self.values[CLASSES if word is self.last else HIDDEN]
            return Word(word.name, (_value(units, word),), span=word.span)
        return Word(word.name, (_value(2, word),), span=word.span) if issubclass(layer, Pool) else word


def has_bare_words(program: Program) -> bool:
    """Whether the rules of thumb size anything in this text."""
    sized = {"input", "conv", "fc", *(word for word, layer in LAYERS.items() if issubclass(layer, Pool)), "pool"}
    return any(not word.arguments and word.name in sized for word in _words(program))


def _words(program: Program) -> Iterator[Word]:
    """Every word of a text, of its definitions too."""
    for layers in (program.layers, *(definition.body for definition in program.definitions)):
        yield from (element for element, _ in uses(layers) if isinstance(element, Word))


def _value(number: int | float, word: Word) -> Value:
    return Value((Number(number, word.span),), word.span)


def _last_fc(layers: Sequence) -> Word | None:
    """The FC that gives the classes: the last one, where only plain words such as softmax follow it."""
    for element in reversed(layers):
        word = element.body if isinstance(element, Labelled) else element
        if not isinstance(word, Word) or word.name == FullyConnected.word:
            return word if isinstance(word, Word) else None
    return None
