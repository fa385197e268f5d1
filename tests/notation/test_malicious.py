"""Texts made to hurt: each ends in a short error, whatever it repeats, nests or computes."""

import sys

import pytest

from striate.errors import InputError
from striate.notation import NotationError, bind, measure, parse, read, render

HEAD = "input 3x32x32 -> "
MEGA = 1_000_000
DOUBLES = "a0() = relu -> tanh\n" + "".join(f"a{i + 1}() = a{i}() -> a{i}()\n" for i in range(50))
DEEP = "d0() = relu\n" + "".join(f"d{i + 1}() = d{i}()\n" for i in range(500))
PARAMETERS = ", ".join(f"p{i:x}" for i in range(6_000))
NEVER = "a() = b()\nb() = c3()\nc3() = a()\n"

WRONG = {
    "brackets that only open": "[" * 10_000,
    "round brackets that only open": HEAD + "fc " + "(" * 10_000,
    "brackets that only close": "]" * 10_000,
    "blocks in blocks": HEAD + "residual[ " * 10_000 + "id" + " ]" * 10_000,
    "a thousand million layers": HEAD + "[relu]*1000000000",
    "repeats of repeats": HEAD + "[" * 5 + "relu" + "]*1000000000" * 5,
    "repeats of nothing": HEAD + "[[[relu]*0]*1000000000]*1000000000",
    "repeats of what is left out": "a() = [relu]*0\n" + HEAD + "[a()]*1000000000",
    "a definition of itself": "a() = a()\n" + HEAD + "a()",
    "definitions in a ring": NEVER + HEAD + "a()",
    "definitions that double": DOUBLES + HEAD + "a50()",
    "definitions nested deep": DEEP + HEAD + "d500()",
    "calls of calls": HEAD + "a(" * 5_000 + "1" + ")" * 5_000,
    "channels that double": HEAD + "[concat[ id | id ]]*2500",
    "maps that grow": "input 1x9 -> [upconv 1@1 stride 999999999999]*4000",
    "padding that grows": "input 1x9 -> [conv 1@1 pad 999999999999]*4000",
    "ten megabytes of layers": HEAD + "relu -> " * MEGA,
    "ten megabytes of brackets": "[" * 10 * MEGA,
    "ten megabytes of blanks": " " * 10 * MEGA,
    "ten megabytes of line ends": "\n" * 10 * MEGA,
    "a long number": HEAD + "fc " + "9" * 49_900,
    "a long fraction": HEAD + "leaky 0." + "9" * 49_900,
    "a large exponent": HEAD + "leaky 1e99999",
    "a shape of many sizes": "input " + "1x" * 20_000 + "1 -> relu",
    "a kernel of many sizes": HEAD + "conv 1@" + "1x" * 20_000 + "1",
    "a long layer": HEAD + "a" * 49_900,
    "a long letter": HEAD + "fc " + "a" * 49_900,
    "a long option": HEAD + "conv 8@3 " + "a" * 49_900,
    "a long block": HEAD + "a" * 49_900 + "[ relu ]",
    "a long call": HEAD + "a" * 49_900 + "()",
    "a long label": HEAD + "a" * 24_000 + ": relu -> " + "a" * 24_000 + ": relu",
    "a long definition": "a" * 24_000 + "(w) = relu\n" + HEAD + "a" * 24_000 + "()",
    "many parameters": f"a({PARAMETERS}) = relu\n{HEAD}a(1)",
    "many values": "a(w) = relu\n" + HEAD + "a(" + "1, " * 15_000 + "1)",
    "many values of a call that fails": f"b({PARAMETERS}) = relv\n{HEAD}b({'1, ' * 5_999}1)",
    "many branches": HEAD + "concat[ " + "id|" * 16_000 + "id ]",
    "many options": HEAD + "conv 8@3 " + "pad 1 " * 8_000,
    "a long line after the place": HEAD + "relv" + " -> relu" * 6_000,
    "a NUL": "input 3x8x8 -> relu\x00",
    "an escape sequence": "input 3x8x8 -> \x1b[31mrelu",
    "a text that runs backwards": "input 3x8x8 -> \u202erelu",
    "a half of a surrogate pair": "input 3x8x8 -> \ud800",
    "a byte order mark": "\ufeffinput 3x8x8 -> relu",
    "digits of another script": "input 3x8x8 -> fc \u0663",
    "a capital that grows": "input 3x8x8 -> fc \u0130",
    "the Kelvin sign": "input 3x8x8 -> [relu]*\u212a",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_it_ends_in_a_short_error(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    message = str(caught.value)
    assert len(message) < 2_000
    assert all(line.isprintable() for line in message.split("\n"))


def test_many_letters_are_listed_in_part() -> None:
    text = "\n".join(f"n{i} = {i}" for i in range(4_000))
    with pytest.raises(InputError) as caught:
        read(f"{text}\n{HEAD}relu", m=2)
    assert len(str(caught.value)) < 2_000


LEGAL = {
    "long arithmetic": HEAD + "fc " + "1+" * 24_000 + "1",
    "a long product": HEAD + "fc " + "1*" * 24_000 + "1",
    "many blanks": HEAD + " " * 49_900 + "relu",
    "many line ends in brackets": HEAD + "[ relu" + "\n" * 49_900 + "]",
    "many comments": "# [\n" * 12_000 + HEAD + "relu",
    "one long comment": HEAD + "relu # " + "(" * 49_900,
    "many labels": HEAD + " -> ".join(f"a{i}: id" for i in range(3_000)),
    "many definitions": "".join(f"n{i}() = id\n" for i in range(3_500)) + HEAD + "n7()",
    "many calls": "a() = id\n" + HEAD + "[a()]*3000",
    "nested as deep as it goes": HEAD + "sum[ " * 60 + "id" + " ]" * 60,
    "as long as it goes": HEAD + "[relu -> tanh]*3000",
}


@pytest.mark.parametrize("text", LEGAL.values(), ids=LEGAL.keys())
def test_it_is_read_all_the_same(text: str) -> None:
    limit = sys.getrecursionlimit()
    program = parse(text)
    assert parse(render(program)) == program
    assert measure(bind(program)).output
    assert sys.getrecursionlimit() == limit


def test_forty_thousand_terms_are_too_long_a_text() -> None:
    with pytest.raises(NotationError, match=r"^line 1: the text has 80,021 characters\n"):
        read(HEAD + "fc " + "1+" * 40_000 + "1")
