"""The nearest are those that comparing with every vector finds; codes are what ITQ's paper says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from striate.errors import InputError
from striate.retrieving.codes import Code, Codes, check_bits, learned
from striate.retrieving.exact import Exact
from striate.retrieving.features import unit


def points(count: int, length: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).standard_normal((count, length)))


@settings(max_examples=60, deadline=None)
@given(
    sizes=some.lists(some.integers(1, 40), min_size=1, max_size=5),
    count=some.integers(1, 60),
    dead=some.sets(some.integers(0, 30)),
    seed=some.integers(0, 1000),
)
def test_the_nearest_are_those_that_brute_force_finds(sizes: list[int], count: int, dead: set[int], seed: int) -> None:
    vectors, query = points(sum(sizes), 5, seed), points(1, 5, seed + 1)[0]
    gone = sorted(row for row in dead if row < len(vectors))
    exact = Exact(np.split(vectors, np.cumsum(sizes)[:-1]), gone)
    cosines = {row: float(vectors[row].astype(float) @ query) for row in range(len(vectors)) if row not in gone}
    wanted = sorted(cosines, key=lambda row: -cosines[row])[:count]
    rows, found = exact.nearest(query, count)
    assert rows.tolist() == wanted
    np.testing.assert_allclose(found, [cosines[row] for row in wanted], atol=1e-6)
    likenesses = exact.likenesses(query[None])[0]
    assert np.isneginf(likenesses[gone]).all()
    np.testing.assert_allclose(likenesses[wanted], found, atol=1e-6)


def test_equal_vectors_have_equal_cosines_and_come_in_their_order() -> None:
    same = points(1, 7)
    exact = Exact([np.repeat(same, 30, 0), np.repeat(same, 30, 0)])
    rows, found = exact.nearest(points(1, 7, 1)[0], 20)
    assert rows.tolist() == list(range(20))
    assert len(set(found.tolist())) == 1


def test_rows_are_taken_from_their_blocks() -> None:
    vectors = points(10, 3)
    exact = Exact([vectors[:4], vectors[4:]])
    assert (exact.rows(np.array([9, 0, 4, 3])) == vectors[[9, 0, 4, 3]]).all()


def test_an_index_of_nothing_has_no_answers() -> None:
    assert Exact([]).nearest(points(1, 3)[0], 5)[0].tolist() == []


def test_vectors_of_zeros_stay_and_are_like_nothing() -> None:
    assert unit(np.zeros((2, 3))).tolist() == [[0, 0, 0]] * 2
    assert Exact([unit(np.zeros((1, 3)))]).nearest(points(1, 3)[0], 1)[1].tolist() == [0]


def bits_of(code: Code, vector: np.ndarray) -> list[bool]:
    """One bit at a time, by the definition."""
    return [float((vector - code.centre) @ axis) > 0 for axis in code.axes.T]


def test_codes_are_compared_bit_by_bit() -> None:
    vectors = points(50, 20)
    code = learned(vectors, 16)
    codes = Codes(code, code.of(vectors), dead=[3])
    found = codes.likenesses(vectors[:2])
    for query, row in zip(vectors, found, strict=False):
        equal = [np.mean(np.equal(bits_of(code, query), bits_of(code, one))) for one in vectors]
        assert np.isneginf(row[3])
        np.testing.assert_allclose(np.delete(row, 3), np.delete(equal, 3))


def loss(code: Code, vectors: np.ndarray) -> float:
    """How far the projected vectors are from the corners of the cube (Gong and Lazebnik 2011, equation 2)."""
    flat = (vectors - code.centre) @ code.axes
    return float(np.square(np.where(flat > 0, 1, -1) - flat).sum())


def test_itq_turns_the_principal_components_nearer_to_the_corners() -> None:
    chance = np.random.default_rng(0)
    centres = chance.standard_normal((12, 32))
    vectors = (centres[chance.integers(12, size=600)] + 0.2 * chance.standard_normal((600, 32))).astype(np.float32)
    code = learned(vectors, 8)
    np.testing.assert_allclose(code.axes.T @ code.axes, np.eye(8), atol=1e-5)
    rows = vectors - vectors.mean(0)
    components = np.linalg.svd(rows, full_matrices=False)[2][:8].T
    np.testing.assert_allclose(code.axes @ code.axes.T, components @ components.T, atol=1e-4)  # the same plane
    assert loss(code, vectors) < loss(Code(code.centre, components.astype(np.float32)), vectors)


@pytest.mark.parametrize(
    ("bits", "said"),
    [(12, "a multiple of 8"), (0, "a multiple of 8"), (2048, "to 1,024"), (True, "True"), (72, "this one has 64")],
)
def test_codes_have_whole_bytes_and_no_more_bits_than_features(bits: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_bits(bits, 64)
