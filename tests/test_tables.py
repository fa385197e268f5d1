"""Tables at every width: numbers stay whole, words fold at blanks, and what goes is said."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from striate.ascii import in_encoding
from striate.tables import FOLD, ROUND, Column, fit, short, show, table

STEPS = ("b", FOLD, ROUND, "c")


def columns(words: list[str], counts: list[int]) -> list[Column]:
    rows = max(len(words), len(counts))
    names = tuple(words[i % len(words)] for i in range(rows))
    numbers = [counts[i % len(counts)] for i in range(rows)]
    exact, rounded = tuple(f"{n:,}" for n in numbers), tuple(map(short, numbers))
    return [Column("a", names, words=True), Column("b", exact), Column("c", exact, rounded=rounded, head="cc")]


@settings(deadline=None)
@given(
    st.lists(st.text("abc @", min_size=1, max_size=40), min_size=1, max_size=5),
    st.lists(st.integers(0, 10**14), min_size=1, max_size=5),
    st.integers(1, 120),
    st.sampled_from(["utf-8", "ascii"]),
)
def test_every_number_and_every_word_is_whole(words: list[str], counts: list[int], width: int, encoding: str) -> None:
    fitted = fit(columns(words, counts), STEPS, width)
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, legacy_windows=False)
    show(console, table(fitted, "", encoding), width=fitted.width)
    lines = written.getvalue().splitlines()
    assert console.width == width
    assert {len(line) for line in lines if line} <= {fitted.width}
    body = [line.split() for line in lines[3:]]
    for column, _ in fitted.columns:
        for cell in column.cells:
            if column.words:
                assert all(any(word in line for line in body) for word in cell.split())
            else:
                assert any(" ".join(line).endswith(cell) or f" {cell} " in f" {' '.join(line)} " for line in body)
    if fitted.width > width:
        assert fitted.left_out == ("b", "c"), "all that can go has gone"


def test_columns_stand_apart_numbers_at_the_right_and_words_at_the_left() -> None:
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    wide = [Column("n", ("7", "1,000")), Column("what", ("a thing", "b"), words=True), Column("m", ("12", "3"))]
    show(console, table(fit(wide, (), 80), "", "utf-8"))
    rows = [line.rstrip() for line in written.getvalue().splitlines()]
    assert [rows[1], *rows[3:5]] == ["     n   what       m", "     7   a thing   12", " 1,000   b          3"]


def test_steps_are_taken_in_order_and_no_more_than_needed() -> None:
    wide = columns(["convolution of the image"], [123_456_789])  # 24 and 11 and 11 signs, 3 between, 1 before
    taken = {
        None: ((), False, {"a": 24, "b": 11, "c": 11}),
        56: ((), False, {"a": 24, "b": 11, "c": 11}),
        55: (("b",), False, {"a": 24, "c": 11}),
        42: (("b",), False, {"a": 24, "c": 11}),
        41: (("b",), False, {"a": 23, "c": 11}),
        30: (("b",), False, {"a": 12, "c": 11}),
        29: (("b",), True, {"a": 17, "cc": 5}),
        24: (("b",), True, {"a": 12, "cc": 5}),
    }
    for width, wanted in taken.items():
        fitted = fit(wide, STEPS, width)
        assert (fitted.left_out, fitted.rounded, {column.name: w for column, w in fitted.columns}) == wanted


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1 k"),
        (9_999, "10 k"),
        (61_706, "61,706"),
        (117_600, "118 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
        (10**12, "1 T"),
        (10**20, "100,000 P"),
    ],
)
def test_counts_in_three_digits(count: int, text: str) -> None:
    assert short(count) == text


@given(st.integers(0, 10**15))
def test_a_rounded_count_is_near_and_no_longer(count: int) -> None:
    units = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
    text = short(count)
    number, _, unit = text.replace(",", "").partition(" ")
    assert abs(float(number) * units.get(unit, 1) - count) <= 0.005 * count
    assert len(text) <= len(f"{count:,}")


@given(st.text())
def test_any_text_can_be_written_in_any_encoding(text: str) -> None:
    for encoding in ("ascii", "cp1251", "latin-1"):
        in_encoding(text, encoding).encode(encoding)
