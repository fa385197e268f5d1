"""What is known of a metric besides its values."""

import json

import pytest

from striate.metrics.metric import Metric

ACCURACY, MSE, IOU = Metric("accuracy", counted=True), Metric("mse", up=False, share=False), Metric("mean_iou")


def test_shares_are_shown_as_percentages_and_other_figures_as_numbers() -> None:
    assert (ACCURACY.shown(0.98765), IOU.shown(1.0)) == ("98.77%", "100.00%")
    assert (MSE.shown(0.98765), MSE.shown(12345.6)) == ("0.9877", "12345.6000")


def test_names_are_said_as_people_write_them() -> None:
    assert (MSE.words, IOU.words, Metric("pixel_accuracy").words) == ("mse", "mean IoU", "pixel accuracy")


def test_a_rank_is_larger_where_the_value_is_better() -> None:
    assert ACCURACY.rank(0.9) > ACCURACY.rank(0.8)
    assert MSE.rank(0.8) > MSE.rank(0.9)


@pytest.mark.parametrize(("value", "examples"), [(0.5, 100), (0.9, 1000), (1.0, 143), (0.0, 143)])
def test_what_is_counted_has_a_standard_error(value: float, examples: int) -> None:
    """Near that of the binomial, and not 0 where all or none are right."""
    margin = ACCURACY.margin(value, examples)
    assert margin == pytest.approx((value * (1 - value) / examples) ** 0.5, abs=0.011)
    assert margin > 0
    assert margin > ACCURACY.margin(value, 4 * examples), "more examples, less chance"


def test_what_is_not_counted_has_none() -> None:
    assert IOU.margin(0.5, 100) == MSE.margin(0.5, 100) == 0.0
    assert ACCURACY.margin(0.5, None) == 0.0, "runs from before the number was kept"


@pytest.mark.parametrize("metric", [ACCURACY, MSE, IOU])
def test_it_is_kept_as_json_and_read_back_whatever_else_a_version_wrote(metric: Metric) -> None:
    kept = json.loads(json.dumps(metric.to_json()))
    assert Metric.from_json(kept) == metric
    assert Metric.from_json({**kept, "news": [1]}) == metric
    assert Metric.from_json({"name": "f1"}) == Metric("f1")
