"""JAX: the same network as a function of its weights, its training step compiled as a whole.

It takes all cores of the machine; the number of threads can't be set from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.benchmark.contestants.base import RATE, Job
from striate.benchmark.contestants.contestant import Turn
from striate.benchmark.contestants.translate import channels_last, lacks, pads, walk
from striate.notation import Network, tree
from striate.notation.tree import Layer

Arrays = dict[str, Any]
MOMENTUM = 0.9


def training(job: Job) -> Turn:
    """One SGD-with-momentum step after another.

    Raises:
        Unable: A layer that can't be translated, a class at each position, or a device other than the CPU.
    """
    import jax
    import numpy as np

    weights, statistics = jax.tree.map(
        jax.numpy.array, weights_of(job.of_images())
    )  # copies: a step may overwrite its arguments
    images, labels = channels_last(job.images), job.labels.numpy()
    step = jax.jit(_step(job.network), donate_argnums=(0, 1, 2))
    state = [weights, statistics, {name: jax.numpy.zeros_like(value) for name, value in weights.items()}]

    def turn(count: int) -> None:
        order = np.random.default_rng(0).permutation(count * job.batch)
        for i in range(count):
            rows = order[i * job.batch : (i + 1) * job.batch]
            state[:] = step(*state, images[rows], labels[rows])
        jax.block_until_ready(state)

    return turn


def inference(job: Job) -> Turn:
    """Outputs in evaluation.

    Raises:
        Unable: As `training`.
    """
    import jax

    weights, statistics = jax.device_put(weights_of(job))
    run = jax.jit(lambda x: forward(job.network, weights, statistics, x)[0])  # weights are constants of the program
    batches = [jax.device_put(channels_last(images)) for images, _ in job.slices()]

    def turn(count: int) -> None:
        for images in batches[:count]:
            jax.block_until_ready(run(images))

    return turn


def weights_of(job: Job) -> tuple[Arrays, Arrays]:
    """The job's weights, convolutions as (H, W, in, out) and matrices as (in, out), and the running statistics."""
    state = {name: value.numpy() for name, value in job.on_cpu().model().state_dict().items() if value.ndim}
    statistics = {name: value for name, value in state.items() if ".running_" in name}
    turned = {2: (1, 0), 3: (2, 1, 0), 4: (2, 3, 1, 0), 5: (2, 3, 4, 1, 0)}
    weights = {name: value for name, value in state.items() if name not in statistics}
    return {name: v.transpose(turned[v.ndim]) if v.ndim > 1 else v for name, v in weights.items()}, statistics


def forward(network: Network, weights: Arrays, statistics: Arrays, x: Any, train: bool = False) -> tuple[Any, Arrays]:
    """The outputs (N, K) for images (N, …, C), and the running statistics afterwards."""
    after = dict(statistics)

    def apply(name: str, layer: Layer, x: Any) -> Any:
        if type(layer) not in LAYERS:
            raise lacks(layer)
        own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
        if isinstance(layer, tree.BatchNorm):
            return _batch_norm(name, layer, x, own, after, train)
        return LAYERS[type(layer)](layer, x, own)

    y = walk(network, x, apply, lambda a, b: a + b)
    return y.reshape(len(y), -1), after


def _step(network: Network) -> Callable[..., list[Any]]:
    import jax

    def loss_of(weights: Arrays, statistics: Arrays, x: Any, y: Any) -> tuple[Any, Arrays]:
        logits, after = forward(network, weights, statistics, x, train=True)
        chosen = jax.numpy.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)
        return -chosen.mean(), after

    def step(weights: Arrays, statistics: Arrays, moving: Arrays, x: Any, y: Any) -> list[Any]:
        slopes, after = jax.grad(loss_of, has_aux=True)(weights, statistics, x, y)
        moving = {name: MOMENTUM * moving[name] + slopes[name] for name in moving}
        return [{name: weights[name] - RATE * moving[name] for name in weights}, after, moving]

    return step


def _convolution(layer: tree.Conv, x: Any, own: Arrays) -> Any:
    from jax import lax

    axes = "DHW"[-len(layer.kernel) :]
    y = lax.conv_general_dilated(
        *(x, own["weight"], layer.stride, pads(layer, x.shape[1:-1])),
        rhs_dilation=layer.dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=layer.groups,
    )
    return y + own["bias"] if layer.bias else y


def _dense(layer: tree.FullyConnected, x: Any, own: Arrays) -> Any:
    import jax.numpy as jnp

    if layer.each:
        raise lacks(layer)
    flat = jnp.moveaxis(x, -1, 1).reshape(len(x), -1)  # entries in the order that PyTorch flattens them
    return flat @ own["weight"] + (own["bias"] if layer.bias else 0)


def _pool(layer: tree.Pool, x: Any, own: Arrays) -> Any:
    import jax.numpy as jnp
    from jax import lax

    first, combine = (-jnp.inf, lax.max) if isinstance(layer, tree.MaxPool) else (0.0, lax.add)
    if isinstance(layer, tree.AvgPool) and not layer.counts_padding:
        raise lacks(layer)
    window, stride, dilation = ((1, *sizes, 1) for sizes in (layer.kernel, layer.stride, layer.dilation))
    padding = [(0, 0), *pads(layer, x.shape[1:-1]), (0, 0)]
    y = lax.reduce_window(x, first, combine, window, stride, padding, window_dilation=dilation)
    return y if isinstance(layer, tree.MaxPool) else y / jnp.prod(jnp.array(layer.kernel))


def _batch_norm(name: str, layer: tree.BatchNorm, x: Any, own: Arrays, after: Arrays, train: bool) -> Any:
    from jax import lax

    mean, variance = after[f"{name}.running_mean"], after[f"{name}.running_var"]
    if train:
        axes, n = tuple(range(x.ndim - 1)), x.size // x.shape[-1]
        mean, variance = x.mean(axes), x.var(axes)
        for key, value in (("mean", mean), ("var", variance * (n / (n - 1)))):
            before = after[f"{name}.running_{key}"]
            after[f"{name}.running_{key}"] = before + layer.momentum * (value - before)
    normal = (x - mean) * lax.rsqrt(variance + layer.eps)
    return normal * own["weight"] + own["bias"] if layer.affine else normal


def _zeros_behind(layer: tree.ZeroPad, x: Any, own: Arrays) -> Any:
    import jax.numpy as jnp

    return jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, layer.channels - x.shape[-1])])


def _function(name: str) -> Callable[[Layer, Any, Arrays], Any]:
    def apply(layer: Layer, x: Any, own: Arrays) -> Any:
        import jax

        return getattr(jax.nn, name)(x)

    return apply


LAYERS: dict[type[Layer], Callable[[Any, Any, Arrays], Any]] = {
    tree.Conv: _convolution,
    tree.FullyConnected: _dense,
    tree.MaxPool: _pool,
    tree.AvgPool: _pool,
    tree.GlobalAvgPool: lambda layer, x, own: x.mean(tuple(range(1, x.ndim - 1))),
    tree.ZeroPad: _zeros_behind,
    tree.BatchNorm: lambda layer, x, own: x,  # with its statistics, in `forward`
    tree.Identity: lambda layer, x, own: x,
    tree.Relu: _function("relu"),
    tree.Sigmoid: _function("sigmoid"),
    tree.Tanh: lambda layer, x, own: _function("tanh")(layer, x, own) if not layer.scaled else _refuse(layer),
}


def _refuse(layer: Layer) -> Any:
    raise lacks(layer)
