"""How far a training is: a bar by tqdm, in terminals and notebooks, or a line where there is none."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from lebm import Trainer

__all__ = ["Watch"]

_Item = TypeVar("_Item")


class Watch:
    """Shows and keeps the metrics of a trainer, while a loop goes through what it learns from.

        watch = lebm.progress.Watch(trainer)
        for batch in watch(batches):
            trainer.step(x[batch])
        lebm.plot.curves(watch.metrics)

    metrics has a list for each metric, with a number for each step that was watched, and one for the number of the step.
    """

    def __init__(self, trainer: Trainer) -> None:
        """Watch a trainer."""
        of_pixels = trainer._data.is_tokens is False
        self._trainer = trainer
        self._shown = "reconstruction_mse" if of_pixels else "reconstruction_nll", "f_gap"
        kept = *self._shown, "f_positive", "f_negative", "prior_grad_norm", "generator_grad_norm"
        self.metrics: dict[str, list[float]] = {name: [] for name in ("step", *kept)}

    def __call__(self, items: Collection[_Item]) -> Iterator[_Item]:
        """Go through the items, with one step of the trainer for each, and show how far that is."""
        bar = _bar(len(items))
        try:
            for item in items:
                yield item
                self._note()
                if bar is not None:
                    bar.set_postfix(self._last(), refresh=False)
                    bar.update()
        finally:
            if bar is not None:
                bar.close()
        if bar is None and self.metrics["step"]:
            last = ", ".join(f"{name} {value}" for name, value in self._last().items())
            print(f"step {self._trainer.steps_done}: {last}", file=sys.stderr)

    def _note(self) -> None:
        """Keep the metrics of the last step."""
        self.metrics["step"].append(self._trainer.steps_done)
        for name, values in self.metrics.items():
            if name != "step":
                values.append(self._trainer.metric(name))

    def _last(self) -> dict[str, str]:
        return {name: f"{self.metrics[name][-1]:.4g}" for name in self._shown}


def _bar(total: int) -> Any:
    """A bar, if tqdm is installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=total)
