"""Pictures of pictures, and of how a training went, by matplotlib."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

__all__ = ["curves", "grid"]

Path = Union[str, "os.PathLike[str]"]

_CURVES = {
    "reconstruction MSE": ["reconstruction_mse"],
    "nats per token": ["reconstruction_nll"],
    "mean of f": ["f_positive", "f_negative"],
    "norm of gradients": ["prior_grad_norm", "generator_grad_norm"],
}
_LOGARITHMIC = "reconstruction MSE", "norm of gradients"


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("lebm.plot takes matplotlib: pip install matplotlib") from None
    return pyplot


def grid(images: ArrayLike, columns: Optional[int] = None, axes: Optional[Axes] = None) -> Axes:
    """Show images [n, C, H, W] or [n, H, W], C = 1 or 3, in [-1, 1], in so many columns; by default a square of them.

    What generators decode is flat: x.reshape(-1, *generator.data_shape). Numbers that are missing (NaN) are grey.
    """
    x = np.asarray(images, np.float32)
    if x.ndim == 3:
        x = x[:, None]
    if x.ndim != 4 or x.shape[1] not in (1, 3) or x.size == 0:
        raise ValueError(f"images has shape {x.shape}; allowed is (n, 1 or 3, H, W) or (n, H, W)")
    n, channels, height, width = x.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    sheet = np.ones((rows * columns, channels, height + 1, width + 1), np.float32)  # white lines between
    sheet[:n, :, :height, :width] = np.nan_to_num(x.clip(-1, 1), nan=0)
    sheet = sheet.reshape(rows, columns, channels, height + 1, width + 1).transpose(0, 3, 1, 4, 2)
    sheet = sheet.reshape(rows * (height + 1), columns * (width + 1), channels)[:-1, :-1]
    if axes is None:
        _, axes = _pyplot().subplots(figsize=(min(columns, 12), min(columns, 12) * rows / columns))
    axes.imshow(sheet.repeat(3 // channels, 2) / 2 + 0.5, interpolation="nearest")
    axes.set_axis_off()
    return axes


def _columns(metrics: Union[Path, Mapping[str, ArrayLike]]) -> Mapping[str, ArrayLike]:
    """Columns by their names: those of a file, or given ones."""
    if isinstance(metrics, Mapping):
        return metrics
    rows: Any = np.atleast_1d(np.genfromtxt(os.fspath(metrics), delimiter=",", names=True))
    return {name: rows[name] for name in rows.dtype.names or ()}


def _smooth(values: ArrayLike, width: int) -> NDArray[np.float64]:
    """Means over `width` neighbours, which show the course of a noisy curve."""
    return np.convolve(np.asarray(values, np.float64), np.full(width, 1 / width), "valid")


def curves(metrics: Union[Path, Mapping[str, ArrayLike]], axes: Optional[Sequence[Axes]] = None) -> Sequence[Axes]:
    """Draw how a training went: reconstruction, the mean of f on samples of posterior and prior, norms of gradients.

    metrics is the file metrics.csv of a trainer in C, or arrays by their names, as lebm.progress.Watch has them.
    """
    columns = _columns(metrics)
    shown = {title: [name for name in names if name in columns] for title, names in _CURVES.items()}
    shown = {title: names for title, names in shown.items() if names}
    if not shown:
        raise ValueError(f"there is nothing to draw: no {', '.join(sum(_CURVES.values(), []))}")
    if axes is None:
        size = 4 * len(shown), 3
        axes = _pyplot().subplots(1, len(shown), figsize=size, squeeze=False, constrained_layout=True)[1][0]
    assert axes is not None
    for axis, (title, names) in zip(axes, shown.items()):
        for name in names:
            values = np.atleast_1d(np.asarray(columns[name], np.float64))
            steps = np.atleast_1d(np.asarray(columns.get("step", np.arange(1, len(values) + 1)), np.float64))
            width = max(1, len(values) // 100)
            axis.plot(_smooth(steps, width), _smooth(values, width), label=name)
        axis.set(title=title, xlabel="step")
        axis.legend()
        if title in _LOGARITHMIC:
            _label_decades(axis)
    return axes


def _label_decades(axis: Axes) -> None:
    from matplotlib import ticker

    axis.set_yscale("log")
    axis.yaxis.set_minor_formatter(ticker.LogFormatterSciNotation(minor_thresholds=(2, 0.5)))  # up to two decades
