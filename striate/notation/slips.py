"""A syntax error in the words of the notation: what is missing at a place, or what does not belong there.

>>> from striate.notation.parse import parse
>>> parse("input 3x32x32 -> conv 64@ -> relu")
Traceback (most recent call last):
striate.notation.errors.NotationError: line 1: the kernel is missing after '@'
    input 3x32x32 -> conv 64@ -> relu
                              ^^
  write its size, as in conv 64@3x3
"""

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from striate.notation.errors import NotationError, Span

REPEATS = ("'*' repeats only brackets", "put what is repeated into brackets: [conv 64@3 -> relu]*2")
_ARROW_OUT = "write a layer there, or delete the arrow"
_NO_LAYER = ("an arrow with no layer before it", "write a layer before it, or delete the arrow")
_FOLLOWS = {  # what the text before the place ends with: what is due there
    "@": ("the kernel is missing after '@'", "write its size, as in conv 64@3x3"),
    "->": ("a layer is missing after '->'", _ARROW_OUT),
    "→": ("a layer is missing after '→'", _ARROW_OUT),
    "|": ("a branch is empty", "write id for a branch that passes its input through"),
    "[": ("nothing stands in these brackets", "write a layer there, or id to pass the input through"),
    "=": ("nothing follows '='", "give a number (n = 2) or layers (block(w) = conv w@3 -> relu) on the same line"),
    ":": ("nothing follows the label", "a label names what follows it: c4: conv 512@3x3"),
    ",": ("a value is missing after ','", "write it, or delete the comma"),
    "+": ("a number is missing after '+'", "write it, or delete the sign"),
    "-": ("a number is missing after '-'", "write it, or delete the sign; an arrow is '->'"),
    "*": ("a number is missing after '*'", "write it, as in 4*w or [ … ]*2, or delete the sign"),
    "/": ("a number is missing after '/'", "write it, or delete the sign"),
    "(": ("nothing stands in these brackets", "write a value there, or delete the brackets"),
}
_CLOSES = "])|"  # only before these is an opening bracket empty
_FOUND = {  # what stands there instead: headline, way out
    "@": ("'@' is out of place", "it stands between a number of filters and a kernel: conv 64@3x3"),
    "->": _NO_LAYER,
    "→": _NO_LAYER,
    "|": (
        "'|' outside of branches",
        "branches stand in brackets: concat[ a | b ], sum[ a | b ], residual[ body | shortcut ]",
    ),
    "*": REPEATS,
    "+": ("'+' without a number before it", "write both, as in w+1, or delete the sign"),
    "-": ("'-' without a number before it", "write both, as in w-1; an arrow is '->'"),
    "/": ("'/' without a number before it", "write both, as in c/16, or delete the sign"),
    "=": (
        "'=' in the middle of a chain",
        "an option has none (pad 1); letters and definitions begin their line (n = 2, block(w) = conv w@3)",
    ),
    "[": ("a bracket opens in the middle of a layer", "put '->' before it"),
    "(": ("a round bracket where a layer is due", "layers are grouped by [ ]"),
    ":": ("':' after something that is no label", "a label is one word before a layer: c4: conv 512@3x3"),
    ",": (
        "',' is out of place",
        "layers are separated by '->' or a new line, sizes by 'x' (3x3); a decimal point is '.'",
    ),
    "?": ("'?' is out of place", "it stands for an open axis of the input (3x?x?) or after a layer (pool?)"),
    ")": ("a value is missing before ')'", "write it, or delete the brackets"),
    "]": ("a layer is missing before ']'", "write it, or id to pass the input through"),
    "\n": ("the line ends too early", "finish the layer, or put the line end inside brackets"),
}
_LETTERS = re.compile(r"\s*([a-z_]\w*[ \t]*=[ \t]*-?\d[\d.]*[ \t]*)+")  # the line so far is letters
_MODULE = re.compile(r"\b[a-z_]\w*$")  # the nn of nn.Conv2d
_PAD = re.compile(r"\bpad\s+([a-z]+\s+)?(\(\s*)?[\d.]+(\s*,\s*[\d.]+)?$")  # a pair, or what may become one
_HINTS = {
    **dict.fromkeys("⇒⟶➔➜⟹", "an arrow is written '->'"),
    **dict.fromkeys("–—", "an arrow is written '->', a minus '-'"),
    **dict.fromkeys("\"'`“”‘’", "names need no quotes"),
    **dict.fromkeys("{}", "parts are grouped by [ ]"),
    **dict.fromkeys("·∗", "a product is written '*'"),
    ";": "layers are separated by '->' or a new line",
    ">": "an arrow is written '->'",
    ".": "a decimal number has digits on both sides of its point: 0.5",
    "%": "write a fraction: 0.5 for 50 %",
    "&": "branches are separated by '|'",
}


def explained(error: UnexpectedInput, plain: str, text: str, source: str) -> NotationError:
    """What Lark found, as an error of the notation.

    Args:
        error: Lark's error.
        plain: The text as the grammar saw it.
        text: The text as it was written.
        source: What to call the text.
    """
    at = error.pos_in_stream
    if at is None or at < 0 or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        at = len(plain.rstrip())
    found = "->" if plain.startswith("->", at) else plain[at : at + 1].strip(" ")
    unknown = isinstance(error, UnexpectedCharacters) and not _known(found)
    token = str(error.token).rstrip("\n") if isinstance(error, UnexpectedToken) else found
    width = max(len(found), len(token), 1)
    headline, detail = _sign(text[at]) if unknown else _slip(plain, at, found, plain[at : at + width])
    if unknown and found == "." and (before := _MODULE.search(plain, 0, at)):
        detail = "a layer is one word, as in conv 64@3x3; leave out the point and what stands before it"
        if re.search(rf"\b{before[0]}\s*:", plain):
            detail = f"a branch begins at a label inside of '{before[0]}' by: from {before[0]}.label"
    return NotationError(headline, text, Span(at, at + width), detail, source)


def _slip(plain: str, at: int, found: str, shown: str) -> tuple[str, str]:
    before = plain[:at].rstrip(" \t\r")
    last = "->" if before.endswith("->") else before[-1:]
    letters = _LETTERS.match(before, before.rfind("\n") + 1)
    empty = last in _FOLLOWS and found != "(" and (last not in "[(" or found in _CLOSES or not found)
    if plain.startswith("=>", at):
        return "'=>' is no arrow", "an arrow is written '->'"
    if letters and letters.end() == len(before):
        return "a letter stands for a plain number", "as in n = 2, or N=2 M=3; layers begin on the next line"
    if letters and before[letters.end() :].isidentifier():
        return "letters and layers on one line", "begin the layers on the next line"
    if found == "|" and last == "[":
        return _FOLLOWS["|"]
    if empty and (found in _FOUND or not found):
        return _FOLLOWS[last]
    if _PAD.search(before) and re.match(r",?\s*\d", plain[at:]):
        return "pad takes a number or a pair", "a pair is before and after an axis: pad (1,0), or pad (1,0)x(0,1)"
    if last == "]" and (number := re.match(r"(x\s*)?(\d+)", plain[at:])):
        return "a number after brackets", f"to repeat them, write '*' before it: [ … ]*{number[2]}"
    if number := re.match(r"(\d+)\s*[*x]\s*\[", plain[at:]):
        return "a number before brackets", f"how often they repeat stands after them: [ … ]*{number[1]}"
    if _inside_round(before) and found not in (",", ")"):
        detail = "it holds numbers only, separated by ',', as in block(64, 2); groups of layers stand in [ ]"
        return f"'{shown}' is out of place in a round bracket", detail
    if found in _FOUND:
        return _FOUND[found]
    if not found:
        return "the text ends too early", "a network is layers in order: input 3x32x32 -> conv 16@3x3 -> fc 10"
    if found.isdigit():
        return "a number where a layer is due", "begin with the layer's word, as in conv 64@3x3 or fc 10"
    return f"'{shown}' is out of place", "layers are separated by '->' or a new line"


def _inside_round(before: str) -> bool:
    """Whether the bracket opened last is a round one; scan has seen to it that brackets match."""
    opened: list[str] = []
    for sign in re.findall(r"[\[\]()]", before):
        if sign in "[(":
            opened.append(sign)
        else:
            opened.pop()
    return opened[-1:] == ["("]


def _known(sign: str) -> bool:
    return sign in ("->", "→") or (sign.isascii() and (sign.isalnum() or sign in "_@=|*+-/,:?()[]\n"))


def _sign(sign: str) -> tuple[str, str]:
    shown = f"the sign {sign!r}" if sign.isprintable() else f"the character U+{ord(sign):04X}"
    hint = _HINTS.get(sign, "it knows the letters a-z, digits and -> @ x [ ] ( ) | * + - / = : , ? #")
    return f"{shown} is no part of the notation", hint
