"""C objects are destroyed once, never before those that need them, whatever the order in which Python lets go."""

import gc
import itertools
import random
import subprocess
import sys
import unittest
import weakref
from collections.abc import Callable
from typing import Any

from support import DATA, LATENT, PYTHON, lebm, np

KINDS = "net", "prior", "generator", "sampler", "trainer"


class Lifetime(unittest.TestCase):
    def setUp(self) -> None:
        """Log what is destroyed, from here on."""
        gc.collect()
        self.log: list[tuple[str, int]] = []
        for kind in KINDS:
            name = f"lebm_{kind}_destroy"
            function = getattr(lebm._lib, name)
            self.addCleanup(setattr, lebm._lib, name, function)
            setattr(lebm._lib, name, self.logging(kind, function))

    def logging(self, kind: str, function: Callable[[Any], None]) -> Callable[[Any], None]:
        def destroy(pointer: Any) -> None:
            self.log.append((kind, pointer.value))
            function(pointer)

        return destroy

    def make(self) -> dict[str, Any]:
        f = lebm.Net(f"in {LATENT}; linear 1").init("pytorch", 1)
        g = lebm.Net(f"in {LATENT}; linear {DATA}; tanh").init("pytorch", 2)
        prior, generator = lebm.Prior(f), lebm.Generator(g, "gaussian", 0.3)
        to_prior, to_posterior = lebm.Sampler(steps=1), lebm.Sampler(steps=1)
        trainer = lebm.Trainer(prior, generator, to_prior, to_posterior)
        handles = {"f": f, "g": g, "prior": prior, "generator": generator}
        return {**handles, "to_prior": to_prior, "to_posterior": to_posterior, "trainer": trainer}

    def check_log(self) -> None:
        """All were destroyed once, the trainer before what it borrows; the nets at any time, for models hold them."""
        kinds = [kind for kind, _ in self.log]
        self.assertEqual(sorted(kinds), ["generator", "net", "net", "prior", "sampler", "sampler", "trainer"])
        self.assertEqual(next(kind for kind in kinds if kind != "net"), "trainer")
        self.assertEqual(len({pointer for _, pointer in self.log}), 7)

    def use(self, handles: dict[str, Any]) -> None:
        for name, handle in handles.items():
            if name in "fg":
                self.assertEqual(handle.in_features, LATENT)
            elif name in ("prior", "generator"):
                self.assertEqual(handle.latent_size, LATENT)
            else:
                handle.options["seed"] = 1

    def every_order(self, let_go: Callable[[dict[str, Any], str], None]) -> None:
        for order in itertools.permutations(["f", "g", "prior", "generator", "to_prior", "to_posterior", "trainer"]):
            handles = self.make()
            self.log.clear()
            for name in order:
                let_go(handles, name)
                self.use(handles)
            self.check_log()

    def test_dropped_in_every_order(self) -> None:
        gc.disable()  # the last reference is enough
        self.addCleanup(gc.enable)
        self.every_order(lambda handles, name: handles.pop(name))

    def test_closed_in_every_order(self) -> None:
        self.every_order(lambda handles, name: handles.pop(name).close())

    def test_training_goes_on_with_what_it_borrowed(self) -> None:
        handles = self.make()
        trainer = handles.pop("trainer")
        prior_net = handles["prior"].net
        for handle in handles.values():
            handle.close()
        del handle
        handles.clear()
        self.log.clear()
        gc.collect()
        before = prior_net.params["0.weight"]
        trainer.step(np.zeros((3, DATA)))
        self.assertFalse(np.array_equal(before, prior_net.params["0.weight"]))
        self.assertEqual(self.log, [])
        trainer.close()
        self.assertEqual(self.log[0][0], "trainer")
        self.assertEqual(sorted(kind for kind, _ in self.log[1:]), ["generator", "sampler", "sampler"])
        self.assertEqual(prior_net.forward(np.zeros((1, LATENT))).shape, (1, 1))

    def test_nets_of_models(self) -> None:
        """A net lives as long as its own handle, its model, or one that the model gave."""
        for closed_first in (0, 1):
            net = lebm.Net(f"in {LATENT}; linear 1").init("pytorch", 1)
            weight = net.params["0.weight"]
            prior = lebm.Prior(net)
            given = prior.net
            self.log.clear()
            (net, prior)[closed_first].close()
            self.assertEqual([kind for kind, _ in self.log], [["net"], []][closed_first])  # `given` needs the prior
            (prior, net)[closed_first].close()
            np.testing.assert_array_equal(given.params["0.weight"], weight)
            given.close()
            self.assertEqual(sorted(kind for kind, _ in self.log), ["net", "prior"])

    def test_a_net_outlives_its_model_and_can_have_another(self) -> None:
        net = lebm.Net(f"in {LATENT}; linear 1").init("pytorch", 1)
        prior = lebm.Prior(net)
        expected = prior.score(np.ones((1, LATENT)))
        with self.assertRaises(lebm.StateError):
            lebm.Prior(net)
        prior.close()
        np.testing.assert_array_equal(lebm.Prior(net).score(np.ones((1, LATENT))), expected)

    def test_collected_in_cycles(self) -> None:
        """The user's cycles go through attributes and callbacks."""
        for seed in range(200):
            handles = self.make()
            alive = [weakref.ref(handle) for handle in handles.values()]
            names = list(handles)
            random.Random(seed).shuffle(names)
            for a, b in zip(names, names[1:] + names[:1]):
                handles[a]._next = handles[b]
            for name in ("to_prior", "to_posterior", "trainer"):
                handles[name].progress = lambda done, kept=handles: bool(kept)
            self.log.clear()
            del handles
            gc.collect()
            self.assertEqual([ref() for ref in alive], [None] * 7)
            self.check_log()

    def test_used_while_a_cycle_is_collected(self) -> None:
        """Python finalizes C objects before it calls the cycle's __del__()."""
        outcomes: list[object] = []

        class Run:
            def __init__(self, trainer: lebm.Trainer, net: lebm.Net) -> None:
                self.trainer, self.net, self.itself = trainer, net, self

            def __del__(self) -> None:
                for call in (lambda: self.trainer.step(np.zeros((1, DATA))), lambda: self.net.init("pytorch", 1)):
                    try:
                        outcomes.append(call())
                    except lebm.LebmError as error:
                        outcomes.append(type(error))

        handles = self.make()
        Run(handles["trainer"], handles["f"])
        del handles
        gc.collect()
        self.assertEqual(outcomes, [lebm.InvalidError, lebm.InvalidError])

    def test_context_manager(self) -> None:
        with lebm.Sampler() as sampler:
            self.assertEqual(sampler.kernel, "langevin")
            self.log.clear()
        self.assertEqual([kind for kind, _ in self.log], ["sampler"])
        with self.assertRaises(lebm.StateError):
            sampler.options["steps"]

    def test_a_failed_constructor_leaves_nothing(self) -> None:
        self.log.clear()
        with self.assertRaises(lebm.UnknownOptionError):
            lebm.Sampler(speed=1)
        gc.collect()
        self.assertEqual([kind for kind, _ in self.log], ["sampler"])

    def test_the_end_of_the_program(self) -> None:
        """A thread that is still sampling when the program ends does no harm, nor do handles that are still there."""
        program = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
import lebm
prior = lebm.Prior(lebm.Net("in 2; linear 1").init("pytorch", 1))
sampler = lebm.Sampler(steps=10**9)
started = threading.Event()
def sample():
    started.set()
    sampler.run_prior(prior, 2)
threading.Thread(target=sample, daemon=True).start()
started.wait()
time.sleep(0.2)
"""
        subprocess.run([sys.executable, "-c", program, PYTHON], check=True)


if __name__ == "__main__":
    unittest.main()
