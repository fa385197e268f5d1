"""Every image once per epoch, in an order of the epoch's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from striate.training import batches
from striate.training.batches import Batches, num_batches, prepared, shuffled


@settings(deadline=None)
@given(count=st.integers(1, 300), size=st.integers(1, 100), seed=st.integers(0, 2**31), epoch=st.integers(1, 1000))
def test_every_image_once(count: int, size: int, seed: int, epoch: int) -> None:
    rows = shuffled(count, size, seed, epoch)
    assert sorted(torch.cat(rows).tolist()) == list(range(count))
    assert all(len(part) == size for part in rows[:-1])
    assert len(rows) == num_batches(count, size)


@settings(deadline=None)
@given(count=st.integers(2, 300), size=st.integers(2, 100))
def test_no_batch_of_one_where_there_are_two(count: int, size: int) -> None:
    assert min(map(len, shuffled(count, size, 0, 1))) >= 2


def test_the_last_one_joins_the_batch_before_it() -> None:
    assert [len(rows) for rows in shuffled(9, 4, 0, 1)] == [4, 5]
    assert [len(rows) for rows in shuffled(10, 4, 0, 1)] == [4, 4, 2]
    assert [len(rows) for rows in shuffled(3, 1, 0, 1)] == [1, 1, 1], "who asks for single images gets them"


def test_the_order_is_the_seed_s_and_the_epoch_s() -> None:
    first = torch.cat(shuffled(100, 7, seed=3, epoch=5))
    assert torch.equal(first, torch.cat(shuffled(100, 100, seed=3, epoch=5)))
    assert not torch.equal(first, torch.cat(shuffled(100, 7, seed=4, epoch=5)))
    assert not torch.equal(first, torch.cat(shuffled(100, 7, seed=3, epoch=6)))


def test_prepared_at_once_or_as_taken_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = torch.arange(60, dtype=torch.uint8).reshape(10, 1, 2, 3), torch.arange(10)

    def halved(x: Tensor) -> Tensor:
        return x.float() / 2

    at_once = prepared(images, labels, halved, (1, 2, 3))
    monkeypatch.setattr(batches, "PREPARED_BYTES", 10)
    as_taken = prepared(images, labels, halved, (1, 2, 3))
    assert at_once.prepare is None
    assert as_taken.prepare is halved
    rows = torch.tensor([7, 0, 7])
    for ours, theirs in zip(at_once.take(rows), as_taken.take(rows), strict=True):
        assert torch.equal(ours, theirs)
    for (x, y), (other_x, other_y) in zip(at_once.slices(4), as_taken.slices(4), strict=True):
        assert torch.equal(x, other_x)
        assert torch.equal(y, other_y)


def test_slices_are_all_in_order() -> None:
    images = Batches(torch.arange(10.0)[:, None], torch.arange(10))
    assert [y.tolist() for _, y in images.slices(4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(images) == 10
