"""Text → syntax. Lark reads the grammar; this file makes a tree of what it found, and an error of what it did not.

>>> parse("input 1x32x32 -> conv 6@5x5 -> tanh").layers[1]
Word(name='conv', arguments=(Sized(count=Value(parts=(Number(value=6),)), size=Value(parts=(...))),), optional=False)
"""

from functools import cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from striate.notation.errors import NotationError, Span
from striate.notation.scan import scan
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
    Program,
    Repeat,
    Sequence,
    Sized,
    Value,
    Word,
)

MAX_DIGITS = 12


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
    plain = scan(text, source)
    try:
        tree = _parser().parse(plain)
    except UnexpectedInput as error:
        raise _explained(error, plain, text, source) from None
    return _Reader(text, source).program(tree)


class _Reader:
    """Turns Lark's tree into syntax. Brackets are nested at most 60 deep, so plain recursion is safe."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source

    def error(self, headline: str, span: Span, detail: str) -> NotationError:
        return NotationError(headline, self.text, span, detail, self.source)

    def program(self, tree: "Tree[Token]") -> Program:
        letters: dict[str, int | float] = {}
        definitions: dict[str, Definition] = {}
        layers: list[Element] = []
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
        return Program(
            tuple(letters.items()),
            tuple(definitions.values()),
            tuple(layers),
            text=self.text,
            source=self.source,
        )

    def _once(self, name: str, span: Span, known: dict[str, object]) -> None:
        if name in known:
            raise self.error(
                f"'{name}' is defined twice", span, "a name stands for one thing; give one of them another"
            )

    def chain(self, tree: "Tree[Token]") -> Sequence:
        return tuple(self.element(part) for part in _trees(tree))

    def element(self, tree: "Tree[Token]") -> Element:
        body = self.unit(_trees(tree)[0])
        tokens = [child for child in tree.children if isinstance(child, Token)]
        return Labelled(str(tokens[0]), body, _span(tree)) if tokens else body

    def unit(self, tree: "Tree[Token]") -> Word | Call | Block | Repeat:
        if tree.data == "word":
            return self.word(tree)
        if tree.data == "call":
            arguments = tuple(self.expression(part) for part in _trees(tree))
            return Call(str(tree.children[0]), arguments, _span(tree))
        if tree.data == "block":
            kind = str(tree.children[0]) if isinstance(tree.children[0], Token) else ""
            return Block(kind, tuple(self.chain(part) for part in _trees(tree)), _span(tree))
        body, times = _trees(tree)
        return Repeat(cast("Block | Call", self.unit(body)), self.expression(times), _span(tree))

    def word(self, tree: "Tree[Token]") -> Word:
        arguments = tuple(self.argument(part) for part in _trees(tree))
        optional = isinstance(tree.children[-1], Token) and tree.children[-1].type == "OPTIONAL"
        return Word(str(tree.children[0]), arguments, optional, _span(tree))

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
        operands = [self.expression(part) for part in _trees(tree)]
        signs = [str(child) for child in tree.children if isinstance(child, Token)]
        return Operation(operands[0], tuple(zip(signs, operands[1:], strict=True)), _span(tree))

    def number(self, tree: "Tree[Token]") -> Number:
        if tree.data == "negative":
            inner = self.number(_trees(tree)[0])
            return Number(-inner.value, Span(inner.span.start - 1, inner.span.end))
        digits = str(tree.children[0])
        if len(digits) > MAX_DIGITS:
            raise self.error("a number too long", _span(tree), f"a number has at most {MAX_DIGITS} digits")
        return Number(int(digits) if digits.isdigit() else float(digits), _span(tree))

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


def _trees(tree: "Tree[Token]") -> list["Tree[Token]"]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _span(tree: "Tree[Token]") -> Span:
    return Span(tree.meta.start_pos, tree.meta.end_pos)


_FOLLOWS = {  # what the text before the place ends with: what is due there
    "@": ("the kernel is missing after '@'", "write its size, as in conv 64@3x3"),
    "->": ("a layer is missing after '->'", "write a layer there, or delete the arrow"),
    "→": ("a layer is missing after '→'", "write a layer there, or delete the arrow"),
    "|": ("a branch is empty", "write id for a branch that passes its input through"),
    "[": ("nothing stands in these brackets", "write a layer there, or id to pass the input through"),
    "=": ("nothing follows '='", "give a number (n = 2) or layers (block(w) = conv w@3 -> relu)"),
    ":": ("nothing follows the label", "a label names what follows it: c4: conv 512@3x3"),
    ",": ("a value is missing after ','", "write it, or delete the comma"),
    "+": ("a number is missing after '+'", "write it, or delete the sign"),
    "-": ("a number is missing after '-'", "write it; an arrow is '->'"),
    "*": ("how often? nothing follows '*'", "write a number or a letter: [ … ]*2"),
    "/": ("a number is missing after '/'", "write it, or delete the sign"),
    "(": ("nothing stands in these brackets", "write a value there, or delete the brackets"),
}
_FOUND = {  # what stands there instead: headline, way out
    "@": ("'@' without a number of filters before it", "write the filters first, as in conv 64@3x3"),
    "->": (
        "an arrow with no layer before it",
        "begin with a layer, such as input 3x32x32, or delete the arrow",
    ),
    "→": (
        "an arrow with no layer before it",
        "begin with a layer, such as input 3x32x32, or delete the arrow",
    ),
    "|": (
        "'|' outside of branches",
        "branches stand in brackets: concat[ a | b ], sum[ a | b ], residual[ body | shortcut ]",
    ),
    "*": ("'*' repeats only brackets", "put what is repeated into brackets: [conv 64@3 -> relu]*2"),
    "=": (
        "'=' in the middle of a chain",
        "a definition stands on a line of its own: block(w) = conv w@3 -> relu",
    ),
    "[": ("a bracket opens in the middle of a layer", "put '->' before it"),
    ":": ("':' after something that is no label", "a label is one word before a layer: c4: conv 512@3x3"),
    ",": (
        "',' does not separate layers",
        "layers are separated by '->' or a new line; sizes by 'x', as in 3x3",
    ),
    ")": ("a value is missing before ')'", "write it, or delete the brackets"),
    "]": ("a layer is missing before ']'", "write it, or id to pass the input through"),
    "\n": ("the line ends too early", "finish the layer, or put the line end inside brackets"),
}


def _explained(error: UnexpectedInput, plain: str, text: str, source: str) -> NotationError:
    """The error in the words of the notation: what was due, or what is out of place."""
    at = error.pos_in_stream
    if at is None or at < 0 or not plain[at:].strip():
        at = len(plain.rstrip())
    before = plain[:at].rstrip(" \t\r")
    found = next((sign for sign in ("->", plain[at : at + 1]) if sign and plain.startswith(sign, at)), "")
    last = next((sign for sign in ("->", before[-1:]) if sign and before.endswith(sign)), "")
    width = len(found) or 1
    if isinstance(error, UnexpectedToken) and found:
        width = max(1, len(str(error.token).rstrip("\n")))
    if isinstance(error, UnexpectedCharacters) and not _known(found):
        headline, detail = f"the sign '{found}' is no part of the notation", _sign_hint(found)
    elif found == "|" and last == "[":
        headline, detail = _FOLLOWS["|"]
    elif last in _FOLLOWS and (found in _FOUND or not found):
        headline, detail = _FOLLOWS[last]
    elif found in _FOUND:
        headline, detail = _FOUND[found]
    elif not found:
        headline, detail = (
            "the text ends too early",
            "a network is layers in order: input 3x32x32 -> conv 16@3x3 -> fc 10",
        )
    elif found[0].isdigit():
        headline, detail = (
            "a number where a layer is due",
            "begin with the layer's word, as in conv 64@3x3 or fc 10",
        )
    else:
        shown = plain[at : at + width]
        headline, detail = f"'{shown}' is out of place", "layers are separated by '->' or a new line"
    return NotationError(headline, text, Span(at, at + width), detail, source)


def _known(sign: str) -> bool:
    return sign in ("->", "→") or (sign.isascii() and (sign.isalnum() or sign in "_@=|*+-/,:?()[]\n"))


def _sign_hint(sign: str) -> str:
    hints = {
        ";": "layers are separated by '->' or a new line",
        "{": "parts are grouped by [ ]",
        "}": "parts are grouped by [ ]",
        ">": "an arrow is written '->'",
        ".": "a decimal number begins with a digit: 0.5",
        "%": "write a fraction: 0.5 for 50 %",
        '"': "names need no quotes",
        "'": "names need no quotes",
        "&": "branches are separated by '|'",
    }
    return hints.get(sign, "it knows letters, digits and -> @ x [ ] ( ) | * + - / = : , ? #")
