"""The page as a browser meets it: well formed, complete, alone, and safe against any name."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
from markupsafe import Markup

from striate.explanation import explain
from striate.metrics import Calibration, ClassScore, score
from striate.report.classes import WrongImage, most_confused
from tests.report.classified import Classified, render

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Every element with its attributes, and the text between them; fails on tags that do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def with_classes(report: Classified, names: tuple[str, ...], confusion: np.ndarray | None = None) -> Classified:
    """The same report with other classes, all of whose images are right unless said otherwise."""
    confusion = np.diag([5] * len(names)) if confusion is None else confusion
    return replace(
        report,
        classes=names,
        score=score(confusion, names),
        confusion=confusion,
        counts={"test": tuple(confusion.sum(axis=1).tolist())},
        per_class=tuple(ClassScore(name, 1.0, 1.0, 1.0, 5) for name in names),
        most_wrong=(),
    )


def test_page_has_one_headline_with_the_accuracy(report: Classified) -> None:
    page = Page(render(report))
    assert len(page.all("h1")) == 1
    assert "88.00%" in page.text
    assert "12 of 100 images wrong" in page.text


def test_every_link_of_the_contents_leads_to_a_section(report: Classified) -> None:
    page = Page(render(report))
    sections = [section["id"] for section in page.all("section")]
    assert [link["href"] for link in page.all("a")] == [f"#{name}" for name in sections]
    assert len(sections) == 11


def test_ids_are_unique_and_every_reference_is_met(report: Classified) -> None:
    html = render(report)
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html)
    assert len(references) > 11  # the contents, and the drawings' own clips and markers
    assert {first or second for first, second in references} <= set(ids)


def test_page_can_be_read_without_seeing_it(report: Classified) -> None:
    page = Page(render(report))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("img")) == 2 + 6
    assert all(image["alt"] for image in page.all("img"))
    assert len(page.all("svg")) == 5
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in page.all("svg"))
    assert all(header["scope"] in ("col", "row") for header in page.all("th"))


def test_page_needs_no_network_no_other_file_and_no_script(report: Classified) -> None:
    html = render(report)
    page = Page(html)
    assert "://" not in html
    assert "@import" not in html
    assert not [tag for tag, _ in page.elements if tag in ("script", "link", "iframe", "object", "base")]
    sources = [attributes["src"] for _, attributes in page.elements if "src" in attributes]
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    references = [attributes["href"] for _, attributes in page.elements if "href" in attributes]
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in references)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))
    assert "default-src 'none'" in page.all("meta")[2]["content"]


def test_the_network_s_picture_stands_beside_its_text(report: Classified) -> None:
    drawn = Markup(explain("lenet5").picture().inline)
    html = render(replace(report, picture=drawn))
    assert (html.count(drawn), html.count("://")) == (1, 0)
    assert html.index('<section id="network">') < html.index(drawn) < html.rindex("<pre><code>")
    assert '<section id="network" class="half">' in render(report)


def test_page_of_a_thirty_image_report_is_small(report: Classified) -> None:
    html = render(replace(report, most_wrong=report.most_wrong[:1] * 30))
    assert len(html.encode()) < 300_000


def test_equal_reports_give_equal_pages_whatever_matplotlib_is_set_to(report: Classified) -> None:
    first = render(report)
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "svg.hashsalt": "other"}):
        before = dict(matplotlib.rcParams)
        assert render(report) == first
        assert dict(matplotlib.rcParams) == before


HOSTILE = '<script>alert("1")</script>'


def test_names_are_shown_as_text(report: Classified) -> None:
    image = WrongImage(report.most_wrong[0].image, HOSTILE, (('"><b onload=x>', 0.9), (HOSTILE, 0.1)), f"'{HOSTILE}'")
    names = (HOSTILE, '"><b onload=x>', "</svg><i>")
    hostile = replace(
        with_classes(report, names, report.confusion),
        title=HOSTILE,
        command=HOSTILE,
        network=HOSTILE,
        facts=((HOSTILE, HOSTILE),),
        decisions=(HOSTILE,),
        verdict=(HOSTILE,),
        evaluated=HOSTILE,
        most_wrong=(image,),
    )
    page = Page(render(hostile))
    assert not page.all("script") + page.all("b") + page.all("i")
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert page.text.count(HOSTILE) > 10
    assert f"'{HOSTILE}': it is {HOSTILE}" in page.all("img")[0]["alt"]


@pytest.mark.parametrize("name", ["$x_{1}^$", "\x00\x07 bell", "lone \udcff surrogate", "new\nline", "名前", "", "-->"])
def test_any_name_of_a_class_gives_a_page_that_can_be_written(report: Classified, name: str) -> None:
    html = render(with_classes(report, (name, "b")))
    Page(html)
    assert html.encode("utf-8")


def test_confused_pairs_are_counted_and_shared_by_true_class(report: Classified) -> None:
    pairs = most_confused(report.confusion, report.classes)
    assert [(pair.true_class, pair.predicted_class, pair.count) for pair in pairs] == [
        ("fox", "cat", 7),
        ("cat", "dog", 4),
        ("dog", "cat", 1),
    ]
    assert pairs[0].share == pytest.approx(7 / 26)


def test_confused_pairs_are_at_most_twenty() -> None:
    classes = tuple(map(str, range(30)))
    confusion = np.ones((30, 30), dtype=np.int64)
    assert len(most_confused(confusion, classes)) == 20


def test_cost_is_totalled(report: Classified) -> None:
    page = Page(render(report))
    assert "10,527" in page.text  # 156 + 10,371 parameters
    assert "96,768" in page.text  # 86,400 + 10,368 MACs


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        ([0.9, 0.9], "90.00% sure and 80.00% right: overconfident by 10.00 percentage points"),
        ([0.6, 0.6], "60.00% sure and 80.00% right: underconfident by 20.00 percentage points"),
        ([0.8, 0.8], "80.00% sure and 80.00% right: as sure as it should be"),
    ],
)
def test_calibration_is_told_in_words(report: Classified, confidence: list[float], words: str) -> None:
    calibration = Calibration(0.1, np.array(confidence), np.array([0.8, 0.8]), np.array([25, 75]))
    assert words in render(replace(report, calibration=calibration))


def test_one_epoch_without_validation_set_is_enough(report: Classified) -> None:
    epoch = {"epoch": 1, "train_loss": 0.5, "train_accuracy": 0.9, "validation_loss": float("nan")}
    page = Page(render(replace(report, history=(epoch,), best_epoch=1, verdict=())))
    assert "kept: epoch 1" in page.text
    assert "Verdict" not in page.text
    assert "nan" not in page.text


def test_a_network_that_is_always_right_has_no_wrong_images(report: Classified) -> None:
    page = Page(render(with_classes(report, ("cat", "dog"))))
    assert "100.00%" in page.text
    assert "Most wrong" not in page.text
    assert "No pair is confused" in page.text


OPTIONAL = {
    "network": "",
    "decisions": (),
    "verdict": (),
    "history": (),
    "counts": {},
    "filters": None,
    "cost": (),
    "most_wrong": (),
    "facts": (),
}


@pytest.mark.parametrize("part", [*OPTIONAL, "all"])
def test_what_there_is_nothing_to_say_on_has_no_card(report: Classified, part: str) -> None:
    """A card with a heading alone would be empty; the contents leave it out too."""
    empty = OPTIONAL if part == "all" else {part: OPTIONAL[part]}
    page = Page(render(replace(report, **empty)))
    sections = [section["id"] for section in page.all("section")]
    assert [link["href"] for link in page.all("a")] == [f"#{name}" for name in sections]
    assert len(sections) == (4 if part == "all" else 11 if part in ("counts", "facts") else 10)
    assert not re.search(r"</h[23]>\s*</section>", render(replace(report, **empty)))


def test_the_page_of_a_test_asks_how_to_repeat_the_test(report: Classified) -> None:
    assert "How to repeat this run" in Page(render(report)).text
    assert "How to repeat this test" in Page(render(replace(report, history=()))).text


def test_the_headline_says_what_chance_and_guessing_may_do(report: Classified) -> None:
    text = " ".join(Page(render(report)).text.split())
    assert "from 80.2% to 93.0% (95% interval)" in text
    assert "Always saying dog gets 40.00%" in text
    assert "balanced accuracy" in text, "40 dogs and 26 foxes"
    even = Page(render(with_classes(report, ("cat", "dog")))).text
    assert "balanced accuracy" not in even
    one = with_classes(report, ("cat", "dog"), np.array([[3, 1], [0, 0]]))
    text = " ".join(Page(render(one)).text.split())
    assert "All of them are cat." in text
    assert "Always saying" not in text


def test_images_are_counted_by_class_and_by_what_they_were_for(report: Classified) -> None:
    html = render(report)
    row = re.search(r'<tr><th scope="row">fox</th>((?:<td class="n">\d+</td>){3})</tr>', html)
    assert row
    assert re.findall(r"\d+", row[1].replace('class="n"', "")) == ["240", "26", "26"]
    assert "910" in Page(html).text, "all training images"


def test_the_cost_table_names_its_rows_as_the_weights_are_named(report: Classified) -> None:
    html = render(report)
    assert '<th scope="row">conv1</th><td>conv 6@5x5</td>' in html


def test_colours_follow_the_page_into_the_dark(report: Classified) -> None:
    """Drawings have the page's own variables, each of which the page has for light and for dark."""
    html = render(report)
    style = html[html.index("<style>") : html.index("</style>")]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for drawing in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert not re.search(r"#[0-9a-fA-F]{6}\b", re.sub(r'href="[^"]*"', "", drawing))
        used = set(re.findall(r"var\(--([\w-]+)\)", drawing))
        assert "ink" in used
        for name in used:
            assert re.search(rf"--{name}: #", light), name
            assert re.search(rf"--{name}: #", dark), name


def test_no_part_of_the_page_is_wider_than_a_telephone(report: Classified) -> None:
    """Widths of over 390 pixels only where a frame of their own moves, or a wide screen asked for them."""
    style = render(report).split("<style>")[1].split("</style>")[0]
    widths = [int(width) for width in re.findall(r"(?<![\w(-])(?:min-)?width: (\d+)px", style)]
    assert [width for width in widths if width > 390] == [620], "a matrix of many classes, inside its own frame"
    assert all(int(width) < 390 for width in re.findall(r"minmax\((?:min\(100%, )?(\d+)px", style)), "columns"
    assert "overflow-x: auto" in re.search(r"\.paper {[^}]*}", style)[0]  # type: ignore[index]
    assert "max-width: 100%" in re.search(r"\.paper svg {[^}]*}", style)[0]  # type: ignore[index]


def test_only_a_matrix_of_many_classes_is_moved_and_not_reduced(report: Classified) -> None:
    assert 'class="paper wide"' not in render(with_classes(report, tuple("abcdefghij")))
    assert 'class="paper wide"' in render(with_classes(report, tuple("abcdefghijk")))


def test_a_row_that_is_stacked_on_a_telephone_says_what_its_numbers_are(report: Classified) -> None:
    html = render(report)
    for table in re.findall(r'<table class="stack">.*?</table>', html, re.DOTALL):
        heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', table)
        assert set(re.findall(r'data-label="([^"]*)"', table)) >= set(heads[2:])
        assert not re.search(r'<td class="n">', table), "a number without its name"


def test_a_report_whose_parts_do_not_fit_is_our_bug(report: Classified) -> None:
    with pytest.raises(AssertionError, match="2 classes"):
        replace(report, classes=("cat", "dog")).report()
    with pytest.raises(AssertionError, match="at least one example"):
        replace(report, confusion=np.zeros((3, 3), dtype=np.int64)).report()
    with pytest.raises(AssertionError, match="one count per class"):
        replace(report, counts={"test": (34, 66)}).report()
    with pytest.raises(AssertionError, match="2 scores, 3 classes"):
        replace(report, per_class=report.per_class[:2]).report()
    with pytest.raises(AssertionError, match="filters must have shape"):
        replace(report, filters=np.zeros((6, 5, 5), dtype=np.float32)).report()
