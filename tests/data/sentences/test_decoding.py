import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.sentences.decoding import NotTextError, decoded, is_binary

WORDS = "Straßenüberführung, Đường phố đẹp quá"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_and_without_its_mark_reads_the_same(encoding: str) -> None:
    assert decoded(f"{WORDS}\r\nzwei\r\n".encode(encoding)).lines == (WORDS, "zwei")


@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le"])
def test_utf_16_of_either_order_is_found_by_its_mark(order: str) -> None:
    text = decoded(("\ufeff" + WORDS).encode(order))
    assert text.lines == (WORDS,)
    assert text.notes == ("it is UTF-16",)


def test_one_western_line_leaves_the_others_as_they_are() -> None:
    text = decoded("ja, schön\n".encode() + "sehr schön … „gut“\n".encode("cp1252") + "quá đẹp".encode())
    assert text.lines == ("ja, schön", "sehr schön … „gut“", "quá đẹp")
    assert text.notes == ("line 2 is not UTF-8 and is read as Windows-1252",)


def test_a_byte_that_windows_lacks_is_latin_1() -> None:
    assert decoded(b"a\x81\xe9").lines == ("a\x81é",)


def test_marks_that_python_parts_lines_at_part_none() -> None:
    assert decoded("a\x85b\u2028c\x0bd\n".encode()).lines == ("a\x85b\u2028c\x0bd",)
    assert decoded(b"one\rtwo\r").lines == ("one", "two")


def test_empty_lines_stay_and_the_last_end_of_line_adds_none() -> None:
    assert decoded(b"").lines == ()
    assert decoded(b"\n\na\n").lines == ("", "", "a")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "it is binary"),
        ("words and words".encode("utf-16-le"), "it is binary or UTF-16 without its mark"),
        (b"\xff\xfea", "it begins as UTF-16 and is damaged"),
    ],
)
def test_no_text_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotTextError, match=why):
        decoded(data)


def test_a_single_nul_is_no_binary_file() -> None:
    assert not is_binary(b"good\ta fine film\n" * 10 + b"bad\tdu\0ll\n")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_lines_or_refused(data: bytes) -> None:
    try:
        text = decoded(data)
    except NotTextError:
        return
    assert all("\n" not in line for line in text.lines)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs", "Cc"])), min_size=1))
def test_lines_of_utf_8_come_back(lines: list[str]) -> None:
    first = "a" + lines[0]  # not a mark
    assert decoded("\n".join([first, *lines[1:], "z"]).encode()).lines == (first, *lines[1:], "z")
