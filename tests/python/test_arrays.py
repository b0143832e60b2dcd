"""Numbers that go in and come out: the bits are those of C, arrays are not copied without need, shapes are checked."""

import ctypes
import os
import tempfile
import unittest

from support import DATA, LATENT, lebm, small_generator, small_prior, np


def equal_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


class Bits(unittest.TestCase):
    """The module's results are the C library's, called without the module."""

    def test_sampling_as_in_c(self) -> None:
        c = ctypes.CDLL(os.environ["LEBM_LIBRARY"])
        net, prior, sampler = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        z = np.empty((5, LATENT), np.float32)
        spec = f"in {LATENT}; linear 16; gelu; linear 1".encode()
        self.assertEqual(c.lebm_net_create_from_spec(ctypes.byref(net), spec), 0)
        self.assertEqual(c.lebm_net_init(net, b"pytorch", ctypes.c_uint64(1)), 0)
        self.assertEqual(c.lebm_prior_create(ctypes.byref(prior), net, ctypes.c_double(1)), 0)
        self.assertEqual(c.lebm_sampler_create(ctypes.byref(sampler), b"langevin"), 0)
        self.assertEqual(c.lebm_sampler_run_prior(sampler, prior, ctypes.c_int64(5), ctypes.c_void_p(z.ctypes.data)), 0)
        c.lebm_sampler_destroy(sampler)
        c.lebm_prior_destroy(prior)
        self.assertTrue(equal_bits(lebm.Sampler().run_prior(small_prior(), 5), z))

    def test_training_again_gives_the_same_model(self) -> None:
        def train() -> bytes:
            prior, generator = small_prior(), small_generator()
            trainer = lebm.Trainer(prior, generator, lebm.Sampler(steps=3), lebm.Sampler(steps=2), seed=7)
            for seed in range(3):
                trainer.step(np.random.default_rng(seed).uniform(-1, 1, (10, DATA)))
            trainer.end_epoch()
            self.assertEqual((trainer.steps_done, trainer.epochs_done), (3, 1))
            return b"".join(array.tobytes() for net in (prior.net, generator.net) for array in net.params.values())

        self.assertEqual(train(), train())

    def test_densities_fit_together(self) -> None:
        prior, generator = small_prior(), small_generator()
        z = np.random.default_rng(0).normal(size=(3, LATENT)).astype(np.float32)
        x = generator.decode(z)
        f = prior.net.forward(z)[:, 0]
        log_p0 = -0.5 * (z**2).sum(1) - LATENT / 2 * np.log(2 * np.pi)
        np.testing.assert_allclose(prior.log_density(z), f + log_p0, rtol=1e-5)
        constant = -DATA / 2 * np.log(2 * np.pi * generator.sigma**2)
        np.testing.assert_allclose(generator.log_likelihood(z, x), np.full(3, constant), rtol=1e-5)
        np.testing.assert_allclose(generator.score(z, x), np.zeros((3, LATENT)), atol=1e-5)
        grad_in, grad_params = prior.net.vjp(z, np.ones((3, 1)))
        np.testing.assert_allclose(prior.score(z), grad_in - z, rtol=1e-5, atol=1e-6)
        self.assertEqual(
            {name: array.shape for name, array in grad_params.items()},
            {name: array.shape for name, array in prior.net.params.items()},
        )
        self.assertEqual(grad_params["2.bias"], 3)  # one for each row

    def test_gradients_by_name(self) -> None:
        net = lebm.Net("in 2; linear 3; linear 4").init("pytorch", 1)
        rng = np.random.default_rng(0)
        x, grad_out = rng.normal(size=(5, 2)), rng.normal(size=(5, 4))
        grad_in, gradients = net.vjp(x, grad_out)
        first, bias, second = (net.params[name] for name in ("0.weight", "0.bias", "1.weight"))
        expected = {
            "0.weight": (grad_out @ second).T @ x,
            "0.bias": (grad_out @ second).sum(0),
            "1.weight": grad_out.T @ (x @ first.T + bias),
            "1.bias": grad_out.sum(0),
        }
        self.assertEqual(list(gradients), list(net.params))
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, expected[name], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(grad_in, grad_out @ second @ first, rtol=1e-4, atol=1e-5)
        net.params.update({name: net.params[name] + gradient for name, gradient in gradients.items()})
        self.assertEqual(lebm.Net("in 2; relu").vjp(x, x)[1], {})


class Nets(unittest.TestCase):
    def test_layers_one_by_one_are_those_of_the_spec(self) -> None:
        spec = "in 8; linear 12; leaky_relu 0.2; reshape 3 2 2; conv_transpose2d 2 4 2 1 nobias; tanh"
        net = lebm.Net("in 8")
        net.add_linear(12)
        net.add_activation("leaky_relu", 0.2)
        net.add_reshape(3, 2, 2)
        net.add_conv_transpose2d(2, 4, 2, 1, bias=False)
        net.add_activation("tanh")
        self.assertEqual(net.spec, lebm.Net(spec).spec)
        self.assertEqual((net.in_features, net.out_features, net.out_shape), (8, 32, (2, 4, 4)))
        self.assertEqual([bool(form) for form in net.layer_forms], [False, False, False, True, False])

    def test_params_are_a_state_dict(self) -> None:
        net, other = lebm.Net("in 2; linear 3; relu; linear 1").init("pytorch", 5), lebm.Net(
            "in 2; linear 3; relu; linear 1"
        )
        self.assertEqual(list(net.params), ["0.weight", "0.bias", "2.weight", "2.bias"])
        self.assertEqual([array.shape for array in net.params.values()], [(3, 2), (3,), (1, 3), (1,)])
        other.params.update(net.params)
        for name, array in net.params.items():
            self.assertTrue(equal_bits(other.params[name], array), name)
        with self.assertRaisesRegex(lebm.ShapeError, r"'0\.bias' has shape \(3,\), not \(4,\)"):
            net.params["0.bias"] = np.zeros(4)
        with self.assertRaisesRegex(KeyError, "no parameter '1.weight'; it has 0.weight"):
            net.params["1.weight"]
        with self.assertRaises(TypeError):
            del net.params["0.bias"]

    def test_params_are_read_only_copies(self) -> None:
        net = lebm.Net("in 2; linear 3").init("pytorch", 5)
        before = net.params["0.bias"]
        with self.assertRaisesRegex(ValueError, "read-only"):
            net.params["0.bias"][0] = 5
        net.params["0.bias"] = np.full(3, 5)
        self.assertFalse((before == 5).any())
        np.testing.assert_array_equal(net.params["0.bias"], np.full(3, 5))


class Copies(unittest.TestCase):
    def test_arrays_as_c_wants_them_are_not_copied(self) -> None:
        array = np.zeros((3, LATENT), np.float32)
        array.flags.writeable = False
        self.assertIs(lebm._rows("z", array, (LATENT,)), array)
        images = np.zeros((3, 3, 2, 2), np.float32)
        self.assertIs(lebm._rows("x", images, (3, 2, 2)), images)

    def test_other_arrays_are_copied(self) -> None:
        prior = small_prior()
        z = np.random.default_rng(0).normal(size=(6, LATENT)).astype(np.float32)
        expected = prior.log_density(z)
        unaligned = np.frombuffer(b"x" + z.tobytes(), np.uint8)[1:].view(np.float32).reshape(z.shape)
        for same in (z.astype(np.float64), np.asfortranarray(z), z[::-1][::-1], z.tolist(), z.astype(">f4"), unaligned):
            self.assertTrue(equal_bits(prior.log_density(same), expected))
        self.assertTrue(equal_bits(prior.log_density(z[::2]), expected[::2]))

    def test_a_result_goes_where_it_is_told(self) -> None:
        prior, z = small_prior(), np.zeros((3, LATENT), np.float32)
        self.assertIs(lebm.Sampler().run_prior(prior, 3, z), z)
        self.assertTrue(equal_bits(z, lebm.Sampler().run_prior(prior, 3)))
        for wrong in (
            z.astype(np.float64),
            np.zeros((LATENT, 3), np.float32).T,
            z.tolist(),
            np.broadcast_to(z[:1], z.shape),
        ):
            with self.assertRaisesRegex(lebm.InvalidError, "float32 array that is row-major and writable"):
                lebm.Sampler().run_prior(prior, 3, wrong)

    def test_given_starts(self) -> None:
        prior, generator = small_prior(), small_generator()
        sampler = lebm.Sampler(steps=1, step_size=1e-12, start="given")
        start = np.full((2, LATENT), 0.5, np.float32)
        np.testing.assert_allclose(sampler.run_prior(prior, 2, start.copy()), start, atol=1e-4)
        z = sampler.run_posterior(prior, generator, np.zeros((2, DATA)), start.copy())
        np.testing.assert_allclose(z, start, atol=1e-4)
        with self.assertRaisesRegex(lebm.InvalidError, "start is 'given', but z is not given"):
            sampler.run_prior(prior, 2)
        sampler.options["start"] = "continue"
        np.testing.assert_allclose(sampler.run_prior(prior, 2, start.copy()), start, atol=1e-4)
        with self.assertRaisesRegex(lebm.InvalidError, "start is 'continue', but z is not given"):
            sampler.run_prior(prior, 2)

    def test_no_rows(self) -> None:
        self.assertEqual(small_prior().score(np.empty((0, LATENT))).shape, (0, LATENT))


class Shapes(unittest.TestCase):
    def test_wrong_shapes(self) -> None:
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler()
        z, x = np.zeros((2, LATENT)), np.zeros((2, DATA))
        calls = {
            "wide": lambda: prior.score(np.zeros((2, LATENT + 1))),
            "flat": lambda: prior.log_density(np.zeros(LATENT)),
            "scalar": lambda: prior.net.forward(1.0),
            "other n": lambda: generator.log_likelihood(z, x[:1]),
            "other n, score": lambda: generator.score(z, x[:1]),
            "swapped": lambda: generator.score(x, z),
            "vjp": lambda: prior.net.vjp(z, np.ones((3, 1))),
            "room": lambda: sampler.run_prior(prior, 3, np.zeros((2, LATENT), np.float32)),
            "posterior": lambda: sampler.run_posterior(prior, generator, z),
            "step": lambda: lebm.Trainer(prior, generator, sampler, sampler).step(z),
        }
        for name, call in calls.items():
            with self.subTest(name), self.assertRaisesRegex(lebm.ShapeError, r"has shape \(.*\); allowed is \("):
                call()

    def test_images_flat_or_in_their_shape(self) -> None:
        generator = small_generator()  # of [3, 2, 2]
        z, x = np.zeros((5, LATENT)), np.random.default_rng(0).uniform(-1, 1, (5, DATA))
        expected = generator.log_likelihood(z, x)
        for shape in ((5, 3, 2, 2), (5, 3, 1, 2, 2), (5, 1, DATA)):
            self.assertTrue(equal_bits(generator.log_likelihood(z, x.reshape(shape)), expected), shape)
        for shape in ((5, 2, 6), (5, 3, 4), (5, 2, 3, 2)):
            with self.subTest(shape), self.assertRaisesRegex(lebm.ShapeError, r"\(5, 12\) or \(5, 3, 2, 2\)$"):
                generator.log_likelihood(z, x.reshape(shape))

    def test_pixels_out_of_the_range_of_the_data(self) -> None:
        open_ends = float("-inf"), float("inf")
        for tail, likelihood, expected in (
            ("; tanh", "gaussian", (-1, 1)),
            ("; sigmoid; reshape 3 2 2", "gaussian", (0, 1)),
            ("; softplus", "gaussian", (0, open_ends[1])),
            ("", "gaussian", open_ends),
            ("", "bernoulli", (0, 1)),
        ):
            with self.subTest(tail, likelihood=likelihood):
                net = lebm.Net(f"in {LATENT}; linear {DATA}{tail}").init("pytorch", 1)
                generator = lebm.Generator(net, likelihood, 0.3 if likelihood == "gaussian" else 0)
                self.assertEqual(generator.data_range, expected)
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler(steps=1, step_size=1e-6)
        z, x = np.zeros((2, LATENT)), np.full((2, DATA), 255)
        for call in (
            lambda: generator.log_likelihood(z, x),
            lambda: sampler.run_posterior(prior, generator, x),
            lambda: lebm.Trainer(prior, generator, sampler, sampler).step(x),
        ):
            generator.options["out_of_range"] = "error"
            with self.assertRaisesRegex(lebm.RangeError, "255"):
                call()
            generator.options["out_of_range"] = "allow"
            call()

    def test_missing_numbers_are_refused_or_left_out(self) -> None:
        generator = lebm.Generator(lebm.Net(f"in {LATENT}; linear {DATA}").init("pytorch", 1), "gaussian", 0.3)
        z, x = np.ones((2, LATENT)), np.full((2, DATA), 0.5, np.float32)
        whole = generator.log_likelihood(z, x)
        x[0, :] = np.nan
        with self.assertRaisesRegex(lebm.RangeError, "finite"):
            generator.log_likelihood(z, x)
        generator.options["missing"] = "skip"
        self.assertEqual(generator.log_likelihood(z, x).tolist(), [0, whole[1]])
        self.assertFalse(generator.score(z, x)[0].any())

    def test_draws(self) -> None:
        generator = lebm.Generator(lebm.Net(f"in {LATENT}; linear {DATA}").init("pytorch", 1), "bernoulli")
        z = np.zeros((50, LATENT))
        x = generator.draw(z, seed=1)
        self.assertEqual((x.shape, generator.data_kind), ((50, DATA), "pixels"))
        self.assertEqual(set(x.ravel().tolist()), {0.0, 1.0})
        self.assertTrue(equal_bits(generator.draw(z, 1), x))
        self.assertFalse(equal_bits(generator.draw(z, 1, stream=1), x))
        with self.assertRaises(lebm.RangeError):
            generator.draw(z, seed=-1)

    def test_channels_last_are_refused_with_a_hint(self) -> None:
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler(steps=1)
        trainer = lebm.Trainer(prior, generator, sampler, sampler)
        z, last = np.zeros((5, LATENT)), np.zeros((5, 2, 2, 3))
        calls = {
            "step": trainer.step,
            "posterior": lambda x: sampler.run_posterior(prior, generator, x),
            "log_likelihood": lambda x: generator.log_likelihood(z, x),
            "score": lambda x: generator.score(z, x),
            "vjp": lambda grad_out: generator.net.vjp(z, grad_out),
        }
        text = r"has shape \(5, 2, 2, 3\); .*\(., 3, 2, 2\), as (x|grad_out)\.transpose\(0, 3, 1, 2\) is"
        for name, call in calls.items():
            with self.subTest(name):
                with self.assertRaisesRegex(lebm.ShapeError, text):
                    call(last)
                call(last.transpose(0, 3, 1, 2))
        cube = lebm.Generator(lebm.Net(f"in {LATENT}; linear 8; reshape 2 2 2"), "gaussian", 0.3)
        with self.assertRaises(lebm.ShapeError) as caught:  # what a transpose would not mend gets no hint
            cube.score(z, np.zeros((4, 2, 2, 2)))
        self.assertNotIn("transpose", str(caught.exception))

    def test_of_one_channel_or_a_vector_every_order_is_the_same(self) -> None:
        for tail, rows in (("; reshape 1 2 6", [(2, 6), (1, 2, 6), (2, 6, 1)]), ("", [(2, 6), (3, 2, 2), (2, 2, 3)])):
            generator = lebm.Generator(lebm.Net(f"in {LATENT}; linear {DATA}{tail}"), "gaussian", 0.3)
            for row in rows:
                self.assertEqual(generator.score(np.zeros((5, LATENT)), np.zeros((5, *row))).shape, (5, LATENT), row)


class Files(unittest.TestCase):
    def test_save_and_load(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/modèle.safetensors"
            prior, generator = small_prior(), small_generator()
            lebm.save_model(path, prior, generator)
            other_prior, other_generator = lebm.load_model(path)
            z = np.ones((1, LATENT), np.float32)
            self.assertTrue(equal_bits(prior.score(z), other_prior.score(z)))
            self.assertTrue(equal_bits(generator.decode(z), other_generator.decode(z)))
            self.assertEqual(other_prior.sigma0, 1)
            self.assertEqual((other_generator.likelihood, other_generator.sigma), ("gaussian", 0.3))
            self.assertEqual(other_generator.data_shape, (3, 2, 2))
            self.assertEqual(other_generator.data_range, (-1, 1))

    def test_training_goes_on_from_a_checkpoint(self) -> None:
        x = np.random.default_rng(0).uniform(-1, 1, (4, DATA)).astype(np.float32)

        def new() -> lebm.Trainer:
            return lebm.Trainer(small_prior(), small_generator(), lebm.Sampler(steps=4), lebm.Sampler(steps=3), seed=5)

        with tempfile.TemporaryDirectory() as folder:
            straight, first, second = new(), new(), new()
            first.step(x)
            first.save(f"{folder}/checkpoint")
            second.load(f"{folder}/checkpoint")
            second.step(x)
            second.save_model(f"{folder}/resumed")
            straight.step(x)
            straight.step(x)
            straight.save_model(f"{folder}/straight")
            with open(f"{folder}/resumed", "rb") as a, open(f"{folder}/straight", "rb") as b:
                self.assertEqual(a.read(), b.read())
            self.assertEqual(lebm.load_sampler(f"{folder}/straight", "to_posterior").options["steps"], 3)


if __name__ == "__main__":
    unittest.main()
