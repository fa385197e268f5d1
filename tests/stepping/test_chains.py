"""Several layers, a loss and a step of gradient descent, against PyTorch's over drawn chains."""

import json
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional as F

import striate as st
from striate.cli.step import command
from striate.notation import measure, read
from striate.notation.errors import NotationError
from striate.stepping import Chain
from tests.stepping.oracle import Oracle, close, compare, shown, tensor

EXAM = "conv 1@2 -> relu -> maxpool 2 -> fc 2 -> softmax"
IMAGE = "1 2 0 1 3; 0 1 2 1 1; 1 1 0 2 0; 2 0 1 1 1; 0 2 1 0 3"
LAYERS = (
    *("conv 2@2", "conv 2@3 pad 1 stride 2", "conv 2@2 groups 2 nobias", "relu", "tanh", "leaky 0.5", "maxpool 2"),
    *("avgpool 2 stride 1", "bn", "ln", "upsample 2", "residual[ conv 2@3 pad 1 ]", "concat[ id | relu ]"),
    *("scale[ gap -> sigmoid ]", "upconv 2@2 stride 2", "dropout 0.5", "pad reflect 1", "a: [ conv 2@1 ] -> shared a"),
)
ENDS = ("gap -> fc 3", "fc 3 -> softmax", "gmp -> fc 4 -> relu -> fc 3", "fc 3 -> tanh")


@some.composite
def chains(draw: some.DrawFn) -> str:
    """A network of a few layers that fits its input."""
    middle = draw(some.lists(some.sampled_from(LAYERS), min_size=1, max_size=4, unique=True))
    larger = [layer for layer in middle if layer.startswith("up")]
    middle = [layer for layer in middle if layer not in larger[1:]]  # twice as large twice: too much to write out
    text = " -> ".join(["input 2x4x5", *middle, draw(some.sampled_from(ENDS))])
    before = text.partition(" -> bn")[0] if " -> bn" in text else "input 2x4x5"
    try:
        read(text)  # and one entry of a map has no variance
        fits = before == "input 2x4x5" or measure(read(before)).rows[-1].output.value[1:] != (1, 1)
    except NotationError:
        fits = False
    return text if fits else "input 2x4x5 -> conv 2@2 -> " + draw(some.sampled_from(ENDS))


@settings(max_examples=40, deadline=None)
@given(chains(), some.integers(0, 10**6), some.sampled_from(["cross-entropy", "squared"]))
def test_chains_are_pytorchs(text: str, seed: int, loss: str) -> None:
    target: Any = seed % 3 if loss == "cross-entropy" else [seed % 5, -1, 0]
    found = st.step(text, seed=seed, target=target, lr="1/8")
    assert isinstance(found, Chain)
    oracle = Oracle(text if loss == "squared" else text.removesuffix(" -> softmax"), found)  # PyTorch's has its own
    x = tensor(shown(found, "X"))[None].requires_grad_()
    y = oracle.output(x)
    if loss == "squared":
        error = (y[0] - tensor(target)).square().sum() / 2
    else:
        error = F.cross_entropy(y, torch.tensor([target]))
    close(found["E"].values, error, "the error")
    error.backward()
    compare(found, oracle, x)
    learned = {key: array for key, array in oracle.arrays.items() if array.requires_grad}
    torch.optim.SGD(learned.values(), lr=1 / 8).step()
    for name, parts in found.after.items():
        for part in parts:
            key = oracle.keys[name, part.name.removesuffix("'")]
            close(part.values, learned.pop(key), key, 1e-7)
    assert not learned  # every weight has moved


def test_the_exam_question() -> None:
    weights = {"conv1.weight": "1 0; -1 1", "fc1.weight": "1 0 0 1; 0 1 1 0", "fc1.bias": "0 1"}
    found = st.step(EXAM, IMAGE, given=weights, target=1)
    assert isinstance(found, Chain)
    assert str(found["conv1.O"].entries[0]) == "O[0,0] = 1*1 + 2*0 + 0*(-1) + 1*1 = 2"
    assert list(found.steps) == ["conv1", "relu1", "maxpool1", "fc1", "softmax1"]
    assert found["softmax1.dE/dX"].rule == "p - y, where p is O and y is 1 at the target"
    text = str(found)
    order = ["Forward, conv1", "Forward, softmax1", "The error", "Backward, softmax1", "Backward, conv1"]
    assert sorted(order, key=text.index) == order
    with pytest.raises(st.InputError, match=r"has no part 'conv1.dE/dw'; it has .*did you mean 'conv1.dE/dW'"):
        found["conv1.dE/dw"]


def test_a_value_that_two_read_gets_both_gradients() -> None:
    found = st.step("residual[ leaky 0.5 ] -> sum[ id | id ]", "2 -4", upstream="1 1")
    assert isinstance(found, Chain)
    shortcut, body = (found[name].values for name in ("residual1.dE/dX1", "residual1.body.leaky1.dE/dX"))
    assert (shortcut + body).tolist() == [4, 3]
    assert found.reads["sum1"] == {"X1": "sum1.branch1.id1", "X2": "sum1.branch2.id1"}


def test_without_a_loss_only_forward() -> None:
    found = st.step("relu -> tanh", "1 -2")
    assert [part.name for part in found.parts] == ["relu1.O", "tanh1.O"]


def test_one_neuron_with_a_squared_error() -> None:
    found = st.step("fc 1", "1 2", weights="1/2 -1", target="1", loss="squared", lr=0.5)
    assert isinstance(found, Chain)
    assert str(found["E"].entries[0]) == "E = ((-1.5 - 1)^2)/2 = 3.125".replace("(-1.5", "((-1.5)")
    assert str(found["fc1.W'"].entries[1]) == "W'[0,1] = -1 - 0.5*(-5) = 1.5"


def test_a_single_layer_takes_a_step_too() -> None:
    found = st.step("conv 1@1", "1 2; 3 4", weights="2", upstream="1 0; 0 1", lr="1/10")
    assert not isinstance(found, Chain)
    assert str(found["W'"].entries[0]) == "W'[0,0] = 2 - 0.1*5 = 1.5"


def test_the_seed_decides() -> None:
    text = "input 1x5x5 -> " + EXAM
    assert str(st.step(text, seed=3)) == str(st.step(text, seed=3))
    assert str(st.step(text, seed=3)) != str(st.step(text, seed=4))
    given_one = st.step(text, seed=3, given={"fc1.W": [[1] * 4] * 2})
    assert given_one["conv1.O"].values.tolist() == st.step(text, seed=3)["conv1.O"].values.tolist()  # type: ignore[union-attr]


def test_dropout_drops_only_while_training() -> None:
    assert st.step("dropout 0.5", "1 2 3 4")["O"].values.tolist() == [1, 2, 3, 4]  # type: ignore[union-attr]
    masked = st.step("dropout 0.5", "1 2 3 4", given={"mask": "1 0 1 0"}, upstream="1 1 1 1")
    assert masked["O"].values.tolist() == [2, 0, 6, 0]  # type: ignore[union-attr]
    assert str(masked["dE/dX"].entries[0]) == "dE/dX[0] = 2*1 = 2"
    drawn = st.step("dropout 0.5", list(range(1, 65)), seed=1, training=True)["O"].values
    assert 0 < sum(value == 0 for value in drawn) < 64  # type: ignore[union-attr]


def test_weights_of_a_module() -> None:
    model = st.build("input 1x4x4 -> conv 2@3 -> relu -> fc 3", seed=1).double()
    x = torch.arange(16.0, dtype=torch.float64).reshape(1, 1, 4, 4)
    arrays: dict[str, Any] = {name: array.numpy() for name, array in model.state_dict().items()}
    found = st.step("conv 2@3 -> relu -> fc 3", x[0].numpy(), given=arrays)
    close(found["fc1.O"].values, model(x), "the output")


def test_the_verb(tmp_path: Any) -> None:
    words = [EXAM, "--input", IMAGE, "--given", "conv1.weight=1 0; -1 1", "--seed", "1", "--target", "1", "--lr", "0.1"]
    printed = CliRunner().invoke(command, words)
    assert printed.exit_code == 0, printed.output
    assert "Gradient descent, fc1" in printed.output
    document = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)
    assert [layer["name"] for layer in document["layers"]] == ["conv1", "relu1", "maxpool1", "fc1", "softmax1"]
    assert document["layers"][0]["reads"] == {"X": "the input"}
    assert [part["name"] for part in document["layers"][0]["parts"]] == ["O", "dE/dW", "dE/dX", "dE/db"]
    assert [part["name"] for part in document["loss"]] == ["E"]
    assert set(document["after"]) == {"conv1", "fc1"}
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"input": [[1, 2]], "fc1.weight": [[3, 4]]}))
    document = json.loads(CliRunner().invoke(command, ["fc 1 -> relu", "--input", f"@{path}", "--json"]).stdout)
    assert document["layers"][1]["parts"][0]["values"] == [11]


@pytest.mark.parametrize("given", ["1 2", "=1", "fc1.weight"])
def test_given_takes_names(given: str) -> None:
    result = CliRunner().invoke(command, ["fc 1", "--input", "1", "--given", given])
    assert isinstance(result.exception, st.InputError)
    assert "--given takes a name and its numbers" in str(result.exception)
