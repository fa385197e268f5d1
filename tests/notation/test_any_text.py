"""Whatever is typed, the answer is a tree or an error of ours: never another exception, never a text that is lost."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from striate.notation import NotationError, bind, measure, parse, read, render

LEGAL = [
    "input 1x32x32\nconv 6@5x5  -> tanh -> avgpool 2   # C1, S2\nconv 16@5x5 -> tanh -> avgpool 2\nfc 84 -> fc 10",
    "INPUT -> [[CONV -> RELU]*2 -> POOL?]*3 -> [FC -> RELU]*1 -> FC",
    "n = 2\nN2=3 m=0.5\ninput 3x?x?\n[conv 4*n@3x3 pad same -> bn -> relu]*n\ndropout m -> gap -> fc 10",
    "b(w, s) = residual[ conv w@3 pad 1 stride s nobias -> bn | conv w@1 stride s ] -> relu\ninput 3x8x8 -> b(4, 2)*2",
    "input 8x6x6 -> scale[ gap -> fc c/4 -> relu -> fc c -> sigmoid ] -> dense[ conv 2@3 pad same ]*3 -> fc 3",
    "input 3x9x9 -> c4: concat[ conv 2@1 | conv 2@3 pad 1 -> relu | id ] -> aux[ gap -> fc 2 ] -> maxpool 3 ceil",
    "input 12 -> embed 50x4 -> conv 3@(2+1) dilate 2 pad reflect 1 -> leaky -0.1 -> gmp -> fc 2 -> softmax",
    "input 1x8x16x16 -> conv 2@3x5x5 stride 1x2x2 pad 1x2x2 groups 1 → upconv 1@2×2×2 stride 2 -> lrn 5 alpha 1e-4",
]
ALPHABET = "abcnwx_019.eEX ?@=|*+-/>,:()[]#\n\t\r→×−·é\x00\u2028"
TOKEN = re.compile(r"\w+|->|\s+|.")
TOKENS = sorted({token for text in LEGAL for token in TOKEN.findall(text)})


def check(text: str) -> None:
    """A tree that is written and read again, or a bounded error."""
    try:
        program = parse(text, "a.net")
        assert parse(render(program)) == program
        network = bind(program)
    except NotationError as error:
        message = str(error)
    else:
        assert read(render(network)) == network
        assert measure(network).rows
        return
    assert message.startswith("a.net:")
    assert len(message) < 2000


@settings(max_examples=600, deadline=None)
@given(st.text(ALPHABET, max_size=40) | st.text(max_size=10))
def test_any_characters(text: str) -> None:
    check(text)
    check(f"input 3x8x8 -> {text}")


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=12))
def test_any_words(tokens: list[str]) -> None:
    check("".join(tokens))
    check("input 3x8x8 -> " + " ".join(tokens))


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A legal text with one to three characters or words deleted, doubled, swapped or put in."""
    text = draw(st.sampled_from(LEGAL))
    parts = TOKEN.findall(text) if draw(st.booleans()) else list(text)
    for _ in range(draw(st.integers(1, 3))):
        at, to = (draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        kind = draw(st.sampled_from(["delete", "double", "swap", "insert"]))
        if kind == "delete" and len(parts) > 1:
            del parts[at]
        elif kind == "double":
            parts.insert(at, parts[at])
        elif kind == "swap":
            parts[at], parts[to] = parts[to], parts[at]
        else:
            parts.insert(at, draw(st.sampled_from(ALPHABET) | st.sampled_from(TOKENS)))
    return "".join(parts)


@settings(max_examples=600, deadline=None)
@given(mutations())
@example(LEGAL[0] + "\r\n")
def test_a_legal_text_with_slips(text: str) -> None:
    check(text)


def test_the_legal_texts_are_legal() -> None:
    for text in LEGAL:
        assert read(text).layers
