"""Which words decided, on networks whose weights are written by hand."""

from html.parser import HTMLParser

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from striate.building import build
from striate.errors import InputError
from striate.notation import read
from striate.report.marked_words import line, marked
from striate.report.word_scores import by_gradient, by_leaving_out

GOOD, BAD, FILM = 2, 3, 4


@pytest.fixture
def net() -> nn.Sequential:
    """Class 1 has the output 2 where the word GOOD is, class 0 the output 1 where BAD is; other words say nothing."""
    made = build(read("input 6\nembed 6x2\nconv 2@1 -> relu -> gmp\ndropout 0.9\nfc 2"))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
        made.embed1.weight[BAD, 0] = made.embed1.weight[GOOD, 1] = 1  # type: ignore[union-attr,index,operator]
        made.conv1.weight[:, :, 0] = torch.eye(2)  # type: ignore[union-attr,index,operator]
        made.fc1.weight.copy_(torch.diag(torch.tensor([1.0, 2.0])))  # type: ignore[union-attr,operator]
    return made


def sigmoid(x: float) -> float:
    return float(torch.sigmoid(torch.tensor(x, dtype=torch.float64)))


def test_leaving_a_word_out_takes_away_what_it_gave(net: nn.Sequential) -> None:
    found = by_leaving_out(net, torch.tensor([0, FILM, GOOD, BAD, 0, 0]))
    assert found.label == 1
    assert found.probability == pytest.approx(sigmoid(1))
    expected = (0, sigmoid(1) - sigmoid(-1), sigmoid(1) - sigmoid(2))
    assert found.scores == pytest.approx(expected, abs=1e-7)


def test_scores_for_another_class_have_the_other_sign(net: nn.Sequential) -> None:
    numbers = torch.tensor([0, FILM, GOOD, BAD, 0, 0])
    one, other = by_leaving_out(net, numbers, label=1), by_leaving_out(net, numbers, label=0)
    assert one.scores == pytest.approx(tuple(-score for score in other.scores), abs=1e-9)


def test_gradient_times_input_is_the_first_order(net: nn.Sequential) -> None:
    found = by_gradient(net, torch.tensor([0, FILM, GOOD, BAD, 0, 0]))
    slope = sigmoid(1) * (1 - sigmoid(1))
    assert (found.label, found.probability) == (1, pytest.approx(sigmoid(1)))
    assert found.scores == pytest.approx((0, 2 * slope, -slope), abs=1e-6)


def test_of_two_words_that_say_the_same_neither_is_needed(net: nn.Sequential) -> None:
    numbers = torch.tensor([GOOD, FILM, GOOD, 0, 0, 0])
    assert by_leaving_out(net, numbers).scores == pytest.approx((0, 0, 0), abs=1e-9)
    assert sum(by_gradient(net, numbers).scores) > 0.1


@pytest.mark.parametrize("training", [True, False])
def test_a_network_is_left_as_it_was(net: nn.Sequential, training: bool) -> None:
    net.train(training)
    net.conv1.eval()  # type: ignore[union-attr,operator]
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    numbers = torch.tensor([0, GOOD, BAD, 0, 0, 0])
    for way in (by_leaving_out, by_gradient):
        assert way(net, numbers) == way(net, numbers)
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


def test_vectors_that_are_not_trained_have_scores_too(net: nn.Sequential) -> None:
    net.requires_grad_(False)
    assert by_gradient(net, torch.tensor([0, GOOD, BAD, 0, 0, 0])).scores[0] > 0.1


def test_the_words_of_two_tables_are_summed() -> None:
    two = build(read("words: input 6\nconcat[ embed 6x2 | embed 6x2 ]\nconv 3@2 -> gmp\nfc 2"), seed=0)
    one = build(read("input 6\nembed 6x4\nconv 3@2 -> gmp\nfc 2"), seed=0)
    state = two.state_dict()
    tables = [value for name, value in state.items() if "embed" in name]
    one.load_state_dict(
        {"embed1.weight": torch.cat(tables, dim=1)} | {n: v for n, v in state.items() if "embed" not in n}
    )
    numbers = torch.tensor([0, 2, 3, 5, 1, 0])
    assert by_gradient(two, numbers).scores == pytest.approx(by_gradient(one, numbers).scores, abs=1e-6)


def test_a_function_can_be_asked_as_well_as_a_module() -> None:
    def logits(rows: Tensor) -> Tensor:
        assert rows.shape == (4, 5)  # the sentence, and without each of its three words
        return torch.stack([(rows == BAD).sum(1), (rows == GOOD).sum(1)], dim=1).float()

    assert by_leaving_out(logits, torch.tensor([0, GOOD, FILM, 1, 0])).rounded(3).scores == (0.231, 0.0, 0.0)


def test_a_sentence_without_words_has_no_scores(net: nn.Sequential) -> None:
    numbers = torch.zeros(6, dtype=torch.int64)
    assert by_leaving_out(net, numbers).scores == by_gradient(net, numbers).scores == ()


def test_a_network_without_word_vectors_is_refused() -> None:
    with pytest.raises(InputError, match="has no word vectors; it begins with a layer such as embed"):
        by_gradient(build(read("input 1x8x8 -> fc 2")), torch.tensor([1, 2]))


class Text(HTMLParser):
    """Gathers the texts and tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts, self.tags = list[str](), set[str]()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("<>&\"'/ab{}%é\n"), st.floats(-1, 1, allow_nan=False)), min_size=1, max_size=8))
def test_a_page_shows_the_words_and_no_tags_of_theirs(pairs: list[tuple[str, float]]) -> None:
    words, scores = [word for word, _ in pairs], [score for _, score in pairs]
    parser = Text()
    parser.feed(marked(words, scores))
    parser.close()
    assert "".join(parser.texts) == " ".join(words)
    assert parser.tags <= {"mark"}


def test_the_strongest_words_are_marked_and_said() -> None:
    page = marked(["so", "good", "film", "bad"], [0.01, 0.5, 0.1, -0.25])
    assert page.count("<mark") == 3
    assert "rgba(29,122,60,0.60)" in page
    assert "rgba(186,28,28,0.30)" in page
    assert line(["so", "good", "film", "bad"], [0.01, 0.5, 0.1, -0.25]) == "so good[+0.50] film bad[-0.25]"


def test_words_that_were_cut_off_are_not_marked() -> None:
    assert line(["good", "film"], [0.5]) == "good[+0.50] film"
    assert marked(["a", "b"], []) == "a b"
    assert line(["a\x1b[31m"], [0.0]) == "a\\x1b[31m"
