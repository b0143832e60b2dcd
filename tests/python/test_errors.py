"""Every status is an exception of its own, with the library's text."""

import copy
import json
import os
import pickle
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable

from support import DATA, LATENT, PYTHON, lebm, small_generator, small_prior, np


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
        self.fails(lebm.InvalidError, ValueError, "spec.*NUL", lambda: lebm.Net("in 1\0; linear 1"))
        self.fails(lebm.UnknownOptionError, KeyError, "no.*'linaer'", lambda: lebm.Net("in 2; linaer 3"))
        self.fails(lebm.UnknownOptionError, KeyError, "no metric 'f'", lambda: lebm.Sampler().metric("f"))
        self.fails(lebm.RangeError, ValueError, "allowed", lambda: lebm.Prior(lebm.Net("in 2; linear 1"), sigma0=-1))
        self.fails(lebm.ShapeError, ValueError, "", lambda: lebm.Prior(lebm.Net("in 2; linear 2")))
        self.fails(lebm.FormatError, ValueError, "", lambda: lebm.Net("in 2; linear"))
        self.fails(lebm.StateError, RuntimeError, "not run", lambda: lebm.Sampler().metric("log_density"))

    def test_arguments_of_another_type_are_named(self) -> None:
        prior, generator, sampler, net = small_prior(), small_generator(), lebm.Sampler(), lebm.Net("in 2; linear 1")
        calls = {
            "net must be a lebm.Net, not str": lambda: lebm.Prior("in 2; linear 1"),
            "net must be a lebm.Net, not NoneType": lambda: lebm.Generator(None, "gaussian", 1),
            "prior must be a lebm.Prior, not Generator": lambda: lebm.Trainer(generator, prior, sampler, sampler),
            "generator must be a lebm.Generator, not Prior": lambda: lebm.save_model("x", prior, prior),
            "to_prior must be a lebm.Sampler, not NoneType": lambda: lebm.Trainer(prior, generator, None, sampler),
            "to_posterior must be a lebm.Sampler, not Net": lambda: lebm.Trainer(prior, generator, sampler, net),
            "prior must be a lebm.Prior, not Net": lambda: sampler.run_prior(net, 1),
            "generator must be a lebm.Generator, not NoneType": lambda: sampler.run_posterior(prior, None, []),
            "spec must be a str, not NoneType": lambda: lebm.Net(None),
            "kernel must be a str, not int": lambda: lebm.Sampler(3),
            "likelihood must be a str, not float": lambda: lebm.Generator(net, 0.3),
            "role must be a str, not NoneType": lambda: lebm.load_sampler("x", None),
            "key must be a str, not int": lambda: sampler.metric(1),
            "sigma0 must be a number, not str": lambda: lebm.Prior(net, "1"),
            "sigma must be a number, not NoneType": lambda: lebm.Generator(net, "gaussian", None),
            "parameter must be a number, not str": lambda: net.add_activation("leaky_relu", "0.2"),
            "n must be a whole number, not float": lambda: sampler.run_prior(prior, 2.0),
            "seed must be a whole number, not str": lambda: net.init("pytorch", "1"),
            "out_features must be a whole number, not NoneType": lambda: net.add_linear(None),
            "stride must be a whole number, not float": lambda: net.add_conv_transpose2d(1, 2, 0.5, 0),
            "height must be a whole number, not str": lambda: net.add_reshape(1, "1"),
        }
        for text, call in calls.items():
            with self.subTest(text), self.assertRaisesRegex(TypeError, f"^{text}$"):
                call()
        self.assertEqual(net.spec, lebm.Net("in 2; linear 1").spec)

    def test_bounds_are_the_librarys(self) -> None:
        prior, sampler = small_prior(), lebm.Sampler()
        for n in (0, -1, -(2**63)):
            self.fails(lebm.RangeError, ValueError, f"n is {n}.*allowed are 1 to", lambda: sampler.run_prior(prior, n))
        self.fails(lebm.RangeError, ValueError, f"n is {2**64}.*64 bits", lambda: sampler.run_prior(prior, 2**64))
        self.fails(lebm.RangeError, ValueError, f"seed is -1.* 0 to {2**64 - 1}", lambda: prior.net.init("pytorch", -1))

    def test_memory(self) -> None:
        def much() -> None:
            lebm.Net("in 16777216; linear 16777216; linear 16777216")

        self.fails(lebm.OutOfMemoryError, MemoryError, "", much)

    def test_nets_of_models(self) -> None:
        prior = small_prior()
        self.fails(lebm.StateError, RuntimeError, "", lambda: lebm.Prior(prior.net))
        self.fails(lebm.StateError, RuntimeError, "^(?!lebm_).*belongs", lambda: prior.net.add_linear(1))
        self.assertEqual(prior.latent_size, LATENT)

    def test_nets_whose_weights_were_never_set(self) -> None:
        f, sampler = lebm.Net("in 2; linear 1"), lebm.Sampler(steps=1)
        prior = lebm.Prior(f)
        self.fails(lebm.StateError, RuntimeError, "0.weight", lambda: sampler.run_prior(prior, 1))
        f.params["0.weight"] = np.ones((1, 2))
        sampler.run_prior(prior, 1)

    def test_a_model_that_fails_leaves_the_net_free(self) -> None:
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


class Handles(unittest.TestCase):
    """What handles say of themselves."""

    def test_repr(self) -> None:
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler(steps=7)
        spec = f"in {LATENT}; linear 16; gelu; linear 1"
        net = f"<lebm.Net spec='{spec}', in_features={LATENT}, out_shape=(1, 1, 1)>"
        self.assertEqual(repr(prior.net), net)
        self.assertEqual(repr(prior), f"<lebm.Prior latent_size={LATENT}, sigma0=1.0, net={net}>")
        self.assertRegex(repr(generator), r"=4, data_shape=\(3, 2, 2\), likelihood='gaussian', sigma=0.3, spec='in 4; ")
        self.assertRegex(repr(sampler), "^<lebm.Sampler kernel='langevin', options={'steps': 7, ")
        trainer = lebm.Trainer(prior, generator, sampler, sampler, seed=9)
        self.assertRegex(repr(trainer), "^<lebm.Trainer steps_done=0, epochs_done=0, options={.*'seed': 9")
        self.assertIn("'0.bias': array(", repr(prior.net.params))
        sampler.close()
        self.assertEqual(repr(sampler), "<lebm.Sampler closed>")

    def test_copies_point_to_the_model_file(self) -> None:
        for handle in (small_prior(), small_generator().net, lebm.Sampler()):
            for call in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "cannot be pickled or copied.*save_model.* and load_model"):
                    call(handle)


class Import(unittest.TestCase):
    def test_a_library_that_is_missing_or_another(self) -> None:
        missing = "liblatentebm-missing.so.0: cannot open.*"
        for library, text in (("liblatentebm-missing.so.0", missing), ("libc.so.6", "undefined symbol: lebm_.*")):
            done = subprocess.run(
                [sys.executable, "-c", "import lebm"],
                env={**os.environ, "LEBM_LIBRARY": library, "PYTHONPATH": str(PYTHON)},
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, f"\nImportError: .*{text}ldconfig.*LEBM_LIBRARY to the path of .*so.0")


if __name__ == "__main__":
    unittest.main()
