"""Parts that tasks add to a report, and a report on figures of any task."""

import numpy as np
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from striate.metrics import score
from striate.metrics.metric import Metric
from striate.report import Report, Section, classes, render
from striate.report.section import cell, part
from tests.report.classified import Classified
from tests.report.test_document import Page

MSE = Metric("mse", up=False, share=False)
ROWS = tuple(
    {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "validation_loss": 2 / epoch,
        "validation_mse": 20 / epoch,
        "sentences_per_second": 9000.0,
    }
    for epoch in (1, 2)
)


def test_sections_stand_in_the_contents_and_on_the_page_in_their_order() -> None:
    sections = tuple(
        Section(name, name.title(), Markup('<section id="{}"><p>{}</p></section>').format(name, "<b>"))
        for name in ("tiles", "regions")
    )
    page = Page(render(Report("a", "b", sections=sections)))
    assert [section["id"] for section in page.all("section")] == ["repeat", "tiles", "regions"]
    assert [link["href"] for link in page.all("a")] == ["#repeat", "#tiles", "#regions"]
    assert not page.all("b"), "what a template was given is text"


def test_the_parts_of_classes_have_the_anchors_of_their_sections(report: Classified) -> None:
    sections = report.report().sections
    assert [section.anchor for section in sections] == ["confusion", "classes", "calibration", "wrong"]
    for section in sections:
        assert [one["id"] for one in Page(section.body).all("section")] == [section.anchor]


def test_examples_are_called_what_the_task_calls_them(report: Classified) -> None:
    counts = {"test": (34, 40, 26)}
    sections = (
        classes.confusions(report.confusion, report.classes, "the test set", "sentences"),
        classes.table(report.per_class, report.classes, counts, "the test set", "sentences"),
        classes.calibration(report.calibration, "the test set", "sentences"),
        classes.most_wrong(report.most_wrong, "the test set", 12, "sentences"),
    )
    head = classes.headline(report.score, "the test set", "sentences")
    page = render(Report("a", "b", headline=head, sections=sections, unit="sentences"))
    text = " ".join(Page(page).text.split())
    assert "12 of 100 sentences wrong" in text
    assert "image" not in text.split("How to repeat")[1]


def test_one_example_is_told_in_the_singular() -> None:
    one = classes.headline(score(np.array([[1, 0], [0, 0]]), ("cat", "dog")), "a set", "sentences")
    assert "With 1 sentence, chance alone" in " ".join(Page(one).text.split())


def test_figures_that_are_no_shares_are_written_as_numbers() -> None:
    content = Report("a", "b", unit="sentences", history=ROWS, metrics=(MSE,), best_epoch=2)
    page = Page(render(content))
    text = " ".join(page.text.split())
    assert "20.0000" in text
    assert "%" not in text.split("The numbers of each epoch")[1].split("Made by")[0]
    assert "sentences per second" in text
    assert "9,000" in text
    assert "as a mean per sentence. Epoch 2 was kept: its mse is the lowest." in text


def test_a_share_of_right_decisions_is_explained(report: Classified) -> None:
    text = " ".join(Page(render(report.report())).text.split())
    assert "accuracy is the fraction of images that are right." in text
    assert "the last whose validation accuracy is within one standard error of the highest" in text


def test_a_history_of_losses_alone_has_their_curve_alone() -> None:
    rows = tuple({"epoch": n, "train_loss": 1 / n, "validation_loss": 2 / n} for n in (1, 2))
    page = Page(render(Report("a", "b", history=rows, best_epoch=1)))
    assert len(page.all("svg")) == 2, "the loss and the learning rate"


@pytest.mark.parametrize(("value", "shown"), [(1234, "1,234"), (np.int64(1234), "1,234"), ("1x2", "1x2"), (None, "–")])
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_a_part_that_is_not_given_all_of_it_is_our_bug() -> None:
    with pytest.raises(UndefinedError, match="parameter 'score' was not provided"):
        part("classes.html", "headline", evaluated="a set", unit="images")
