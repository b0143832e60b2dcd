"""Paths are what the system takes: texts, bytes that are no text in any encoding, and objects that stand for either."""

import os
import pathlib
import tempfile
import unittest

from support import DATA, lebm, np, small_generator, small_prior

NAME = b"m\xff\xe9.safetensors"  # no UTF-8


class PathOfBytes:
    def __init__(self, path: bytes) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return self.path


class Paths(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.fsencode(folder.name)
        self.path = os.path.join(self.folder, NAME)
        try:
            open(self.path, "wb").close()
        except OSError as error:
            self.skipTest(f"this file system has no such names: {error}")
        os.unlink(self.path)

    def test_paths_that_are_not_utf8(self) -> None:
        prior, generator, sampler = small_prior(), small_generator(), lebm.Sampler(steps=1)
        trainer = lebm.Trainer(prior, generator, sampler, sampler)
        trainer.step(np.zeros((2, DATA)))
        text = os.fsdecode(self.path)
        for path in (self.path, text, pathlib.Path(text), PathOfBytes(self.path)):
            with self.subTest(type(path)):
                lebm.save_model(path, prior, generator)
                self.assertEqual(os.listdir(self.folder), [NAME])
                self.assertEqual(lebm.load_model(path)[0].net.spec, prior.net.spec)
                trainer.save_model(path)
                self.assertEqual(lebm.load_sampler(path, "to_prior").options["steps"], 1)
                trainer.save(path)
                trainer.load(path)
                self.assertEqual(os.listdir(self.folder), [NAME])
                os.unlink(self.path)

    def test_texts_of_errors_show_them(self) -> None:
        with self.assertRaisesRegex(lebm.FileError, r"cannot read '.*/m\?\?\.safetensors': No such file") as caught:
            lebm.load_model(self.path)
        str(caught.exception).encode()

    def test_what_is_no_path(self) -> None:
        for path in (None, 3, small_prior()):
            text = f"^path must be a str, bytes or os.PathLike, not {type(path).__name__}$"
            with self.assertRaisesRegex(TypeError, text):
                lebm.load_model(path)
        for path in ("a\0b", b"a\0b"):
            with self.assertRaisesRegex(lebm.InvalidError, r"path must not have a NUL in it: b?'a\\x00b'"):
                lebm.load_model(path)
        with self.assertRaisesRegex(lebm.InvalidError, r"path has a character that .* does not have: '\\ud800'"):
            lebm.load_model("\ud800")  # from no file name


class Texts(unittest.TestCase):
    def test_other_texts_are_utf8(self) -> None:
        """What is made of a path that is not UTF-8 is refused by the name of the argument."""
        sampler = lebm.Sampler()
        trainer = lebm.Trainer(small_prior(), small_generator(), sampler, sampler)
        for name, call in {
            "spec": lambda text: lebm.Net(text),
            "option 'note' of trainer": lambda text: trainer.options.update(note=text),
            "key": lambda text: sampler.options[text],
        }.items():
            with self.subTest(name), self.assertRaisesRegex(lebm.InvalidError, rf"{name} has a character .*'\\udcff'"):
                call("\udcff")


if __name__ == "__main__":
    unittest.main()
