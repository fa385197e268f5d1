"""What a name in the text stands for: a layer, a block or a definition; and which names are the notation's own.

>>> from striate.notation.parse import parse
>>> from striate.notation.bind import bind
>>> bind(parse("input 3x32x32 -> relv"))
Traceback (most recent call last):
striate.notation.errors.NotationError: line 1: no layer 'relv'
    input 3x32x32 -> relv
                     ^^^^
  did you mean 'relu'?
"""

import re
from collections.abc import Callable

from striate.errors import nearest, plain
from striate.notation import tree
from striate.notation.arguments import OPTION_WORDS, form
from striate.notation.errors import NotationError, Span
from striate.notation.graph import FORMS
from striate.notation.habits import single_name
from striate.notation.labels import written
from striate.notation.letters import label_parameters
from striate.notation.syntax import Block, Call, Definition, Program, Word
from striate.notation.tree import ALIASES, BLOCKS, LINKS, OWN, PAD_MODES, WORDS, Layer, Link

OPTIONS = {word for word in OPTION_WORDS if len(word) > 1} | set(PAD_MODES)  # lrn's k stays free: K is a letter
RESERVED = {"c", "input", "x", "to", *WORDS, *BLOCKS, *ALIASES, *OPTIONS}
ALSO = {name: layer.also for name, layer in WORDS.items()} | {name: block.also for name, block in BLOCKS.items()}
ABSENT = {  # what the notation lacks: what to write instead, if anything, and the names in other libraries
    "fc flattens by itself; leave it out": ("flatten", "reshape", "view", "squeeze"),
    "one filter per channel is conv c@3 groups c, and conv 64@1 after it mixes them": (
        *("depthwise", "depthwiseconv", "depthwiseconv2d", "dwconv", "separable", "separableconv2d", "sepconv"),
    ),
    "it drops whole maps, which the notation does not; dropout 0.5 drops entries": (
        *("dropout1d", "dropout2d", "dropout3d", "spatialdropout1d", "spatialdropout2d"),
        *("alphadropout", "featurealphadropout"),
    ),
    "this activation is not in the notation; leaky, elu, swish and gelu are its neighbours": (
        *("celu", "rrelu", "crelu", "geglu", "swiglu"),
        *("softsign", "softshrink", "hardshrink", "tanhshrink", "threshold", "logsigmoid"),
    ),
    "training puts softmax and its logarithm into the loss by itself; write softmax only to see it": (
        *("logsoftmax", "softmin", "softmax2d", "crossentropy", "crossentropyloss", "nllloss"),
    ),
    "of recurrent layers the notation has lstm": (
        *("gru", "rnncell", "lstmcell", "grucell", "convlstm2d", "bidirectional"),
    ),
    "a transformer's block is residual[ ln -> attention 4 ] -> residual[ ln -> fc 4*c each -> gelu -> fc c each ]": (
        *("transformer", "transformerencoder", "transformerencoderlayer", "transformerblock", "vit"),
    ),
    "one matrix at each position is written: fc 64 each, or conv 64@1": (
        "timedistributed",
        "pointwise",
        "positionwise",
    ),
}


def elsewhere(name: str) -> str:
    """What to write in the notation for a name of another library; empty for a name that no library uses.

    >>> elsewhere("MaxPool2d")
    'here it is written: maxpool kernel [stride n] [pad n] [dilate n] [ceil]'
    """
    word = plain(name)
    for ours, names in ALSO.items():
        if _any_axes(word) in map(_any_axes, names):
            return f"here it is written: {_usage(ours) if ours in WORDS else _shown(ours)}"
    return next((instead for instead, names in ABSENT.items() if word in names), "")


def _any_axes(name: str) -> str:
    """A name without the number of axes in it: `avgpool` for `avgpool2d`."""
    return re.sub(r"[123]d", "", name)


class Lookup:
    """The names of one text.

    Args:
        program: The text as a tree.
        error: Makes the error for a headline, a place and a detail.
    """

    def __init__(self, program: Program, error: Callable[[str, Span, str], NotationError]) -> None:
        self.program, self.error = program, error
        self.definitions = {definition.name: definition for definition in program.definitions}
        self.label_parameters = label_parameters(program)
        parameters = (name for definition in program.definitions for name in definition.parameters)
        self.values = written(program).union(parameters)  # names that stand for values, or may

    def check(self) -> None:
        """Refuse definitions, parameters and letters that are words of the notation."""
        for definition in self.program.definitions:
            for name in (definition.name, *definition.parameters):
                if name in RESERVED:
                    raise self.error(f"'{name}' is a word of the notation", definition.span, "choose another name")
        places = self.program.places or (Span(0, 1),) * len(self.program.letters)
        for (letter, _), place in zip(self.program.letters, places, strict=True):
            if letter in RESERVED:
                raise self.error(f"'{letter}' is a word of the notation", place, "choose another letter")

    def layer(self, word: Word) -> type[Layer] | type[Link]:
        """The layer or the link that a word names."""
        name = ALIASES.get(word.name, word.name)
        self._check_one_word(name, word)
        if name in WORDS:
            return WORDS[name]
        if name in OWN and not self.program.source:
            return OWN[name]
        if name in OWN:
            detail = "a program has registered it, and a file has the notation's own words only; give the text itself"
            raise self.error(f"'{name}' in a file", word.span, detail)
        if name == "input":
            detail = "a text begins with its inputs, each with a name: left: input 1x28x28, right: input 1x28x28"
            raise self.error("an input in the middle", word.span, detail)
        if name in BLOCKS:
            raise self.error(f"{name} needs brackets", word.span, _block_usage(name))
        if name in self.definitions:
            raise self.error(f"'{name}' is a definition", word.span, f"use it as {self._use(name)}")
        if name in self.values:
            raise self.error(f"'{name}' is a label", word.span, f"a branch begins at its value by: from {name}")
        hint = elsewhere(name) or nearest(name, [*WORDS, *OWN, *BLOCKS, *ALIASES, *self.definitions], ALSO).lstrip("; ")
        error = self.error(f"no layer '{name}'", word.span, hint or self._unknown(name))
        error.unknown = name
        raise error

    def _check_one_word(self, name: str, word: Word) -> None:
        """Refuse a layer's name in two words: `leaky relu`, `global avgpool`, `avgpool global`."""
        after = single_name(word.arguments[0]) if word.arguments else None
        if not after or name in LINKS or after in PAD_MODES:
            return
        joined = word.name + after
        one = f"it is one word: {_usage(joined)}" if joined in {*WORDS, *ALIASES} else ""
        if hint := one or elsewhere(joined) or elsewhere(ALIASES.get(after, after) + name):
            raise self.error(f"no layer '{word.name} {after}'", word.span, hint)

    def _unknown(self, name: str) -> str:
        """The way out for a word that is like none of the notation's."""
        own = (
            f'; a module of your own becomes one in Python: st.register("{name}", …)' if not self.program.source else ""
        )
        return f"docs/layers.md lists the words{own}"

    def block(self, block: Block) -> type[tree.Block]:
        """The block that the word before brackets names."""
        kind = block.kind
        if kind in WORDS or kind in ALIASES:
            detail = f"it is written: {_usage(kind)}; brackets with layers follow after '->'"
            raise self.error(f"{kind} takes no brackets", block.span, detail)
        if kind in self.definitions:
            raise self.error(f"'{kind}' is a definition", block.span, f"use it as {self._use(kind)}")
        if kind not in BLOCKS:
            hint = elsewhere(kind) or nearest(kind, BLOCKS).lstrip("; ")
            raise self.error(f"no block '{kind}'", block.span, hint or f"the blocks are {', '.join(BLOCKS)}")
        least, most = FORMS[BLOCKS[kind]].branches
        if not least <= len(block.branches) <= most:
            wanted = {least: f"{least}", least + 1: f"{least} or {most}"}.get(most, f"{least} to {most}")
            headline = f"{kind} with {len(block.branches)} branches"
            raise self.error(headline, block.span, f"it takes {wanted}: {_shown(kind)}")
        return BLOCKS[kind]

    def definition(self, call: Call) -> Definition:
        """The definition that a call uses."""
        name = call.name
        if name in WORDS or name in ALIASES:
            detail = f"it is written: {_usage(name)}"
            raise self.error(f"{name} takes its sizes without brackets", call.span, detail)
        if name in BLOCKS:
            raise self.error(f"{name} takes square brackets", call.span, _block_usage(name))
        if name not in self.definitions:
            detail = f"define it on a line of its own: {name}(w) = …{nearest(name, [*self.definitions, *WORDS])}"
            raise self.error(f"nothing is defined as '{name}'", call.span, elsewhere(name) or detail)
        definition = self.definitions[name]
        if len(definition.parameters) != len(call.arguments):
            headline = f"{name} takes {len(definition.parameters)} values, not {len(call.arguments)}"
            raise self.error(headline, call.span, f"it is defined as {self._use(name)}")
        return definition

    def _use(self, name: str) -> str:
        return f"{name}({', '.join(self.definitions[name].parameters)})"


def _usage(word: str) -> str:
    return form(WORDS[ALIASES.get(word, word)]).usage


def _block_usage(name: str) -> str:
    return f"it is written: {_shown(name)}" + "; a fully connected layer is fc 10" * (name == "dense")


def _shown(kind: str) -> str:
    """How a block is written: `residual[ body ] or residual[ body | shortcut ]`."""
    named = ": …" * (BLOCKS[kind] is tree.Heads)
    return " or ".join(f"{kind}[ {' | '.join(n + named for n in names)} ]" for names in FORMS[BLOCKS[kind]].shown())
