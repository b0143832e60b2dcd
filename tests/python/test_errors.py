"""Every status is an exception of its own, with the library's text."""

import json
import tempfile
import unittest
from collections.abc import Callable

from support import DATA, LATENT, lebm, small_generator, small_prior, np


def write_model(path: str, version: str = "1", dtype: str = "F32") -> None:
    """A model file of one number, of this version of the format and this type."""
    metadata = {
        "format": "liblatentebm",
        "format_version": version,
        "f.spec": "in 1; linear 1 nobias",
        "prior.sigma0": "1",
    }
    metadata |= {"g.spec": "in 1; tanh", "generator.likelihood": "gaussian", "generator.sigma": "1"}
    tensor = {"dtype": dtype, "shape": [1, 1], "data_offsets": [0, 4 if dtype == "F32" else 2]}
    header = json.dumps({"__metadata__": metadata, "f.0.weight": tensor}).encode()
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + bytes(tensor["data_offsets"][1]))


class Errors(unittest.TestCase):
    def fails(self, error: type[lebm.LebmError], twin: type, text: str, call: Callable[[], object]) -> None:
        with self.assertRaisesRegex(error, text) as caught:
            call()
        self.assertIsInstance(caught.exception, lebm.LebmError)
        self.assertIsInstance(caught.exception, twin)
        self.assertEqual(caught.exception.status, error.status)

    def test_arguments(self) -> None:
        self.fails(lebm.InvalidError, ValueError, "NUL", lambda: lebm.Net("in 1\0; linear 1"))
        self.fails(lebm.UnknownOptionError, KeyError, "no.*'linaer'", lambda: lebm.Net("in 2; linaer 3"))
        self.fails(lebm.UnknownOptionError, KeyError, "no metric 'f'", lambda: lebm.Sampler().metric("f"))
        self.fails(lebm.RangeError, ValueError, "allowed", lambda: lebm.Prior(lebm.Net("in 2; linear 1"), sigma0=-1))
        self.fails(lebm.ShapeError, ValueError, "", lambda: lebm.Prior(lebm.Net("in 2; linear 2")))
        self.fails(lebm.FormatError, ValueError, "", lambda: lebm.Net("in 2; linear"))
        self.fails(lebm.StateError, RuntimeError, "not run", lambda: lebm.Sampler().metric("log_density"))

    def test_memory(self) -> None:
        def much() -> None:
            lebm.Net("in 16777216; linear 16777216; linear 16777216")

        self.fails(lebm.OutOfMemoryError, MemoryError, "", much)

    def test_owned_nets(self) -> None:
        prior = small_prior()
        self.fails(lebm.StateError, RuntimeError, "", lambda: lebm.Prior(prior.net))
        self.fails(lebm.StateError, RuntimeError, "", lambda: prior.net.add_linear(1))
        self.assertEqual(prior.latent_size, LATENT)

    def test_a_failed_take_over_leaves_the_net_its_owner(self) -> None:
        net = lebm.Net("in 2; linear 1")
        self.fails(lebm.RangeError, ValueError, "", lambda: lebm.Prior(net, sigma0=0))
        self.assertEqual(lebm.Prior(net).latent_size, 2)

    def test_closed_handles(self) -> None:
        sampler = lebm.Sampler()
        sampler.close()
        sampler.close()
        for call in (
            lambda: sampler.kernel,
            lambda: sampler.options["steps"],
            lambda: sampler.run_prior(small_prior(), 1),
        ):
            self.fails(lebm.StateError, RuntimeError, "this Sampler is closed", call)

    def test_divergence(self) -> None:
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler(step_size=1e6)
        z = np.zeros((2, LATENT), np.float32)
        self.fails(lebm.DivergedError, ArithmeticError, "step", lambda: sampler.run_prior(prior, 2, z))
        self.assertFalse(z.any())
        trainer = lebm.Trainer(prior, generator, sampler, sampler)
        self.fails(lebm.DivergedError, ArithmeticError, "", lambda: trainer.step(np.zeros((2, DATA))))
        self.assertEqual(trainer.steps_done, 0)

    def test_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/model"
            self.fails(lebm.FileError, OSError, f"{path}.*No such file", lambda: lebm.load_model(path))
            self.fails(lebm.FileError, OSError, "", lambda: lebm.save_model(folder, small_prior(), small_generator()))
            write_model(path)
            prior, generator = lebm.load_model(path)
            self.assertEqual((prior.latent_size, generator.data_size), (1, 1))
            self.fails(lebm.StateError, RuntimeError, "without samplers", lambda: lebm.load_sampler(path, "to_prior"))
            self.fails(lebm.UnknownOptionError, KeyError, "", lambda: lebm.load_sampler(path, "prior"))
            write_model(path, version="2")
            self.fails(lebm.VersionError, Exception, "", lambda: lebm.load_model(path))
            write_model(path, dtype="F16")
            self.fails(lebm.UnsupportedError, NotImplementedError, "", lambda: lebm.load_model(path))
            with open(path, "wb") as file:
                file.write(b"no model")
            self.fails(lebm.FormatError, ValueError, "", lambda: lebm.load_model(path))

    def test_statuses_that_cannot_be_provoked(self) -> None:
        with self.assertRaises(lebm.InternalError):
            lebm._raise_failure(-12, None, None)
        with self.assertRaises(lebm.LebmError) as caught:
            lebm._raise_failure(-99, None, None)  # of a library that is newer than the module
        self.assertEqual(caught.exception.status, -99)
        self.assertEqual(lebm._lib.lebm_status_name(lebm.ShapeError.status), b"LEBM_ERR_SHAPE")


if __name__ == "__main__":
    unittest.main()
