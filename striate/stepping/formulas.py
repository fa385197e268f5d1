"""Formulas of a step in LaTeX, from the text in which they are shown.

>>> print(latex("1*(-2) + sqrt(4 + 1e-05)*dO[0,1]"))
1 \\cdot (-2) + \\sqrt{4 + 10^{-5}} \\cdot \\frac{\\partial E}{\\partial O_{0,1}}
>>> print(name("dE/dW[0,0]"), name("X2[1]"), name("Xn[3]"))
\\frac{\\partial E}{\\partial W_{0,0}} X^{(2)}_{1} \\hat{X}_{3}
"""

import re

from striate.stepping.content import Entry

WIDEST = 84  # characters of a line of a formula
SYMBOLS = {  # of arrays whose names are words, with where their index goes
    **{"gamma": r"\gamma", "beta": r"\beta", "mean": r"\mu", "var": r"\sigma^2", "Xn": r"\hat{X}"},
    **{"ms": r"\overline{X^2}", "offsets": r"\Delta", "mask": "m"},
}
FUNCTIONS = {word: rf"\{word}" for word in ("max", "min", "exp", "log", "tanh", "sqrt")}
SIGNS = {"*": r" \cdot ", "Φ": r"\Phi", "…": r"\dots"}
TEXT = {  # what stands between words, in LaTeX's text mode
    **{"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "#": r"\#", "%": r"\%", "&": r"\&", "$": r"\$"},
    **{"~": r"\textasciitilde{}", "*": r"$\cdot$", "·": r"$\cdot$", "⋆": r"$\star$", "Σ": r"$\sum$", "π": r"$\pi$"},
    **{"ᵀ": r"$^{\top}$", "Φ": r"$\Phi$", "φ": r"$\varphi$", "<": "$<$", ">": "$>$", "|": "$|$", "…": r"\dots{}"},
}
_TOKEN = re.compile(
    r"(?P<more>\([0-9]+ more\))|(?P<sum>sum of )|(?P<power>\^(?:[0-9.]+|\([^)]*\)))"
    r"|(?P<number>[0-9.]+e[+-][0-9]+)|(?P<name>(?:dE/)?[A-Za-z][A-Za-z0-9]*'?(?:\[[0-9,]+\])?)|(?P<sign>[*Φ…])"
)
_NAME = re.compile(
    r"(?P<slope>dE/d|d(?=O))?(?P<letters>[A-Za-z]+)(?P<digits>[0-9]*)(?P<after>'?)(?:\[(?P<index>.*)\])?"
)


def name(text: str) -> str:
    """An entry's or an array's name: `dE/dW[0,0]`, `X`."""
    found = _NAME.fullmatch(text)
    if not found:
        return text
    letters, index = found["letters"], found["index"]
    symbol = SYMBOLS.get(letters, letters if len(letters) == 1 else f"{letters[0]}^{{{letters[1:]}}}")
    symbol += f"^{{({found['digits']})}}" if found["digits"] else ""
    symbol += found["after"] + (f"_{{{index}}}" if index else "")
    return rf"\frac{{\partial E}}{{\partial {symbol}}}" if found["slope"] else symbol


def latex(text: str) -> str:
    """A formula; the brackets of a root become its braces."""
    written = _TOKEN.sub(_token, text).replace("  ", " ")
    while (start := written.find(r"\sqrt(")) >= 0:
        end = _closing(written, start + 5)
        written = f"{written[:start]}\\sqrt{{{written[start + 6 : end]}}}{written[end + 1 :]}"
    return written


def _token(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found.group()
    if kind == "more":
        return rf"\mathrm{{{text}}}".replace(" ", r"\ ")
    if kind == "sum":
        return r"\sum "
    if kind == "power":
        return f"^{{{text[1:].strip('()')}}}"
    if kind == "number":
        digits, power = text.split("e")
        return (rf"{digits} \cdot " if digits != "1" else "") + f"10^{{{int(power)}}}"
    return SIGNS[text] if kind == "sign" else FUNCTIONS.get(text) or name(text)


def _closing(text: str, opening: int) -> int:
    """Where the bracket ends that begins there."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place
    raise AssertionError(f"a bracket does not end in {text}")


def equation(entry: Entry) -> str:
    """An entry in one line: its name, its formula and its value."""
    return " ".join(lines(entry, 10**9))


def lines(entry: Entry, widest: int = WIDEST) -> list[str]:
    """An entry in lines of a width, parted before a sign."""
    found = [""]
    for piece in _pieces(str(entry)):
        if found[-1] and len(found[-1]) + len(piece) > widest:
            found.append("")
        found[-1] += (" " if found[-1] else "") + piece
    return [latex(line) for line in found]


def _pieces(text: str) -> list[str]:
    """The terms of a formula, each with the sign before it; a root stays whole."""
    pieces, depth, root = [""], 0, 0
    for word in text.split(" "):
        if word in ("+", "=") and not root:
            pieces.append("")
        pieces[-1] += (" " if pieces[-1] else "") + word
        root = depth + 1 if "sqrt(" in word and not root else root
        depth += word.count("(") - word.count(")")
        root = 0 if depth < root else root
    return pieces


def prose(text: str) -> str:
    """A sentence with formulas in it, in LaTeX's text mode."""
    text = "".join(TEXT.get(letter, letter) for letter in text.replace("->", "→"))
    text = re.sub(r"\^([0-9]+|beta|\([^)]*\))", r"$^{\1}$", text).replace("→", r"$\to$")
    text = re.sub(r"dE/d([A-Za-z]+)", lambda found: f"${name(found.group())}$", text)
    text = re.sub(r"\bdO\b", lambda found: f"${name('dO')}$", text)
    text = text.replace("$^{beta}$", r"$^{\beta}$").replace("$^{(beta + 1)}$", r"$^{\beta + 1}$")
    return re.sub(r"(?<!\\)\b(gamma|beta)\b", r"$\\\1$", text).replace("$$", " ")
