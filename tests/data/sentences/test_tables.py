import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.sentences.columns import Columns, columns_of
from striate.data.sentences.forms import Form, form_of, read_labelled
from striate.data.sentences.tables import delimiter_of
from striate.errors import InputError


def pairs(*lines: str) -> list[tuple[str, str]]:
    form = form_of(lines)
    assert form.kind == "table"
    return [(row.label, row.sentence) for row in read_labelled(lines, form).rows]


FILMS = [("good", "a fine, long film"), ("bad", "so very dull"), ("bad", 'the "best" of the worst')]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("head", [["label", "text"], ["Category", "Message"], ["Class Index", "Description"], None])
def test_quoted_tables_with_and_without_a_head(delimiter: str, head: list[str] | None) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([*([head] if head else []), *FILMS])
    assert pairs(*file.getvalue().splitlines()) == FILMS


def test_columns_in_any_order_and_others_beside_them() -> None:
    head = ["id", "review", "sentiment"]
    assert columns_of([head, ["7", "fine", "1"]]) == Columns(label=2, text=1, header=True, known=True)
    lines = ("id,review,sentiment", '7,"a fine, long film",pos', "8,dull,neg")
    assert pairs(*lines) == [("pos", "a fine, long film"), ("neg", "dull")]


def test_a_sentence_before_its_class() -> None:
    assert pairs("so very dull\t0", "a fine film\t1", "not my thing\t0") == [
        ("0", "so very dull"),
        ("1", "a fine film"),
        ("0", "not my thing"),
    ]


def test_names_no_one_knows_are_guessed_and_said() -> None:
    lines = ("v1,v2,v3", "ham,see you there,", "spam,win a prize,", "ham,on my way,", "spam,call now,")
    form = form_of(lines)
    assert form.columns == Columns(label=0, text=1, header=True, known=False)
    assert read_labelled(lines, form).notes == (
        "'v1' is read as the class and 'v2' as the sentence, and 1 other column is not used",
    )


def test_a_constant_column_is_no_class() -> None:
    rows = [f"{4 * (i % 2)},{i},NO_QUERY,user{i % 3},what a day it was {i}" for i in range(20)]
    assert form_of(rows).columns == Columns(label=0, text=4, header=False, known=False)


@pytest.mark.parametrize("numbering", ["review_id", "tweet_id", "question", "text"])
def test_a_column_that_numbers_the_rows_is_never_the_sentence(numbering: str) -> None:
    lines = (f"{numbering},stars,body", "71,5,a fine film", "72,1,so dull", "73,1,no plot", "74,5,warm and wise")
    assert form_of(lines).columns == Columns(label=1, text=2, header=True, known=False)
    named = (f"{numbering},label,comment", "71,5,fine", "72,1,dull")
    assert form_of(named).columns == Columns(label=1, text=2, header=True, known=True)


def test_a_column_of_numbers_that_come_again_may_be_the_sentence() -> None:
    assert form_of(("label,text", "a,42", "b,7", "a,42")).columns == Columns(0, 1, header=True, known=True)


def test_a_column_that_is_named_as_the_class_is_it_beside_one_of_fewer_values() -> None:
    lines = (
        "stars,seen,body",
        "5,yes,a fine film",
        "1,no,so dull",
        "3,no,no plot",
        "5,yes,warm",
        "1,no,a bore",
        "3,no,x",
    )
    assert form_of(lines).columns == Columns(label=0, text=2, header=True, known=False)


def test_quotation_marks_between_tabs_may_be_single() -> None:
    lines = ('ham\t"hello', 'spam\t"win" a prize', "ham\tsee you", "spam\tcall now")
    assert pairs(*lines)[0] == ("ham", '"hello')
    assert len(pairs(*lines)) == 4


def test_a_cell_over_several_lines_is_named_by_its_first() -> None:
    lines = ("label,text", 'good,"a fine', 'film"', "bad,dull", "bad", "good,nice")
    read = read_labelled(lines, form_of(lines))
    assert [(row.sentence, row.line) for row in read.rows] == [("a fine\nfilm", 2), ("dull", 4), ("nice", 6)]
    assert [(fault.line, fault.rule) for fault in read.faults] == [(5, "no comma between class and sentence")]


@pytest.mark.parametrize("rest", [["bad,dull"], ["bad,dull"] * 20_000])
def test_a_quotation_mark_that_is_not_closed_is_an_error(rest: list[str]) -> None:
    lines = ("label,text", "good,fine", 'good,"a film', *rest)
    with pytest.raises(InputError, match="line 3: a quotation mark opens a cell that does not end"):
        read_labelled(lines, form_of(lines))


@pytest.mark.parametrize(
    "lines",
    [
        ("sepal,petal,kind", "5.1,3.5,setosa", "6.2,3.1,virginica", "5.0,3.0,setosa"),
        ("file,part", "hippocampus_001.npy,train", "hippocampus_002.npy,test", "hippocampus_003.npy,train"),
        ("image,mask", "a.png,b.png"),
        ("1,2,3", "4,5,6"),
        ("once upon a time", "there was, in a wood,", "a net"),
    ],
)
def test_tables_of_other_things_are_none(lines: tuple[str, ...]) -> None:
    assert not form_of(lines).has_labels


def test_a_table_without_classes_says_so_by_its_columns() -> None:
    form = form_of(("id,text", "1,a fine film"))
    assert form == Form("table", ",", Columns(None, 1, header=True, known=False))
    assert not form.has_labels


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text(st.characters(codec="utf-8"))), min_size=2))
def test_whatever_csv_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    clean = [(label, sentence.replace("\r", "").replace("\0", "") + ".") for label, sentence in rows]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([("label", "text"), *clean])
    lines = file.getvalue().removesuffix("\n").split("\n")
    assert delimiter_of(lines) == ","
    assert pairs(*lines) == [(label, sentence.strip()) for label, sentence in clean]


@settings(deadline=None)
@given(st.lists(st.text(), max_size=8))
def test_any_lines_have_a_form(lines: list[str]) -> None:
    form = form_of(lines)
    if form.has_labels:
        with suppress(InputError):
            read_labelled(lines, form)
