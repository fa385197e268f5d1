"""Every image once per epoch, in an order of the epoch's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from striate.training import pool as pools
from striate.training.feed import num_batches, shuffled
from striate.training.pool import Pool, prepared
from tests.learning import pool, taken


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

    whole = Pool({"image": images}, {"label": labels}, {"image": halved})
    at_once = prepared(whole, {"image": (1, 2, 3)})
    monkeypatch.setattr(pools, "PREPARED_BYTES", 10)
    as_taken = prepared(whole, {"image": (1, 2, 3)})
    assert not at_once.prepare
    assert as_taken.prepare == {"image": halved}
    rows = torch.tensor([7, 0, 7])
    pairs = [
        (taken(at_once, rows), taken(as_taken, rows)),
        *zip(at_once.in_order(4), as_taken.in_order(4), strict=True),
    ]
    for ours, theirs in pairs:
        assert torch.equal(ours.inputs["image"], theirs.inputs["image"])
        assert torch.equal(ours.targets["label"], theirs.targets["label"])
        assert len(ours) == len(ours.targets["label"])
    assert at_once.entries == as_taken.entries == 6


def test_slices_are_all_in_order() -> None:
    some = pool(torch.arange(10.0)[:, None], torch.arange(10))
    assert [batch.targets["label"].tolist() for batch in some.in_order(4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [len(batch) for batch in some.in_order(4)] == [4, 4, 2]
    assert len(some) == 10


def test_an_epoch_may_begin_at_any_batch() -> None:
    some = pool(torch.arange(10.0)[:, None], torch.arange(10))
    whole = [batch.targets["label"].tolist() for batch in some.epoch(3, 2, 4)]
    assert [batch.targets["label"].tolist() for batch in some.epoch(3, 2, 4, begin=1)] == whole[1:]
    assert not list(some.epoch(3, 2, 4, begin=3))
