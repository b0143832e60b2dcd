"""What the tests of examples/python share: import it before anything that may be missing. It finds lebm.py."""

from __future__ import annotations

import contextlib
import importlib
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / "examples" / "python"
SKIPPED = 77  # SKIP_RETURN_CODE in CMakeLists.txt

sys.path.insert(0, str(PYTHON))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started with it ignored


def need(*modules: str) -> None:
    """End the test as skipped if a module is not installed."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f"skipped: {error}")
            sys.exit(SKIPPED)


need("numpy")

import lebm  # noqa: E402 # NumPy is there
import numpy as np  # noqa: E402, F401 # for the tests

LATENT, DATA = 4, 12


def small_prior() -> lebm.Prior:
    return lebm.Prior(lebm.Net(f"in {LATENT}; linear 16; gelu; linear 1").init("pytorch", 1))


def small_generator() -> lebm.Generator:
    net = lebm.Net(f"in {LATENT}; linear 16; gelu; linear {DATA}; reshape 3 2 2; tanh")
    return lebm.Generator(net.init("pytorch", 2), "gaussian", 0.3)


@contextlib.contextmanager
def signal_soon(number: int, delay: float = 0.2) -> Iterator[None]:
    """Send this process a signal while what is inside runs; it must take no longer than the delay and some seconds."""
    timer = threading.Timer(delay, os.kill, (os.getpid(), number))
    begin = time.monotonic()
    timer.start()
    try:
        yield
    finally:
        timer.join()
    took = time.monotonic() - begin
    assert took < delay + 10, f"the signal came after {delay} s and was answered only after {took:.1f} s"
