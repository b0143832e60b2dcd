"""Generators of tokens: whole numbers, lists and text as x, in all calls that take one."""

import tempfile
import unittest

from support import lebm, np

SPEC = "in 3; embedding 5; gru 6; tokens 4 5"
WORDS = ["<unk>", "the", "cat", "sat"]


def make() -> lebm.Generator:
    return lebm.Generator.from_spec(SPEC).init("pytorch", 2).set_vocabulary(WORDS)


class Tokens(unittest.TestCase):
    def test_it_tells_what_it_is(self) -> None:
        generator = make()
        told = generator.data_kind, generator.data_shape, generator.token_count, generator.likelihood, generator.spec
        self.assertEqual(told, ("tokens", (1, 1, 5), 4, "categorical", SPEC))
        self.assertEqual((generator.vocabulary, generator.token_unit), (WORDS, "words"))
        self.assertEqual(next(iter(generator.params)), "embedding.weight")
        self.assertEqual(generator.params["gru.weight_ih_l0"].shape, (18, 8))
        with self.assertRaisesRegex(lebm.UnsupportedError, "no net"):
            generator.net
        without = lebm.Generator.from_spec(SPEC)
        self.assertEqual((without.vocabulary, without.token_unit), ([], ""))
        self.assertEqual(lebm.Generator.from_spec("in 3; linear 2", "gaussian", 0.5).net.out_features, 2)

    def test_one_x_in_many_forms(self) -> None:
        generator = make()
        x = np.array([[1, 2, 3, -1, -1], [-1, -1, -1, -1, -1], [1, 0, 0, 3, 2]], np.float32)
        forms = [x, x.astype(np.int64), x.astype(np.int8), [[1, 2, 3], [], [1, 0, 0, 3, 2]]]
        forms += [[np.array([1, 2, 3], np.uint16), (), range(1, 2)][:2] + [[1, 0, 0, 3, 2]]]
        forms += [["the cat sat", "", "the  dog <unk> sat cat"]]
        z = np.random.default_rng(0).normal(size=(3, 3))
        expected = generator.log_likelihood(z, x)
        for form in forms:
            np.testing.assert_array_equal(generator.tokens(form), x)
            np.testing.assert_array_equal(generator.log_likelihood(z, form), expected)
        self.assertEqual(generator.text(x), ["the cat sat", "", "the <unk> <unk> sat cat"])
        self.assertEqual(generator.text([]), [])

    def test_what_is_refused(self) -> None:
        generator = make()
        for x, error, text in (
            ([[1, 2, 3, 1, 2, 3]], lebm.ShapeError, "row 0 of x has shape"),
            ([[1, 4]], lebm.RangeError, "number 1 of row 0 of x is 4"),
            ([[1, 2.5]], lebm.InvalidError, "row 0 of x must be whole numbers"),
            ([[1], "the"], lebm.ShapeError, "row 1 of x has shape"),
            (["the\ncat"], lebm.InvalidError, "row 0 of x has a newline"),
            (["the the the the the the"], lebm.RangeError, "more than 5 tokens"),
            (np.zeros((2, 4), np.float32), lebm.ShapeError, "x has shape"),
        ):
            with self.assertRaisesRegex(error, text):
                generator.log_likelihood(np.zeros((1, 3)), x)
        with self.assertRaisesRegex(lebm.StateError, "no vocabulary"):
            lebm.Generator.from_spec(SPEC).tokens(["the"])
        with self.assertRaisesRegex(lebm.FormatError, "repeats line 0"):
            generator.set_vocabulary(["a", "b", "a", "c"])
        with self.assertRaisesRegex(lebm.InvalidError, "word 1 must be a str without a newline"):
            generator.set_vocabulary(["a", "b\n", "c"])

    def test_writing(self) -> None:
        generator = make()
        z = np.random.default_rng(0).normal(size=(50, 3))
        decoded, drawn = generator.decode(z), generator.draw(z, seed=1)
        self.assertEqual(len(generator.text(decoded)), 50)
        np.testing.assert_array_equal(generator.draw(z, seed=1, temperature=1), drawn)
        np.testing.assert_array_equal(generator.search(z, beam_width=1), decoded)
        wide, narrow = generator.log_likelihood(z, generator.search(z)), generator.log_likelihood(z, decoded)
        self.assertTrue((wide >= narrow - 1e-5).all())
        cold = generator.draw(z, seed=1, temperature=1e-3)
        self.assertGreater(np.mean((cold == decoded).all(1)), 0.9)  # all but near ties
        self.assertGreater(len(np.unique(generator.draw(z, seed=2, temperature=10), axis=0)), 30)

    def test_training_and_files(self) -> None:
        prior = lebm.Prior(lebm.Net("in 3; linear 8; gelu; linear 1").init("pytorch", 1))
        generator = make()
        sampler = lebm.Sampler(steps=3, step_size=0.05)
        trainer = lebm.Trainer(prior, generator, sampler, sampler, generator_learning_rate=0.02, average_decay=0.9)
        text = ["the cat sat", "the cat", "the"] * 5
        for _ in range(60):
            trainer.step(text)
        self.assertLess(trainer.metric("reconstruction_nll"), 0.6)
        with self.assertRaisesRegex(lebm.UnknownOptionError, "reconstruction_nll"):
            trainer.metric("reconstruction_mse")
        self.assertEqual(trainer.average()[1].vocabulary, WORDS)
        z = sampler.run_posterior(prior, generator, text)
        with tempfile.TemporaryDirectory() as folder:
            lebm.save_model(f"{folder}/model", prior, generator)
            loaded = lebm.load_model(f"{folder}/model")[1]
        self.assertEqual(loaded.vocabulary, WORDS)
        np.testing.assert_array_equal(loaded.log_likelihood(z, text), generator.log_likelihood(z, text))
        trainer.options.update(dropout=0.5, word_dropout=0.1)
        nll = trainer.metric("reconstruction_nll")
        trainer.step(text)
        self.assertGreater(trainer.metric("reconstruction_nll"), 1.2 * nll)
        trainer.close()
        with self.assertRaisesRegex(lebm.StateError, "closed"):
            trainer.step(text)


if __name__ == "__main__":
    unittest.main()
