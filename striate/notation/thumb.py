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

from striate.notation.arguments import form
from striate.notation.syntax import (
    Block,
    Call,
    Expression,
    Labelled,
    Name,
    Number,
    Operation,
    Pair,
    Program,
    Repeat,
    Sequence,
    Sized,
    Value,
    Word,
)
from striate.notation.tree import ALIASES, LAYERS, PAD_MODES, Conv, FullyConnected, Layer, Pool, Unpool

BASE = "base"  # letter: filters of the first bare CONV
HIDDEN = "hidden"  # letter: units of a bare FC that is not the last
CLASSES = "classes"  # letter: units of the last bare FC
POOL = "pool"  # letter: 1 keeps `POOL?`, 0 leaves it out
DEFAULTS = {BASE: 32, HIDDEN: 128, CLASSES: 10, POOL: 1}
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
        words = list(_words(self.program.layers))
        names |= {name for _, used in words for name in used} - {"c"}
        for definition in self.program.definitions:
            inner = list(_words(definition.body))
            names |= {name for _, used in inner for name in used} - {"c", *definition.parameters}
            words += inner
        bare = {word.name for word, _ in words if word and not word.arguments}
        names |= {BASE} if "conv" in bare else set()
        names |= {HIDDEN, CLASSES} if "fc" in bare else set()
        return names | ({POOL} if any(word and word.optional for word, _ in words) else set())

    @property
    def keeps_optional(self) -> bool:
        """Whether optional layers (`POOL?`) are kept."""
        return bool(self.values[POOL])

    def sized(self, word: Word, layer: type[Layer]) -> Word:
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
    bodies = [program.layers, *(definition.body for definition in program.definitions)]
    sized = {"input", "conv", "fc", *(word for word, layer in LAYERS.items() if issubclass(layer, Pool)), "pool"}
    words = (word for body in bodies for word, _ in _words(body))
    return any(word is not None and not word.arguments and word.name in sized for word in words)


def _value(number: int | float, word: Word) -> Value:
    return Value((Number(number, word.span),), word.span)


def _last_fc(layers: Sequence) -> Word | None:
    """The FC that gives the classes: the last one, where only plain words such as softmax follow it."""
    for element in reversed(layers):
        word = element.body if isinstance(element, Labelled) else element
        if not isinstance(word, Word) or word.name == FullyConnected.word:
            return word if isinstance(word, Word) else None
    return None


def _words(layers: Sequence) -> Iterator[tuple[Word | None, set[str]]]:
    """Every word with the names in its sizes, its options left out; (None, names) for repeats and calls."""
    for element in layers:
        if isinstance(element, Labelled):
            yield from _words((element.body,))
        elif isinstance(element, Repeat):
            yield None, _letters(element.times)
            yield from _words((element.body,))
        elif isinstance(element, Block):
            for branch in element.branches:
                yield from _words(branch)
        elif isinstance(element, Call):
            yield None, {name for argument in element.arguments for name in _letters(argument)}
        else:
            parts = [
                part
                for argument in element.arguments
                for value in ((argument.count, argument.size) if isinstance(argument, Sized) else (argument,))
                for part in value.parts
            ]
            found = set() if element.name == Unpool.word else {name for part in parts for name in _letters(part)}
            yield element, found - _options(element)


def _options(word: Word) -> set[str]:
    layer = LAYERS.get(ALIASES.get(word.name, word.name))
    return {*form(layer).options, *PAD_MODES} if layer else set()


def _letters(expression: Expression) -> set[str]:
    if isinstance(expression, Name):
        return {expression.text}
    if isinstance(expression, Operation):
        return _letters(expression.first).union(*(_letters(operand) for _, operand in expression.rest))
    if isinstance(expression, Pair):
        return _letters(expression.before) | _letters(expression.after)
    return set()
