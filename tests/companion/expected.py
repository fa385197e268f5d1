"""What the companion's figures must show, computed by Striate, PyTorch and NumPy.

`expected.json` holds it for the tests of the figures, which run without Python; `python tests/companion/expected.py`
writes it anew.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

import striate as st
from striate.training.optimizers import OPTIMIZERS

FILE = Path(__file__).with_name("expected.json")
IMAGE = "0 -3 4 8 1; 3 5 0 0 5; 1 3 8 6 1; 5 6 5 3 -2; 7 0 5 -4 2"
FILTERS = {
    "sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
    "edges alone": "0 -1 0; -1 4 -1; 0 -1 0",
    "a falling diagonal": "1 -1 -1; -1 1 -1; -1 -1 1",
    "a vertical line": "-1 1 -1; -1 1 -1; -1 1 -1",
    "the sum of all": "1 1 1; 1 1 1; 1 1 1",
}
MAPS = {
    "the map of filter 1": "3 -1 -3 -1; -3 1 0 -3; -3 -3 0 1; 3 -2 -2 -1",
    "the map of filter 2": "-1 -1 -1 -1; -1 -1 -2 1; -1 -1 -2 1; -1 0 -4 3",
    "one 9 alone": "9 0 0 0; 0 0 0 0; 0 0 0 0; 0 0 0 0",
}
CHAINS = {
    "convolution, pool, convolution": "input 1x14 -> conv 1@3 -> maxpool 2 -> conv 1@3",
    "three convolutions of 3": "input 1x14 -> [conv 1@3]*3",
    "dilation 1, 2, 3": "input 1x14 -> conv 1@3 -> conv 1@3 dilate 2 -> conv 1@3 dilate 3",
}
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky 0.1", "elu", "swish", "gelu")
POINTS = (-3.9, -2.5, -1.0, -0.3, 0.2, 0.7, 1.0, 2.4, 4.0)  # no activation has a bend there
RATES = {"sgd": 0.8, "momentum": 0.15, "nesterov": 0.15, "adagrad": 1.5, "rmsprop": 0.1, "adam": 0.6}


def numbers(values: Any) -> Any:
    """Fractions and arrays as plain numbers."""
    return np.asarray(values, dtype=float).tolist()


def rows(text: str) -> Any:
    """A matrix as the pages write it."""
    return numbers([line.split() for line in text.split(";")])


def convolution() -> dict[str, Any]:
    """The image, each filter, and its map."""
    maps = {name: numbers(st.step("conv 1@3", IMAGE, weights=text)["O"].values[0]) for name, text in FILTERS.items()}
    return {"image": rows(IMAGE), "filters": {name: rows(text) for name, text in FILTERS.items()}, "maps": maps}


def sizes() -> list[dict[str, int]]:
    """How many entries come out, for sizes at which the window fits."""
    cases = product((5, 7, 12, 14), (1, 2, 3, 5), (1, 2, 3, 4), (0, 1, 3), (1, 2, 3))
    texts = {(n, k, s, p, d): f"input 1x{n} -> conv 1@{k} stride {s} pad {p} dilate {d}" for n, k, s, p, d in cases}
    fitting = {case: text for case, text in texts.items() if case[0] + 2 * case[3] >= case[4] * (case[1] - 1) + 1}
    return [
        {**dict(zip("nkspd", case, strict=True)), "out": int(st.measure(st.net(text)).output[1])}
        for case, text in fitting.items()
    ]


def field() -> dict[str, Any]:
    """Receptive fields and jumps after each layer, and the first and last input that each last unit sees."""
    answers = {}
    for name, text in CHAINS.items():
        measured = st.measure(st.net(text))
        last = measured.rows[-1]
        seen = [list(measured.entries(last.name, unit)) for unit in range(last.output.value[1])]
        answers[name] = {"fields": [[row.receptive_field, row.jump] for row in measured.rows], "seen": seen}
    return answers


def pooling() -> list[dict[str, Any]]:
    """Each map after each pool."""
    return [
        {"map": name, "size": size, "stride": stride, "largest": word == "maxpool",
         "pooled": numbers(st.step(f"{word} {size} stride {stride}", text)["O"].values[0])}
        for name, text in MAPS.items()
        for word, size, stride in product(("maxpool", "avgpool"), (2, 3), (1, 2))
    ]  # fmt: skip


def activations() -> dict[str, Any]:
    """Values and slopes at `POINTS`."""
    answers = {}
    for word in ACTIVATIONS:
        x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
        values = st.build(st.net(f"input 1x{len(POINTS)} -> {word}")).double()(x.reshape(1, 1, -1)).flatten()
        (slopes,) = torch.autograd.grad(values.sum(), x)
        answers[word] = {"x": list(POINTS), "values": values.tolist(), "slopes": slopes.tolist()}
    return answers


def connections() -> list[dict[str, Any]]:
    """The weights of layers that are connected in full, locally, and shared."""
    cases = []
    for inputs, k, s in product((7, 8, 10), (2, 3, 5), (1, 2, 3)):
        units = (inputs - k) // s + 1
        texts = {"full": f"fc {units}", "local": f"local 1@{k} stride {s}", "shared": f"conv 1@{k} stride {s}"}
        for kind, text in texts.items():
            count = st.measure(st.net(f"input 1x{inputs} -> {text} nobias")).total_parameters
            cases.append({"kind": kind, "inputs": inputs, "k": k, "s": s, "weights": count})
    return cases


def backpropagation() -> dict[str, Any]:
    """The chain of the page: the numbers that it begins with, and all that follows from them."""
    chain = st.step("fc 2 -> relu -> fc 2 -> softmax", "1 2", seed=2, target=0, lr=0.1)
    layers = [{name: numbers(chain.steps[layer].arrays[name]) for name in "Wb"} for layer in ("fc1", "fc2")]
    names = ["fc1.O", "relu1.O", "fc2.O", "softmax1.O", "softmax1.dE/dX", "fc2.dE/dX", "relu1.dE/dX", "fc1.dE/dX"]
    names += [f"{layer}.{name}" for layer in ("fc1", "fc2") for name in ("dE/dW", "dE/db", "W'", "b'")]
    return {
        "layers": layers,
        "E": float(chain["E"].values[()]),
        **{name: numbers(chain[name].values) for name in names},
    }


def training() -> dict[str, Any]:
    """Twenty steps of PyTorch's optimisers, as Striate makes them, down the valley."""
    paths = {}
    for name, rate in RATES.items():
        place = torch.tensor([-9.0, 2.5], dtype=torch.float64, requires_grad=True)
        optimizer = OPTIMIZERS[name].make([place], lr=rate)
        path = [place.tolist()]
        for _ in range(20):
            optimizer.zero_grad()
            (torch.tensor([0.05, 1.0], dtype=torch.float64) * place**2).sum().backward()
            optimizer.step()
            path.append(place.tolist())
        paths[name] = {"rate": rate, "path": path}
    return paths


def overfitting() -> dict[str, Any]:
    """The noise of the page's points, and the errors of the polynomials on them and in between."""
    noise = np.random.default_rng(3).normal(0, 0.2, 15)
    x, between = np.linspace(0, 1, 15), np.linspace(0, 1, 300)
    y = np.sin(2 * np.pi * x) + noise
    fits = {degree: np.polynomial.Polynomial.fit(x, y, degree) for degree in range(1, 15)}
    on_points = [float(np.mean((fit(x) - y) ** 2)) for fit in fits.values()]
    in_between = [float(np.mean((fit(between) - np.sin(2 * np.pi * between)) ** 2)) for fit in fits.values()]
    return {"noise": noise.tolist(), "onPoints": on_points, "between": in_between}


def expected() -> dict[str, Any]:
    """All of it, by figure."""
    parts = (convolution, sizes, field, pooling, activations, connections, backpropagation, training, overfitting)
    return {part.__name__: part() for part in parts}


if __name__ == "__main__":
    FILE.write_text(json.dumps(expected(), separators=(",", ":")) + "\n", encoding="utf-8")
