"""What the tests of examples/python share: import it before anything that may be missing. It finds lebm."""

from __future__ import annotations

import contextlib
import importlib
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

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
def signal_soon(number: int, ready: Callable[[], object] = lambda: True) -> Iterator[None]:
    """Send this process a signal while what is inside runs, as soon as it is ready. What never ends ctest ends."""
    over = threading.Event()

    def send() -> None:
        time.sleep(0.2)
        while not ready():
            if over.wait(0.01):
                return
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
