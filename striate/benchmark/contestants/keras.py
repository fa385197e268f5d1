"""Keras: the same network built of its own layers, trained by `train_on_batch`.

It runs on the backend that $KERAS_BACKEND names, or else on JAX where that is installed, or else on PyTorch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from striate.benchmark.contestants.base import RATE, Job
from striate.benchmark.contestants.contestant import Turn
from striate.benchmark.contestants.translate import channels_last, lacks, pads, walk
from striate.notation import tree
from striate.notation.tree import Layer

KINDS = ("", "1D", "2D", "3D")


def training(job: Job) -> Turn:
    """One SGD-with-momentum step after another.

    Raises:
        Unable: A layer that can't be translated, a class at each position, or a device other than the CPU.
    """
    keras = package()
    model = model_of(job.of_images())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(RATE, momentum=0.9), loss)
    batches = [(channels_last(images), labels.numpy()) for images, labels in job.slices()]

    def turn(count: int) -> None:
        for images, labels in batches[:count]:
            model.train_on_batch(images, labels)

    return turn


def inference(job: Job) -> Turn:
    """Outputs in evaluation, by `predict_on_batch`.

    Raises:
        Unable: As `training`.
    """
    model = model_of(job)
    batches = [channels_last(images) for images, _ in job.slices()]

    def turn(count: int) -> None:
        for images in batches[:count]:
            model.predict_on_batch(images)

    return turn


def package() -> Any:
    """Keras on a backend that is installed; its own default would be TensorFlow."""
    os.environ.setdefault("KERAS_BACKEND", "jax" if find_spec("jax") else "torch")
    import keras

    return keras


def model_of(job: Job) -> Any:
    """The network as a Keras model with the job's weights."""
    keras = package()
    state = {name: value.numpy() for name, value in job.on_cpu().model().state_dict().items() if value.ndim}
    made: list[tuple[Any, list[Any]]] = []

    def apply(name: str, layer: Layer, x: Any) -> Any:
        if type(layer) not in LAYERS:
            raise lacks(layer)
        own = [state[key] for key in (f"{name}.{part}" for part in PARTS) if key in state]
        keras_layers = LAYERS[type(layer)](keras, layer, x)
        for keras_layer in keras_layers:
            x = keras_layer(x)
        if own:
            made.append((keras_layers[-1], own))
        return x

    channels, *sizes = job.network.input
    x = keras.Input((*sizes, channels))
    y = keras.layers.Flatten()(walk(job.network, x, apply, lambda a, b: keras.layers.Add()([a, b])))
    model = keras.Model(x, y)
    for keras_layer, values in made:
        keras_layer.set_weights([_as_keras(value) for value in values])
    return model


PARTS = ("weight", "bias", "running_mean", "running_var")  # in the order in which Keras holds them


def _as_keras(value: Any) -> Any:
    """(out, in, …) becomes (…, in, out)."""
    return value.transpose(*range(2, value.ndim), 1, 0) if value.ndim > 1 else value


def _padded(keras: Any, layer: Any, x: Any) -> list[Any]:
    """A layer of zero padding where Keras's own padding can't express what the window needs; no layer otherwise."""
    zeros = pads(layer, x.shape[1:-1])
    if not any(sum(pair) for pair in zeros):
        return []
    if isinstance(layer, tree.Pool):
        raise lacks(layer)
    return [getattr(keras.layers, f"ZeroPadding{KINDS[len(zeros)]}")(zeros[0] if len(zeros) == 1 else zeros)]


def _convolution(keras: Any, layer: tree.Conv, x: Any) -> list[Any]:
    make = getattr(keras.layers, f"Conv{KINDS[len(layer.kernel)]}")
    made = make(
        *(layer.filters, layer.kernel),
        strides=layer.stride,
        dilation_rate=layer.dilation,
        groups=layer.groups,
        use_bias=layer.bias,
    )
    return [*_padded(keras, layer, x), made]


def _pool(kind: str) -> Callable[[Any, Any, Any], list[Any]]:
    def pool(keras: Any, layer: tree.Pool, x: Any) -> list[Any]:
        if set(layer.dilation) != {1}:
            raise lacks(layer)
        make = getattr(keras.layers, f"{kind}Pooling{KINDS[len(layer.kernel)]}")
        return [*_padded(keras, layer, x), make(layer.kernel, layer.stride)]

    return pool


def _dense(keras: Any, layer: tree.FullyConnected, x: Any) -> list[Any]:
    if layer.each:
        raise lacks(layer)
    turn = [keras.layers.Permute((len(x.shape) - 1, *range(1, len(x.shape) - 1)))] if len(x.shape) > 2 else []
    flat = [*turn, keras.layers.Flatten()] if turn else []  # entries in the order that PyTorch flattens them
    return [*flat, keras.layers.Dense(layer.units, use_bias=layer.bias)]


def _batch_norm(keras: Any, layer: tree.BatchNorm, x: Any) -> list[Any]:
    affine = {"center": layer.affine, "scale": layer.affine}
    return [keras.layers.BatchNormalization(momentum=1 - layer.momentum, epsilon=layer.eps, **affine)]


def _global(keras: Any, layer: Layer, x: Any) -> list[Any]:
    return [getattr(keras.layers, f"GlobalAveragePooling{KINDS[len(x.shape) - 2]}")()]


def _zeros_behind(keras: Any, layer: tree.ZeroPad, x: Any) -> list[Any]:
    more = [(0, 0)] * (len(x.shape) - 1) + [(0, layer.channels - x.shape[-1])]
    return [keras.layers.Lambda(lambda y: keras.ops.pad(y, more))]


def _tanh(keras: Any, layer: tree.Tanh, x: Any) -> list[Any]:
    if layer.scaled:
        raise lacks(layer)
    return [keras.layers.Activation("tanh")]


LAYERS: dict[type[Layer], Callable[[Any, Any, Any], list[Any]]] = {
    tree.Conv: _convolution,
    tree.FullyConnected: _dense,
    tree.MaxPool: _pool("Max"),
    tree.AvgPool: _pool("Average"),
    tree.GlobalAvgPool: _global,
    tree.ZeroPad: _zeros_behind,
    tree.BatchNorm: _batch_norm,
    tree.Identity: lambda keras, layer, x: [],
    tree.Relu: lambda keras, layer, x: [keras.layers.ReLU()],
    tree.Sigmoid: lambda keras, layer, x: [keras.layers.Activation("sigmoid")],
    tree.Tanh: _tanh,
}
