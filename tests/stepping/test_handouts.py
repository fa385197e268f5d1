"""LaTeX and Markdown of a step: every layer of the notation, checked by a parser of formulas."""

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.mathtext import MathTextParser

import striate as st
from striate.cli.step import command
from striate.stepping.formulas import latex, name, prose
from striate.stepping.writing import write
from tests import test_tiny

SMALLER = {  # long in print
    "attention": "input 2x3 -> attention 1",
    "lstm": "input 1x2 -> lstm 1",
    "deform": "input 2x2x2 -> deform 2@2 modulated",
    "match": "input 2x2x2 -> match 1",
    "move": "input 11x1x2 -> move 1",
    "interleave": "input 4x2 -> interleave 2",
}
TEXTS = test_tiny.TEXTS | SMALLER
PARSER = MathTextParser("path")
ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z*]+)\}")
MATRIX = re.compile(r"\\left\(\\begin\{array\}\{(r+)\}(.*?)\\end\{array\}\\right\)", re.DOTALL)
EXAM = "input 1x4x4 -> conv 1@2 -> relu -> maxpool 2 stride 1 -> fc 2 -> softmax"


def parse(formula: str) -> None:
    """Raises an error where a formula of TeX is wrong; numbers and equal terms count as one, which makes it quick."""
    alike = re.sub(r"[0-9]+(\.[0-9]+)?", "1", formula).replace("(-1)", "1").replace("-1", "1")
    _parse(re.sub(r"(\+ [^+=]+ )\1+", r"\1", alike))


@cache
def _parse(formula: str) -> None:
    PARSER.parse(f"${formula}$")


def check_balanced(document: str) -> None:
    open_ones: list[str] = []
    for kind, which in ENVIRONMENT.findall(document):
        if kind == "begin":
            open_ones.append(which)
        else:
            assert open_ones.pop() == which
    assert not open_ones
    plain = re.sub(r"\\[{}$]", "", document)
    depth = 0
    for letter in plain:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert plain.count("$") % 2 == 0
    assert document.isascii()


def check_matrices(document: str) -> str:
    """Every row as long as the matrix is wide, every cell a formula; returns the document without them."""
    for columns, rows in MATRIX.findall(document):
        for row in rows.split(r"\\"):
            cells = row.split("&")
            assert len(cells) == len(columns)
            for cell in cells:
                parse(cell.strip())
    return MATRIX.sub("", document)


def check_latex(document: str) -> None:
    check_balanced(document)
    rest = check_matrices(document)
    aligned = re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", rest, re.DOTALL)
    for line in (line for block in aligned for line in block.split(r"\\")):
        assert line.count("&") == 1
        parse(line.replace("&", "").strip())
    prose_only = re.sub(r"\\begin\{align\*\}.*?\\end\{align\*\}", "", rest, flags=re.DOTALL)
    for formula in re.findall(r"\$([^$]+)\$", prose_only.replace(r"\$", "")):
        parse(formula)
    text = re.sub(r"\$[^$]*\$|\\[_{}#%&$]", "", prose_only)
    assert not re.search(r"[_^#~]|(?<!\\)[&%]", text.partition(r"\begin{document}")[2])


def check_markdown(document: str) -> None:
    assert document.count("$$") % 2 == 0
    rest = check_matrices(document).replace("$$", "")
    for line in rest.splitlines():
        assert line.count("$") % 2 == 0
        for formula in re.findall(r"\$([^$]+)\$", line):
            parse(formula)


def worked(text: str) -> Any:
    """A network with gradients where it has one output."""
    if "heads" in text or (text.endswith("]") and "aux" in text):
        return st.step(text, seed=1)
    shape = st.measure(st.net(text)).rows[-1].output.value
    sizes = [n or 1 for n in shape]
    return st.step(text, seed=1, upstream=(np.arange(math.prod(sizes)) - 1).reshape(sizes), lr=0.1)


@pytest.mark.parametrize("word", TEXTS)
def test_every_layer(word: str) -> None:
    shown = worked(TEXTS[word])
    check_latex(write(shown, "latex"))
    check_markdown(write(shown, "markdown"))


@pytest.mark.parametrize("options", [{"target": 1}, {"target": "0 1"}, {}])
def test_a_chain(options: Any) -> None:
    shown = st.step(EXAM, seed=1, **options)
    document = write(shown, "latex")
    check_latex(document)
    assert r"\subsection*{Forward, conv1: conv 1@2x2; X is the input}" in document
    assert ("Backward, conv1" in document) == bool(options)
    assert r"O_{0,0} &= 2 \cdot 1 + 3 \cdot 1 + 2 \cdot (-1) + 1 \cdot 0 + (-1) = 2" in document
    check_markdown(write(shown, "markdown"))


def test_names_stand_for_a_gradient_that_is_not_given() -> None:
    document = write(st.step("conv 1@2", "1 2 3; 4 5 6; 7 8 9", weights="1 2; 3 4", im2col=True), "latex")
    check_latex(document)
    assert r"\frac{\partial E}{\partial W_{0,0}} &= 1 \cdot \frac{\partial E}{\partial O_{0,0}}" in document
    assert "im2col: a column for each position" in document


def test_long_sums_go_on_below() -> None:
    document = write(st.step("input 40 -> fc 1", seed=1), "latex")
    check_latex(document)
    assert max(map(len, document.splitlines())) < 700
    assert document.count(r"&\quad +") >= 2
    check_latex(write(st.step("input 70 -> fc 1", seed=1), "latex"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqrt(2 + 1e-05)*(1 - (-0.5)^2)", r"\sqrt{2 + 10^{-5}} \cdot (1 - (-0.5)^{2})"),
        ("exp(-1)/2.5e+10", r"\exp(-1)/2.5 \cdot 10^{10}"),
        ("max(1, -2) = X[0,1]", r"\max(1, -2) = X_{0,1}"),
        ("-log(O[1]) = 2/3", r"-\log(O_{1}) = 2/3"),
        ("3*Φ(1)", r"3 \cdot \Phi(1)"),
    ],
)
def test_formulas(text: str, expected: str) -> None:
    assert latex(text) == expected
    parse(expected)


def test_names_and_prose() -> None:
    assert name("dE/dgamma[1]") == r"\frac{\partial E}{\partial \gamma_{1}}"
    assert name("W'[0,1]") == "W'_{0,1}"
    assert prose("X*W_1 -> 50 % {a}^2") == r"X$\cdot$W\_1 $\to$ 50 \% \{a\}$^{2}$"


def test_the_verb() -> None:
    words = [EXAM, "--seed", "1", "--target", "1", "--format"]
    printed = CliRunner().invoke(command, [*words, "latex"])
    assert printed.exit_code == 0
    assert printed.stdout.startswith(r"\documentclass{article}")
    assert CliRunner().invoke(command, [*words, "markdown"]).stdout.startswith("## conv 1@2x2 -> relu")
    wrong = CliRunner().invoke(command, [*words, "tex"])
    assert wrong.exit_code == 2
    assert "did you mean 'latex'" in wrong.output
