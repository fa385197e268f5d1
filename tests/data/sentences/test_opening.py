import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate.data.sentences import SentenceSet, read
from striate.errors import InputError

FILMS = "1 a fine film\n0 so very dull\n1 warm and wise\n0 no plot at all\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file under this test's folder, and gives the folder back."""

    def one(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return one


def opened(path: Path, **options: str) -> SentenceSet:
    found = read(path, **options)  # type: ignore[arg-type]
    assert found
    return found


def test_a_class_and_a_sentence_on_each_line(write: Callable[..., Path]) -> None:
    films = opened(write("films.all", FILMS) / "films.all")
    assert films.classes == ("0", "1")
    assert films.train.sentences[:2] == ("a fine film", "so very dull")
    assert films.train.labels == (1, 0, 1, 0)
    assert films.train.names[1] == "films.all:2"
    assert films.notes == ("films: 4 train sentences of 2 classes", "films: classes: 0 2, 1 2")
    assert (films.name, films.test, films.validation) == ("films", None, None)


def test_fasttext(write: Callable[..., Path]) -> None:
    text = "__label__good fine film\n__label__bad dull\n__label__bad __label__good so so\nlost\n"
    films = opened(write("films.txt", text) / "films.txt")
    assert films.classes == ("bad", "good")
    assert [str(left) for left in films.left_out] == [
        "films.txt:3 (2 labels)",
        "films.txt:4 (no __label__ at its beginning)",
    ]


def test_files_for_each_part(write: Callable[..., Path]) -> None:
    write("films/train.csv", "label,text\ngood,a fine film\nbad,dull\n")
    write("films/dev.csv", "text,label\nwarm,good\n")
    films = opened(write("films/test.csv", "label,text\nbad,no plot\n") / "films")
    assert films.validation
    assert films.test
    assert films.validation.sentences == ("warm",)
    assert films.test.labels == (0,)
    assert films.name == "films"


def test_a_test_file_without_classes_is_left_out(write: Callable[..., Path]) -> None:
    write("films/train.csv", "id,text,label\n1,a fine film,good\n2,dull,bad\n")
    films = opened(write("films/test.csv", "id,text\n1,what now\n2,some film\n") / "films")
    assert films.test is None
    assert [str(left) for left in films.left_out] == ["test.csv (its sentences have no classes)"]


def test_test_columns_are_found_by_the_names_of_the_training_columns(write: Callable[..., Path]) -> None:
    write("films/train.csv", "kind,words\ngood,a fine film\nbad,so dull\nbad,no plot\n")
    films = opened(write("films/test.csv", "words,other,kind\nwarm,7,good\n") / "films")
    assert films.test
    assert films.test.sentences == ("warm",)


def test_a_few_test_lines_have_the_form_of_the_training_lines(write: Callable[..., Path]) -> None:
    write("q.train", "NUM how far is it\nLOC which county\nNUM how many\nLOC where\n")
    films = opened(write("q.test", "NUM what, in miles, is a foot\n") / "q")
    assert films.test
    assert films.test.sentences == ("what, in miles, is a foot",)


def test_a_file_for_each_class(write: Callable[..., Path]) -> None:
    write("rt-polarity.pos", "a fine film\nwarm\n")
    root = write("rt-polarity.neg", "dull\n\nno plot\n")
    for path in (root, root / "rt-polarity", root / "rt-polarity.pos", root / "rt-polarity.neg"):
        films = opened(path)
        assert films.classes == ("neg", "pos")
        assert films.train.sentences == ("dull", "no plot", "a fine film", "warm")
    assert "rt-polarity: rt-polarity.neg: 1 empty line is skipped" in films.notes


def test_a_file_for_each_part_and_class(write: Callable[..., Path]) -> None:
    for name in ("train.pos", "train.neg", "test.pos", "test.neg"):
        root = write(f"films/{name}", f"some words of {name}\n")
    films = opened(root / "films")
    assert films.classes == ("neg", "pos")
    assert films.test
    assert films.test.labels == (0, 1)


@pytest.mark.parametrize("part", ["", "train/"])
def test_a_folder_for_each_class(write: Callable[..., Path], part: str) -> None:
    for number in range(3):
        write(f"imdb/{part}pos/{number}_9.txt", "a fine\nfilm ")
        write(f"imdb/{part}neg/{number}_1.txt", "so dull")
    write(f"imdb/{part}unsup/0_0.txt", "who knows")
    root = write(f"imdb/{part}urls_pos.txt", "http://a")
    write("imdb/README", "words")
    if part:
        write("imdb/test/pos/0_10.txt", "warm")
    films = opened(root / "imdb")
    assert films.classes == ("neg", "pos")
    assert films.train.sentences[-1] == "a fine film"
    assert films.train.names[-1] == f"{part}pos/2_9.txt"
    assert bool(films.test) == bool(part)
    assert f"imdb/{part}unsup/" in films.left_out[0].path


def test_a_single_file_in_each_class_folder_holds_lines(write: Callable[..., Path]) -> None:
    write("films/pos/all.txt", "a fine film\nwarm\n")
    films = opened(write("films/neg/all.txt", "dull\n") / "films")
    assert films.train.sentences == ("dull", "a fine film", "warm")
    assert "films: each class has one train file, so its lines are the sentences" in films.notes


def test_a_folder_of_several_sets_asks_for_one(write: Callable[..., Path]) -> None:
    write("a.all", FILMS)
    write("q.train", FILMS)
    root = write("q.test", FILMS)
    with pytest.raises(InputError, match=r"holds 2 data sets of sentences; name one: '.*a\.all', '.*q'"):
        read(root)


def test_other_things_are_none(write: Callable[..., Path], classes: Path) -> None:
    assert read("no such word") is None
    assert read("bad\0name") is None
    assert read("x" * 5000) is None
    assert read(classes) is None
    (classes / "labels.csv").write_text("file,label\ncat/00.png,cat\ndog/01.png,dog\n")
    assert read(classes) is None
    assert read(write("story/tale.txt", "once upon a time\nthere was\na net\n") / "story") is None
    assert read(write("x.npz", b"PK\3\4" + bytes(200)) / "x.npz") is None
    assert read(write("model.bin", bytes(range(256)) * 9) / "model.bin") is None
    assert read(write("volumes/split.csv", "file,part\na_1.npy,train\nb_2.npy,test\n") / "volumes") is None


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.txt", "", "is empty; a line is a class"),
        ("a.txt", "\n \n", "is empty; a line is a class"),
        ("a.txt", "word\nother\n", "line 1: no tab or space after a class; a line is"),
        ("a.txt", "once upon a time\nthere was\na net\n", "line 1: its first words are no classes; a line is"),
        ("a.csv", "id,text\n1,a fine film\n", "has no column of classes; name it label"),
        ("a.csv", 'label,text\ngood,fine\nbad,"dull\n', "a.csv, line 3: a quotation mark opens a cell"),
        ("a.txt", bytes(range(256)), "it is binary"),
        ("a.csv", "a fine film".encode("utf-16-le"), "UTF-16 without its mark; save it as UTF-8 text"),
        ("a.txt", "__label__good fine\n__label__good warm\n", "has only one class, 'good'; give sentences of at least"),
        ("a.csv", "label,text\ngood,fine\n", "has only one class, 'good'"),
        ("a.txt", "good a fine film\ngood warm\n", "a.txt' has only one class, 'good'; give sentences of at least two"),
        ("a.tsv", "good\ta fine film\ngood\twarm\n", "a.tsv' has only one class, 'good'"),
    ],
)
@pytest.mark.parametrize("bad", ["skip", "refuse"])
def test_what_is_no_data_set_is_one_clear_line(
    write: Callable[..., Path], name: str, content: str | bytes, rule: str, bad: str
) -> None:
    with pytest.raises(InputError, match=rule) as caught:
        read(write(name, content) / name, bad=bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("0", "the label '0' without a sentence; add one, or remove the line"),
        ("0 du\0ll", "a NUL byte; save the file as UTF-8 text"),
        ("0 " + "dull" * 3_000_000, r"a sentence of 12,000,000 characters, more than the 1,000,000 that are read"),
    ],
)
def test_a_bad_line_is_left_out_or_refused(write: Callable[..., Path], line: str, rule: str) -> None:
    path = write("films.all", FILMS + line + "\n") / "films.all"
    films = opened(path)
    assert len(films.train) == 4
    assert films.left_out[0].path == "films.all:5"
    assert "left out: 1 lines; films.all:5" in films.notes[-1] or "1 line;" in films.notes[-1]
    with pytest.raises(InputError, match=f"films.all, line 5: {rule}"):
        read(path, bad="refuse")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("\tso dull", "a sentence without a label; write its class before it"),
        ("good", "the label 'good' without a sentence"),
        ("bad\tdu\0ll", "a NUL byte"),
        ("b\0d\tdull", "a NUL byte"),
        ("good\t" + "fine " * 2_000_000, "a sentence of 10,000,000 characters, more than the 1,000,000 that are read"),
        ("good\t" + "a" * 10_000_000, "a sentence of 10,000,000 characters"),
    ],
)
def test_a_bad_line_among_tabs_is_left_out_or_refused(write: Callable[..., Path], line: str, rule: str) -> None:
    path = write("films.tsv", "good\ta fine film\nbad\tso dull\n" * 3 + line + "\n") / "films.tsv"
    films = opened(path)
    assert films.classes == ("bad", "good")
    assert len(films.train) == 6
    assert [one.path for one in films.left_out] == ["films.tsv:7"]
    with pytest.raises(InputError, match=f"films.tsv, line 7: {rule}"):
        read(path, bad="refuse")


def test_a_long_text_in_a_table_is_read(write: Callable[..., Path]) -> None:
    path = write("books.csv", "label,text\ngood," + "fine " * 100_000 + "\nbad,dull\n") / "books.csv"
    assert [len(text) for text in opened(path).train.sentences] == [499_999, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("gap", ["\t", " "])
def test_files_that_were_joined_keep_their_marks_and_not_in_a_class(
    write: Callable[..., Path], end: str, gap: str
) -> None:
    one = "\ufeff" + end.join([f"good{gap}a fine film", f"bad{gap}so dull"]) + end
    films = opened(write("films.tsv", one * 3) / "films.tsv")
    assert films.classes == ("bad", "good")


def test_a_class_of_two_words_is_one_class(write: Callable[..., Path]) -> None:
    films = opened(write("films.tsv", "very good\ta fine film\nbad\tso dull\n" * 3) / "films.tsv")
    assert films.classes == ("bad", "very good")


def test_a_class_that_was_not_learned_is_refused_with_its_place(write: Callable[..., Path]) -> None:
    write("q.train", "good a fine film\nbad so dull\ngood warm film\nbad no plot\n")
    with pytest.raises(InputError, match=r"q.test:1: the class 'goood' .*; did you mean 'good'"):
        read(write("q.test", "goood film it is\n") / "q")


def test_a_set_to_test_on_may_hold_one_known_class(write: Callable[..., Path]) -> None:
    path = write("a.csv", "label,text\ngood,fine\n") / "a.csv"
    found = read(path, known=("bad", "good"))
    assert found
    assert found.classes == ("good",)


def test_an_unreadable_document_is_left_out_or_refused(write: Callable[..., Path]) -> None:
    for number in range(2):
        write(f"imdb/pos/{number}.txt", "fine")
        write(f"imdb/neg/{number}.txt", "dull")
    write("imdb/neg/7.txt", bytes(range(256)))
    root = write("imdb/neg/8.txt", "") / "imdb"
    films = opened(root)
    assert [str(left) for left in films.left_out] == [
        "neg/7.txt (it is binary or UTF-16 without its mark)",
        "neg/8.txt:1 (an empty file)",
    ]
    with pytest.raises(InputError, match=r"neg/7.txt': it is binary"):
        read(root, bad="refuse")


def test_a_held_out_test_is_the_same_part_each_time_and_of_each_class(write: Callable[..., Path]) -> None:
    lines = [f"{i % 2} sentence number {i}" for i in range(100)]
    first = opened(write("a.all", "\n".join(lines)) / "a.all").with_test()
    random.Random(0).shuffle(lines)
    other = opened(write("a.all", "\n".join(lines)) / "a.all").with_test()
    assert first.test
    assert other.test
    assert set(first.test.sentences) == set(other.test.sentences)
    assert sorted(first.test.labels) == [0] * 8 + [1] * 8
    assert not set(first.test.sentences) & set(first.train.sentences)
    assert len(first.train) + len(first.test) == 100
    assert first.with_test() is first


def test_sentences_of_both_parts_are_counted(write: Callable[..., Path]) -> None:
    write("q.train", FILMS)
    found = opened(write("q.test", "1 a fine film\n0 another one\n") / "q")
    assert "q: 1 test sentences are training sentences too, so test figures come out too high" in found.notes


JSON = '{"text": "a fine film", "label": "good"}\n{"text": "so dull", "label": "bad"}\n'


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", JSON), ("a.txt", "\n" + JSON * 9), ("a.ndjson", FILMS)])
def test_json_lines_are_refused_by_name(write: Callable[..., Path], name: str, content: str) -> None:
    with pytest.raises(InputError, match=f"{name}' is JSON Lines, which are not read; write a CSV table with the col"):
        read(write(name, content) / name)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        (
            "a.txt",
            "__label__good fine\n__label__bad dull\nlost\nso\nfar\nlong ago\n",
            r"a.txt': 4 of 6 lines are no labelled sentence: line 3: no __label__ at its beginning; line 4: .* line 5",
        ),
        (
            "a.csv",
            "label,text\ngood,fine\nbad,dull\nbad\n,nice\ngood,\n",
            r"a.csv': 3 of 5 lines are no labelled sentence: line 4: no comma between class and sentence; line 5: "
            r"a sentence without a label; line 6: .*'label' is read as the class and 'text' as the sentence",
        ),
    ],
)
def test_a_file_of_which_most_is_left_out_is_refused(
    write: Callable[..., Path], name: str, content: str, rule: str
) -> None:
    with pytest.raises(InputError, match=rule) as caught:
        read(write(name, content) / name)
    assert "\n" not in str(caught.value)
    good = content + {"a.txt": "__label__good fine\n" * 2, "a.csv": "good,fine\n"}[name]
    assert opened(write(name, good) / name).left_out


def test_the_columns_of_a_table_are_said_also_where_nothing_can_be_learned(write: Callable[..., Path]) -> None:
    said = "'label' is read as the class and 'text' as the sentence"
    films = opened(write("a.csv", "label,text\ngood,fine\nbad,dull\n") / "a.csv")
    assert f"a: a.csv: {said}" in films.notes
    with pytest.raises(InputError, match=f"one sentence per class; give more.*{said}"):
        films.with_test()
    with pytest.raises(InputError, match=f"has only one class, 'good'.*{said}"):
        read(write("a.csv", "label,text\ngood,fine\n") / "a.csv")
    with pytest.raises(InputError, match=r"no column of classes.* \('text' is read as the sentence, and 1 other"):
        read(write("a.csv", "id,text\n1,a fine film\n2,dull\n3,poor\n") / "a.csv")


@pytest.mark.parametrize("file", ["imdb.csv", "imdb.txt", "imdb.train.tsv"])
def test_the_beginning_of_one_file_s_name_is_not_that_file(write: Callable[..., Path], file: str) -> None:
    root = write(file, "good\ta fine film\nbad\tdull\n")
    with pytest.raises(InputError, match=f"no '.*imdb'; did you mean '.*{file}'?"):
        read(root / "imdb")
    assert read(root / "imd") is None
    assert opened(root / file).classes == ("bad", "good")
    (root / "imdb").mkdir()
    assert read(root / "imdb") is None


def test_a_file_here_does_not_hide_the_data_folder(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    write("data/imdb/a.all", FILMS)
    monkeypatch.chdir(write("here/imdb.csv", "label,text\ngood,fine\nbad,dull\n") / "here")
    monkeypatch.setenv("STRIATE_DATA", "../data")
    assert opened(Path("imdb")).train.sentences[0] == "a fine film"


def test_a_folder_under_the_data_folder(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(write("films/films.all", FILMS)))
    assert opened(Path("films/films.all")).source == "films/films.all"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400) | st.text(alphabet='01ab \t,;"\n\r\0é').map(str.encode),
    end=st.sampled_from(["txt", "csv", "tsv"]),
)
def test_any_bytes_are_a_data_set_or_an_error_of_one_line(tmp_path: Path, data: bytes, end: str) -> None:
    path = tmp_path / f"a.{end}"
    path.write_bytes(data)
    with suppress(InputError):
        found = read(path)
        assert found is None or len(found.train) > 1
