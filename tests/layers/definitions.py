"""What every layer is, written again in NumPy and float64: it judges modules, and multiply-adds are counted on it."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from striate.notation import tree
from striate.notation.tree import Layer
from tests.layers import frames, grids

Array = NDArray[np.float64]
Weights = dict[str, Array]
Windowed: TypeAlias = tree.Conv | tree.Local | tree.Deform | tree.Pool


def dilations(layer: Windowed) -> tuple[int, ...]:
    return (1,) * len(layer.kernel) if isinstance(layer, tree.Local) else layer.dilation


def widths(layer: Windowed, x: Array) -> list[tuple[int, int]]:
    """Entries of padding before and after each axis."""
    if layer.pad.mode != "same":
        return list(zip(layer.pad.sizes, layer.pad.after or layer.pad.sizes, strict=True))
    axes = zip(x.shape[2:], layer.kernel, layer.stride, dilations(layer), strict=True)
    totals = [max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0) for n, k, s, d in axes]
    return [(total // 2, total - total // 2) for total in totals]


def padded(layer: Windowed, x: Array, fill: float = 0.0) -> Array:
    mode: Any = {"replicate": "edge", "circular": "wrap", "reflect": "reflect"}.get(layer.pad.mode, "constant")
    more: Any = {"constant_values": fill} if mode == "constant" else {}
    return np.pad(x, [(0, 0), (0, 0), *widths(layer, x)], mode=mode, **more)


def windows(layer: Windowed, x: Array, last: Sequence[int]) -> Array:
    """(N, C, *out, *kernel): what each window sees of an x already padded. `last`: where it may start at most."""
    for axis, (k, s, d) in enumerate(zip(layer.kernel, layer.stride, dilations(layer), strict=True)):
        starts = np.arange(0, last[axis] + 1, s)
        x = np.moveaxis(np.take(x, starts[:, None] + d * np.arange(k), axis=2 + axis), 3 + axis, -1)
    return x


def last_starts(layer: Windowed, x: Array) -> list[int]:
    """Where the last window that fits begins, in an x already padded."""
    return [n - d * (k - 1) - 1 for n, k, d in zip(x.shape[2:], layer.kernel, dilations(layer), strict=True)]


def conv(layer: tree.Conv, x: Array, weights: Weights) -> Array:
    """With `ceil`, zeros stand in for what a last window lacks, if it begins before the padding at the end."""
    dims = len(layer.kernel)
    ends = [n + before - 1 for n, (before, _) in zip(x.shape[2:], widths(layer, x), strict=True)]
    x = padded(layer, x)
    last = last_starts(layer, x)
    if not layer.floor:
        rounded = [-(-n // s) * s for n, s in zip(last, layer.stride, strict=True)]
        last = [up if up <= end else n for up, end, n in zip(rounded, ends, last, strict=True)]
        x = np.pad(x, [(0, 0), (0, 0), *[(0, max(layer.stride))] * dims])
    seen, maps = windows(layer, x, last), []
    for f, kernel in enumerate(weights["weight"]):
        kernel = np.flip(kernel, range(1, 1 + dims)) if layer.flip else kernel
        group = f // (layer.filters // layer.groups)
        mine = seen[:, group * len(kernel) : (group + 1) * len(kernel)]
        maps.append(np.tensordot(mine, kernel, axes=([1, *range(2 + dims, 2 + 2 * dims)], range(1 + dims))))
    return np.stack(maps, axis=1) + bias(weights, dims)


def bias(weights: Weights, dims: int) -> Array:
    return weights.get("bias", np.zeros(1)).reshape(-1, *[1] * dims)


def local(layer: tree.Local, x: Array, weights: Weights) -> Array:
    x = padded(layer, x)
    seen = windows(layer, x, last_starts(layer, x))
    out, count = seen.shape[2 : x.ndim], len(layer.kernel)
    y = np.zeros((len(x), layer.filters, *out))
    for p, position in enumerate(itertools.product(*map(range, out))):
        here: Any = (slice(None), slice(None), *position)
        y[here] = seen[here].reshape(len(x), -1) @ weights["weight"][:, p].T
    biases = weights.get("bias", np.zeros(layer.filters * math.prod(out)))
    assert count == len(out)
    return y + biases.reshape(1, layer.filters, *out)


def lws(layer: tree.Lws, x: Array, weights: Weights) -> Array:
    """A convolution for each section, of which its own rows are taken."""
    x = padded(layer, x)
    seen = windows(layer, x, last_starts(layer, x))
    out = seen.shape[2 : x.ndim]
    each, biases = out[0] // layer.sections, weights.get("bias", np.zeros(layer.filters * layer.sections))
    y = np.zeros((len(x), layer.filters, *out))
    for position in itertools.product(*map(range, out)):
        here: Any = (slice(None), slice(None), *position)
        y[here] = seen[here].reshape(len(x), -1) @ weights["weight"][:, position[0] // each].T
    rows = biases.reshape(layer.filters, layer.sections).repeat(each, 1)
    return y + rows.reshape(1, *rows.shape, *(1 for _ in out[1:]))


def maxout(layer: tree.Maxout, x: Array, weights: Weights) -> Array:
    return np.stack([x[:, i : i + layer.pieces].max(axis=1) for i in range(0, x.shape[1], layer.pieces)], axis=1)


def glu(layer: tree.Glu, x: Array, weights: Weights) -> Array:
    half = x.shape[1] // 2
    return x[:, :half] * sigmoid(x[:, half:])


def lstm(layer: tree.LSTM, x: Array, weights: Weights) -> Array:
    y = np.zeros((len(x), layer.units, x.shape[2]))
    biases = sum((weights[name].astype(float) for name in weights if name.startswith("bias")), np.zeros(()))
    for row, made in zip(x, y, strict=True):
        state, memory = np.zeros(layer.units), np.zeros(layer.units)
        for p in range(x.shape[2]):
            inner = (weights["weight_ih_l0"] @ row[:, p]).astype(float)
            i, f, g, o = np.split(inner + (weights["weight_hh_l0"] @ state).astype(float) + biases, 4)
            memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
            state = sigmoid(o) * np.tanh(memory)
            made[:, p] = state
    return y


def rbf(layer: tree.RBF, x: Array, weights: Weights) -> Array:
    flat = x.reshape(len(x), -1)
    return np.stack([-((flat - prototype) ** 2).sum(axis=1) for prototype in weights["prototypes"]], axis=1)


def upconv(layer: tree.UpConv, x: Array, weights: Weights) -> Array:
    """Each entry of the input puts its kernel, times itself, into the output; then the edges are cropped."""
    axes = zip(x.shape[2:], layer.stride, layer.kernel, layer.dilation, strict=True)
    extras = layer.extra or (0,) * len(layer.kernel)
    sizes = [(n - 1) * s + d * (k - 1) + 1 + extra for (n, s, k, d), extra in zip(axes, extras, strict=True)]
    y = np.zeros((len(x), layer.filters, *sizes))
    given, made = x.shape[1] // layer.groups, layer.filters // layer.groups
    for group, *position in itertools.product(range(layer.groups), *map(range, x.shape[2:])):
        places = zip(position, layer.stride, layer.kernel, layer.dilation, strict=True)
        ours, theirs = slice(group * given, (group + 1) * given), slice(group * made, (group + 1) * made)
        entry: Any = (slice(None), ours, *position)
        under: Any = (slice(None), theirs, *(slice(i * s, i * s + d * (k - 1) + 1, d) for i, s, k, d in places))
        y[under] += np.tensordot(x[entry], weights["weight"][ours], axes=1).astype(float)
    ends = layer.pad.after or layer.pad.sizes
    crop: Any = (..., *(slice(p, n - q) for p, q, n in zip(layer.pad.sizes, ends, sizes, strict=True)))
    cropped: Array = y[crop]
    return cropped + bias(weights, len(sizes))


def pool(layer: tree.Pool, x: Array, fill: float, reduce: Callable[..., Any]) -> Array:
    """With `ceil` one more window hangs over the edge, if it begins before the padding at the end; NaN is no entry."""
    ends = [n + before - 1 for n, (before, _) in zip(x.shape[2:], widths(layer, x), strict=True)]
    x = padded(layer, x, fill)
    last = last_starts(layer, x)
    if not layer.floor:
        rounded = [-(-n // s) * s for n, s in zip(last, layer.stride, strict=True)]
        last = [up if up <= end else n for up, end, n in zip(rounded, ends, last, strict=True)]
    edge = [(0, 0), (0, 0), *[(0, max(layer.stride))] * len(layer.kernel)]
    seen = windows(layer, np.pad(x, edge, constant_values=np.nan), last)
    y: Array = reduce(seen, axis=tuple(range(x.ndim, seen.ndim)))
    return y


def avg_pool(layer: tree.AvgPool, x: Array, weights: Weights) -> Array:
    fill = 0.0 if layer.counted and layer.pad.mode != "same" else np.nan
    return pool(layer, x, fill, np.nanmean)


def subsample(layer: tree.Subsample, x: Array, weights: Weights) -> Array:
    ends = [n - k for n, k in zip(x.shape[2:], layer.kernel, strict=True)]
    y = np.zeros((*x.shape[:2], *(end // s + 1 for end, s in zip(ends, layer.stride, strict=True))))
    for position in itertools.product(*map(range, y.shape[2:])):
        places = zip(position, layer.stride, layer.kernel, strict=True)
        here: Any = (..., *position)
        under: Any = (..., *(slice(i * s, i * s + k) for i, s, k in places))
        y[here] = weights["weight"] * x[under].reshape(*x.shape[:2], -1).sum(axis=2) + weights["bias"]
    return y


def interleave(layer: tree.Interleave, x: Array, weights: Weights) -> Array:
    """The first channel of each group, then the second of each, and so on."""
    groups = np.split(x, layer.groups, axis=1)
    return np.stack([group[:, number] for number in range(groups[0].shape[1]) for group in groups], axis=1)


def deform(layer: tree.Deform, x: Array, weights: Weights) -> Array:
    """Each output entry by itself; between entries a map is the mean of those around, by how near they are."""
    x, dims = padded(layer, x), len(layer.kernel)
    seen = windows(layer, x, last_starts(layer, x))
    axes: Any = ([1, *range(2 + dims, 2 + 2 * dims)], range(1, 2 + dims))
    where = np.moveaxis(np.tensordot(seen, weights["offset.weight"], axes), -1, 1).astype(float)
    where = where + bias({"bias": weights["offset.bias"]}, dims).astype(float)
    entries = list(itertools.product(*map(range, layer.kernel)))
    y = np.zeros((len(x), layer.filters, *where.shape[2:]))
    for image, *position in itertools.product(range(len(x)), *map(range, where.shape[2:])):
        here: Any = (image, slice(None), *position)
        given = where[here]
        for k, entry in enumerate(entries):
            offsets = zip(position, layer.stride, entry, layer.dilation, given[dims * k : dims * (k + 1)], strict=True)
            found = between(x[image, : layer.taken or None], [p * s + e * d + offset for p, s, e, d, offset in offsets])
            mask = 1.0 if layer.plain else sigmoid(given[dims * len(entries) + k])
            taken = weights["weight"][(slice(None), slice(None), *entry)]
            parts = zip(np.split(taken, layer.groups), np.split(mask * found, layer.groups), strict=True)
            y[here] += np.concatenate([part @ seen for part, seen in parts]).astype(float)
    return y + bias(weights, dims)


def between(x: Array, place: Sequence[float]) -> Array:
    for p in reversed(place):  # along the last axis, by how near each entry is to p
        x = x @ np.maximum(0.0, 1 - np.abs(np.arange(x.shape[-1]) - p))
    return x


def lrn(layer: tree.LRN, x: Array, weights: Weights) -> Array:
    y = np.empty_like(x)
    for i in range(x.shape[1]):  # `size` channels; of an even number one more before i than after it
        first = i - layer.size // 2
        near = x[:, max(0, first) : first + layer.size]
        y[:, i] = x[:, i] / (layer.k + layer.alpha * (near**2).sum(axis=1)) ** layer.beta
    return y


def batch_norm(layer: tree.BatchNorm, x: Array, weights: Weights) -> Array:
    mean, var = (weights[name].reshape(-1, *[1] * (x.ndim - 2)) for name in ("running_mean", "running_var"))
    return affine((x - mean) / np.sqrt(var + layer.eps), weights)


def affine(x: Array, weights: Weights) -> Array:
    """Times a scale and plus a shift per channel, as far as there are any."""
    scale = weights.get("weight", np.ones(1)).reshape(-1, *[1] * (x.ndim - 2))
    return scale * x + bias(weights, x.ndim - 2)


def standard(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Mean 0 and variance 1 over these axes."""
    mean = x.mean(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + eps)


def group_norm(layer: tree.GroupNorm, x: Array, weights: Weights) -> Array:
    size = x.shape[1] // layer.groups
    groups = [x[:, first : first + size] for first in range(0, x.shape[1], size)]
    normal = [standard(group, tuple(range(1, x.ndim)), layer.eps) for group in groups]
    return affine(np.concatenate(normal, axis=1), weights)


def rms_norm(layer: tree.RMSNorm, x: Array, weights: Weights) -> Array:
    return affine(x / np.sqrt((x**2).mean(axis=1, keepdims=True) + layer.eps), weights)


def fully_connected(layer: tree.FullyConnected, x: Array, weights: Weights) -> Array:
    if not layer.each:
        return x.reshape(len(x), -1) @ weights["weight"].T + bias(weights, 0)
    positions = x.reshape(*x.shape[:2], -1)
    y = np.stack([positions[:, :, p] @ weights["weight"].T for p in range(positions.shape[2])], axis=2)
    return y.reshape(len(x), layer.units, *x.shape[2:]) + bias(weights, x.ndim - 2)


def attention(layer: tree.Attention, x: Array, weights: Weights) -> Array:
    """Keys and values multiply as weights do, so that their products are counted with those."""
    channels, inner = x.shape[1], weights["qkv.weight"]
    like = np.vectorize(type(inner.flat[0]), otypes=[inner.dtype])
    y = np.empty(x.shape)
    for image, out in zip(x.reshape(len(x), channels, -1), y.reshape(len(x), channels, -1), strict=True):
        q, k, v = np.split((inner @ image).astype(float) + bias({"bias": qkv_bias(weights)}, 1).astype(float), 3)
        heads = [slice(first, first + channels // layer.heads) for first in range(0, channels, channels // layer.heads)]
        seen = np.concatenate([attended(q[head], like(k[head]), like(v[head])) for head in heads])
        out[:] = (weights["out.weight"] @ seen).astype(float) + bias({"bias": weights["out.bias"]}, 1).astype(float)
    return y


def qkv_bias(weights: Weights) -> Array:
    return weights.get("qkv.bias", np.zeros(len(weights["qkv.weight"])))


def attended(q: Array, k: Array, v: Array) -> Array:
    """(d, P) of each: equation 1 of Vaswani et al. 2017 with positions as columns."""
    scores = (q.T @ k).astype(float) / math.sqrt(len(q))
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (v @ (shares / shares.sum(axis=1, keepdims=True)).T).astype(float)


def leaky(x: Array, slope: float | Array) -> Array:
    return np.where(x > 0, x, slope * x)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def zero_channels(layer: tree.ZeroPad, x: Array, weights: Weights) -> Array:
    return np.concatenate([x, np.zeros((len(x), layer.channels - x.shape[1], *x.shape[2:]))], axis=1)


def spatial(x: Array) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


ROOT = math.sqrt(2 / math.pi)
PHI = np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2, otypes=[float])
DEFINITIONS: dict[type[Layer], Callable[[Any, Array, Weights], Array]] = {
    tree.Conv: conv,
    tree.Local: local,
    tree.Lws: lws,
    tree.Deform: deform,
    tree.Match: frames.match,
    tree.Move: frames.move,
    tree.UpConv: upconv,
    tree.Maxout: maxout,
    tree.Glu: glu,
    tree.LSTM: lstm,
    tree.RBF: rbf,
    tree.Shuffle: grids.shuffle,
    tree.Unshuffle: grids.unshuffle,
    tree.Upsample: grids.resample,
    tree.UpsampleTo: grids.resample,
    tree.AdaptiveMaxPool: lambda layer, x, w: grids.adaptive(layer, x, np.max),
    tree.AdaptiveAvgPool: lambda layer, x, w: grids.adaptive(layer, x, np.mean),
    tree.Padding: grids.pad,
    tree.Crop: grids.crop,
    tree.MaxPool: lambda layer, x, w: pool(layer, x, -np.inf, np.nanmax),
    tree.AvgPool: avg_pool,
    tree.GlobalAvgPool: lambda layer, x, w: x.mean(axis=spatial(x), keepdims=True),
    tree.GlobalMaxPool: lambda layer, x, w: x.max(axis=spatial(x), keepdims=True),
    tree.ChannelMean: lambda layer, x, w: x.mean(axis=1, keepdims=True),
    tree.ChannelMax: lambda layer, x, w: x.max(axis=1, keepdims=True),
    tree.FullyConnected: fully_connected,
    tree.Attention: attention,
    tree.Embed: lambda layer, x, w: np.moveaxis(w["weight"][x.astype(int)], -1, 1),
    tree.Relu: lambda layer, x, w: np.maximum(0, x),
    tree.Leaky: lambda layer, x, w: leaky(x, layer.slope),
    tree.PRelu: lambda layer, x, w: leaky(x, w["weight"].reshape(-1, *[1] * (x.ndim - 2))),
    tree.Elu: lambda layer, x, w: np.where(x > 0, x, layer.alpha * (np.exp(x) - 1)),
    tree.Subsample: subsample,
    tree.Maps: lambda layer, x, w: np.take(x, layer.numbers, axis=1),
    tree.Interleave: interleave,
    tree.Tanh: lambda layer, x, w: 1.7159 * np.tanh(2 * x / 3) if layer.scaled else np.tanh(x),
    tree.Sigmoid: lambda layer, x, w: sigmoid(x),
    tree.Swish: lambda layer, x, w: x * sigmoid(x),
    tree.Gelu: lambda layer, x, w: x * PHI(x) if layer.exact else x / 2 * (1 + np.tanh(ROOT * (x + 0.044715 * x**3))),
    tree.Relu6: lambda layer, x, w: np.clip(x, 0, 6),
    tree.Mish: lambda layer, x, w: x * np.tanh(np.logaddexp(0, x)),
    tree.HardSigmoid: lambda layer, x, w: np.clip(x + 3, 0, 6) / 6,
    tree.HardSwish: lambda layer, x, w: x * np.clip(x + 3, 0, 6) / 6,
    tree.Selu: lambda layer, x, w: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    tree.Softplus: lambda layer, x, w: np.logaddexp(0, x),
    tree.Clip: lambda layer, x, w: np.clip(x, layer.min, layer.max),
    tree.Softmax: lambda layer, x, w: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    tree.BatchNorm: batch_norm,
    tree.LayerNorm: lambda layer, x, w: affine(standard(x, (1,), layer.eps), w),
    tree.GroupNorm: group_norm,
    tree.InstanceNorm: lambda layer, x, w: affine(standard(x, spatial(x), layer.eps), w),
    tree.RMSNorm: rms_norm,
    tree.LayerScale: lambda layer, x, w: affine(x, w),
    tree.LRN: lrn,
    tree.Dropout: lambda layer, x, w: x,
    tree.DropPath: lambda layer, x, w: x,
    tree.ZeroPad: zero_channels,
    tree.Identity: lambda layer, x, w: x,
}
