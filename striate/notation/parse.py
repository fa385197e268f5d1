"""Text → syntax. Lark reads the grammar; this file turns its result into our tree, and its error into ours.

>>> parse("input 1x32x32 -> conv 6@5x5 -> tanh").layers[1]
Word(name='conv', arguments=(Sized(count=Value(parts=(Number(value=6),)), size=Value(parts=(...))),), optional=False)
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from striate.checks import check_kind
from striate.notation.errors import NotationError, Span
from striate.notation.evaluate import LARGEST
from striate.notation.habits import single_name
from striate.notation.scan import scan
from striate.notation.slips import REPEATS, explained
from striate.notation.syntax import (
    Block,
    Call,
    Definition,
    Element,
    Expression,
    Free,
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
from striate.notation.tree import ALIASES, WORDS

KNOWN = {*WORDS, *ALIASES}  # some are two words: avgpool to
MAX_DIGITS = 24  # no number of the notation is longer when Python writes it


@cache
def _parser() -> Lark:
    grammar = files("striate.notation").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True)


def parse(text: str, source: str = "") -> Program:
    """Read a network's text.

    Args:
        text: The notation, at most 50,000 characters.
        source: What to call the text in an error, such as a file's name.

    Returns:
        The text as a tree; letters are not yet bound and sizes not yet checked (see `bind`).

    Raises:
        NotationError: The text is not in the notation.
    """
    check_kind(text, str, "parse reads a text in the notation")
    plain = scan(text, source)
    try:
        tree = _parser().parse(plain)
    except UnexpectedInput as error:
        raise explained(error, plain, text, source) from None
    return _Reader(text, source).program(tree)


class _Reader:
    """Turns Lark's tree into syntax. Brackets are nested at most 60 deep, so plain recursion is safe."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self.bare: set[str] = set()  # definitions without parameters

    def error(self, headline: str, span: Span, detail: str) -> NotationError:
        return NotationError(headline, self.text, span, detail, self.source)

    def program(self, tree: "Tree[Token]") -> Program:
        letters: dict[str, int | float] = {}
        places: list[Span] = []
        definitions: dict[str, Definition] = {}
        layers: list[Element] = []
        self.bare = set(_without_parameters(tree))
        for part in _trees(tree):
            if part.data == "chain":
                layers += self.chain(part)
            elif part.data == "definition":
                new = self.definition(part)
                self._once(new.name, new.span, {**letters, **definitions})
                definitions[new.name] = new
            else:
                for letter in _trees(part):
                    name, value = cast("Token", letter.children[0]), self.number(_trees(letter)[0])
                    self._once(str(name), _span(letter), {**letters, **definitions})
                    letters[str(name)] = value.value
                    places.append(_span(letter))
        return Program(
            tuple(letters.items()),
            tuple(definitions.values()),
            tuple(layers),
            text=self.text,
            source=self.source,
            places=tuple(places),
        )

    def _once(self, name: str, span: Span, known: dict[str, object]) -> None:
        if name in known:
            raise self.error(
                f"'{name}' is defined twice", span, "a name stands for one thing; give one of them another"
            )

    def chain(self, tree: "Tree[Token]") -> Sequence:
        return tuple(self.element(part) for part in _trees(tree))

    def element(self, tree: "Tree[Token]") -> Element:
        body: Element = self.unit(_trees(tree)[0])
        for token in reversed([child for child in tree.children if isinstance(child, Token)]):
            body = Labelled(str(token), body, Span(token.start_pos or 0, tree.meta.end_pos))
        return body

    def unit(self, tree: "Tree[Token]") -> Word | Call | Block | Repeat:
        if tree.data == "word":
            return self.word(tree)
        if tree.data == "call":
            arguments = tuple(self.expression(part) for part in _trees(tree))
            return Call(str(tree.children[0]), arguments, _span(tree))
        if tree.data == "block":
            kind = str(tree.children[0]) if isinstance(tree.children[0], Token) else ""
            return Block(kind, tuple(self.chain(part) for part in _trees(tree)), _span(tree))
        if tree.data == "bare":
            return self.use(tree)
        body, times = _trees(tree)
        return Repeat(cast("Block | Call", self.unit(body)), self.expression(times), _span(tree))

    def use(self, tree: "Tree[Token]") -> Call:
        """A definition without parameters that is repeated without brackets."""
        name, span = str(tree.children[0]), _span(tree)
        if name not in self.bare:
            star, (headline, detail) = self.text.index("*", span.end), REPEATS
            raise self.error(headline, Span(star, star + 1), detail)
        return Call(name, (), span)

    def word(self, tree: "Tree[Token]") -> Word | Call:
        """A layer, or a definition without parameters used without brackets."""
        arguments = tuple(self.argument(part) for part in _trees(tree))
        optional = isinstance(tree.children[-1], Token) and tree.children[-1].type == "OPTIONAL"
        name = str(tree.children[0])
        if name in self.bare and not arguments and not optional:
            return Call(name, (), _span(tree))
        if arguments and f"{name} {single_name(arguments[0])}" in KNOWN:
            name, arguments = f"{name} {single_name(arguments[0])}", arguments[1:]
        return Word(name, arguments, optional, _span(tree))

    def argument(self, tree: "Tree[Token]") -> Value | Sized:
        values = [Value(tuple(self.expression(e) for e in _trees(v)), _span(v)) for v in _trees(tree)]
        return values[0] if len(values) == 1 else Sized(values[0], values[1], _span(tree))

    def expression(self, tree: "Tree[Token]") -> Expression:
        if tree.data in ("number", "negative"):
            return self.number(tree)
        if tree.data == "name":
            return Name(str(tree.children[0]), _span(tree))
        if tree.data == "free":
            return Free(_span(tree))
        if tree.data == "pair":
            before, after = (self.expression(part) for part in _trees(tree))
            return Pair(before, after, _span(tree))
        operands = [self.expression(part) for part in _trees(tree)]
        signs = [str(child) for child in tree.children if isinstance(child, Token)]
        return Operation(operands[0], tuple(zip(signs, operands[1:], strict=True)), _span(tree))

    def number(self, tree: "Tree[Token]") -> Number:
        if tree.data == "negative":
            inner = self.number(_trees(tree)[0])
            return Number(-inner.value, Span(inner.span.start - 1, inner.span.end))
        digits = str(tree.children[0])
        if len(digits) > MAX_DIGITS:
            raise self.error("a number too long", _span(tree), f"write at most {MAX_DIGITS} digits")
        value = int(digits) if digits.isdigit() else float(digits)
        if value > LARGEST:
            raise self.error("a number too large", _span(tree), f"it may reach {LARGEST:,}; write a smaller one")
        return Number(value, _span(tree))

    def definition(self, tree: "Tree[Token]") -> Definition:
        head, body = tree.children
        layers = self.chain(cast("Tree[Token]", body))
        if isinstance(head, Token):
            return Definition(str(head), (), layers, Span(head.start_pos or 0, head.end_pos or 0))
        call = cast(Call, self.unit(head))
        for argument in call.arguments:
            if not isinstance(argument, Name):
                detail = "a definition lists names only, such as block(w, s) = …; the values come where it is used"
                raise self.error("a parameter must be a name", argument.span, detail)
        names = tuple(argument.text for argument in call.arguments if isinstance(argument, Name))
        seen: dict[str, object] = {}
        for name, argument in zip(names, call.arguments, strict=True):
            self._once(name, argument.span, seen)
            seen[name] = True
        return Definition(call.name, names, layers, call.span)


def _without_parameters(tree: "Tree[Token]") -> Iterator[str]:
    """The names of definitions that take no values: `tower = …`, `tower() = …`."""
    for part in _trees(tree):
        if part.data == "definition":
            head = part.children[0]
            if isinstance(head, Token) or not _trees(head):
                yield str(head if isinstance(head, Token) else head.children[0])


def _trees(tree: "Tree[Token]") -> list["Tree[Token]"]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _span(tree: "Tree[Token]") -> Span:
    return Span(tree.meta.start_pos, tree.meta.end_pos)
