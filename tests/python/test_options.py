"""Options, as keyword arguments and as a mapping."""

import unittest

from support import lebm, small_generator, small_prior, np


class Options(unittest.TestCase):
    def test_all_options_of_all_handles_can_be_read_set_and_described(self) -> None:
        sampler = lebm.Sampler()
        trainer = lebm.Trainer(small_prior(), small_generator(), sampler, sampler)
        for handle in (lebm.Net("in 1"), small_generator(), sampler, trainer):
            self.assertEqual(len(handle.options), len(list(handle.options)))
            self.assertGreater(len(handle.options), 0)
            for key, value in handle.options.items():
                about = handle.options.describe(key)
                self.assertIsInstance(value, {"i64": int, "f64": float, "str": str}[about.type])
                self.assertTrue(about.help)
                self.assertEqual(value, about.default)
                if about.type == "str":
                    self.assertTrue(not about.choices or value in about.choices)
                else:
                    self.assertTrue(about.least <= value <= about.most)
                    handle.options[key] = about.most
                    self.assertEqual(handle.options[key], about.most)
                    with self.assertRaisesRegex(lebm.RangeError, "allowed are|64 bits hold"):
                        handle.options[key] = about.most * 2
                handle.options[key] = value
            self.assertEqual(repr(handle.options), repr(dict(handle.options)))

    def test_keyword_arguments(self) -> None:
        sampler = lebm.Sampler(steps=7, step_size=0.5, start="given")
        self.assertEqual([sampler.options[key] for key in ("steps", "step_size", "start")], [7, 0.5, "given"])
        self.assertEqual(lebm.Net("in 1", convolution="direct").options["convolution"], "direct")
        generator = lebm.Generator(lebm.Net("in 1"), "gaussian", 1, out_of_range="allow")
        self.assertEqual(dict(generator.options), {"out_of_range": "allow", "missing": "error"})
        trainer = lebm.Trainer(small_prior(), small_generator(), sampler, sampler, note="Übung", seed=2**63 - 1)
        self.assertEqual((trainer.options["note"], trainer.options["seed"]), ("Übung", 2**63 - 1))
        with self.assertRaises(lebm.UnknownOptionError):
            lebm.Sampler(step=7)

    def test_a_copied_sampler(self) -> None:
        sampler = lebm.Sampler(steps=7, step_size=0.5)
        copy = sampler.copy()
        self.assertEqual((copy.kernel, dict(copy.options)), (sampler.kernel, dict(sampler.options)))
        copy.options["steps"] = 8
        self.assertEqual(sampler.options["steps"], 7)

    def test_as_a_mapping(self) -> None:
        options = lebm.Sampler().options
        options.update(steps=np.int64(3), noise=False, step_size=np.float32(0.25))
        self.assertEqual({**options}, {**lebm.Sampler(steps=3, noise=0, step_size=0.25).options})
        self.assertNotIn("stepsize", options)
        self.assertIsNone(options.get("stepsize"))
        for refused in (lambda: options["stepsize"], lambda: options.describe("stepsize")):
            with self.assertRaisesRegex(KeyError, "^sampler has no option 'stepsize'; it has steps, start, "):
                refused()
        with self.assertRaises(TypeError):
            del options["steps"]

    def test_an_option_is_no_attribute(self) -> None:
        sampler, net = lebm.Sampler(), lebm.Net("in 1; linear 1")
        cases = (sampler, "step_size"), (sampler, "progres"), (sampler.options, "step_size"), (net.params, "bias")
        for owner, name in cases:
            with self.assertRaisesRegex(AttributeError, f"no attribute '{name}'; .* options.\"{name}\". = "):
                setattr(owner, name, 3)
            self.assertFalse(hasattr(owner, name))
        sampler.progress = lambda done: None  # that is one

        class Named(lebm.Sampler):
            pass

        named = Named()
        named.label = "a class of the user's has its own"
        self.assertTrue(named.label)

    def test_values_of_another_type(self) -> None:
        options = lebm.Sampler().options
        numbers = {"steps": (2.0, "a whole number, not float"), "step_size": ("0.1", "a number, not str")}
        others = {"start": (None, "a str, not NoneType"), "seed": (None, "a whole number, not NoneType")}
        for key, (value, text) in {**numbers, **others}.items():
            with self.subTest(key):
                with self.assertRaisesRegex(TypeError, f"^option '{key}' of sampler must be {text}$"):
                    options[key] = value
                with self.assertRaisesRegex(TypeError, f"'{key}'"):
                    lebm.Sampler(**{key: value})
        for value in (2**63, 2**64 + 5, -(2**63) - 1):
            with self.assertRaisesRegex(lebm.RangeError, f"option 'seed' of sampler is {value}; 64 bits hold"):
                options["seed"] = value  # not cut to 64 bits
        self.assertEqual({**options}, {**lebm.Sampler().options})


if __name__ == "__main__":
    unittest.main()
