"""The tree back to text: `parse(render(t)) == t` for syntax, and binding the text of a network gives the network.

>>> from striate.notation.parse import parse
>>> render(parse("INPUT 1x28x28->[conv 8@3→relu]*2\\nfc 10"))
'input 1x28x28\\n[conv 8@3 -> relu]*2\\nfc 10'
"""

from collections.abc import Iterable, Iterator

from striate.checks import check_kind
from striate.notation import syntax
from striate.notation.arguments import write_arguments
from striate.notation.rules.shape import shown
from striate.notation.syntax import Expression, Name, Number, Operation, Pair, Program, Sequence, Value
from striate.notation.tree import ALIASES, LAYERS, Block, Heads, Layer, Link, Network, Node


def render(tree: Program | Network) -> str:
    """The text of a tree.

    Args:
        tree: A text as parsed, or a bound network; the latter is written with every size a number.
    """
    if isinstance(tree, Network):
        layers = [(_node(node), isinstance(node, Layer) and node.follows) for node in tree.layers]
        inputs = (f"{_label(label)}input {shown(shape)}" for label, shape in tree.inputs.items())
        return "\n".join([*inputs, *_lines(layers)])
    check_kind(tree, Program, "render takes a network or a parsed text, as st.net and st.parse give")
    letters = [f"{name} = {_number(value)}" for name, value in tree.letters]
    definitions = [f"{d.name}({', '.join(d.parameters)}) = {_sequence(d.body)}" for d in tree.definitions]
    elements = [(_element(e), isinstance(e, syntax.Word) and _follows(e.name)) for e in tree.layers]
    return "\n".join([*letters, *definitions, *_lines(elements)])


def _follows(word: str) -> bool:
    layer = LAYERS.get(ALIASES.get(word, word))
    return layer is not None and layer.follows


def _lines(parts: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """One line for each layer with the activations and pools that follow it."""
    line: list[str] = []
    for text, follows in parts:
        if line and not follows:
            yield " -> ".join(line)
            line = []
        line.append(text)
    if line:
        yield " -> ".join(line)


# a bound network


def _node(node: Node) -> str:
    if isinstance(node, Layer | Link):
        return _label(node.label) + node_text(node)
    assert isinstance(node, Block)
    branches = (" -> ".join(_node(child) for child in branch) or "id" for branch in node.branches)
    names = node.names if isinstance(node, Heads) else [""] * len(node.branches)
    inner = " | ".join(_label(name) + branch for name, branch in zip(names, branches, strict=True))
    return f"{_label(node.label)}{node.kind}[ {inner} ]"


def _label(label: str) -> str:
    return f"{label}: " if label else ""


def node_text(node: Node) -> str:
    """A layer as the notation writes it (`conv 6@5x5`); a block's kind, a group's label."""
    if isinstance(node, Layer | Link):
        return " ".join([node.word, *write_arguments(node)])
    return (node.kind if isinstance(node, Block) else "") or node.label


# a text as parsed


def _sequence(layers: Sequence) -> str:
    return " -> ".join(_element(element) for element in layers)


def _element(element: syntax.Element) -> str:
    if isinstance(element, syntax.Word):
        return " ".join([element.name, *map(_argument, element.arguments)]) + ("?" if element.optional else "")
    if isinstance(element, syntax.Call):
        return f"{element.name}({', '.join(map(_expression, element.arguments))})"
    if isinstance(element, syntax.Block):
        inner = " | ".join(map(_sequence, element.branches))
        return f"{element.kind}[ {inner} ]" if element.kind else f"[{inner}]"
    if isinstance(element, syntax.Repeat):
        return f"{_element(element.body)}*{_factor(element.times)}"
    return f"{element.label}: {_element(element.body)}"


def _argument(argument: syntax.Argument) -> str:
    if isinstance(argument, syntax.Sized):
        return f"{_value(argument.count)}@{_value(argument.size)}"
    return _value(argument)


def _value(value: Value) -> str:
    """One expression, or several joined by `x`; a letter between them needs brackets to be distinct from the `x`."""
    if len(value.parts) == 1:
        return _expression(value.parts[0])
    return "x".join(_factor(part, bare_names=False) for part in value.parts)


def _expression(expression: Expression) -> str:
    if isinstance(expression, Operation):
        loose = expression.rest[0][0] in "+-"
        parts = [_factor(expression.first, product=loose)]
        parts += [f"{sign}{_factor(operand, product=loose)}" for sign, operand in expression.rest]
        return "".join(parts)
    if isinstance(expression, Pair):
        return f"({_expression(expression.before)},{_expression(expression.after)})"
    return (
        _number(expression.value)
        if isinstance(expression, Number)
        else expression.text
        if isinstance(expression, Name)
        else "?"
    )


def _factor(expression: Expression, *, product: bool = False, bare_names: bool = True) -> str:
    """An operand: in brackets unless it is plain, or a product inside a sum."""
    if isinstance(expression, Operation):
        tighter = product and expression.rest[0][0] in "*/"
        return _expression(expression) if tighter else f"({_expression(expression)})"
    plain = bare_names or not isinstance(expression, Name)
    negative = isinstance(expression, Number) and _number(expression.value).startswith("-")
    return _expression(expression) if plain and not negative else f"({_expression(expression)})"


def _number(value: int | float) -> str:
    return repr(value)
