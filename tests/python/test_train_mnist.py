"""train_mnist.py: 40 lines, which train."""

import gzip
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from support import PYTHON, lebm, np

PROGRAM = PYTHON / "train_mnist.py"


def write_images(path: pathlib.Path, n: int) -> None:
    """An IDX file of n random images of 28x28; compressed, if the path says so."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, 28, 28), np.uint8)
    with (gzip.open if path.suffix == ".gz" else open)(path, "wb") as file:
        file.write(bytes([0, 0, 8, 3]) + np.array(pixels.shape, ">i4").tobytes() + pixels.tobytes())


class TrainMnist(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = self.folder / "model.safetensors"

    def start(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-u", str(PROGRAM), str(self.folder), "--model", str(self.model), *arguments]
        env = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as in the locales of most users
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def check_model(self) -> None:
        prior, generator = lebm.load_model(self.model)
        self.assertEqual((prior.latent_size, generator.data_shape), (16, (1, 28, 28)))
        self.assertEqual(lebm.load_sampler(self.model, "to_prior").options["steps"], 160)

    def test_it_has_at_most_40_lines(self) -> None:
        self.assertLessEqual(len(PROGRAM.read_text().splitlines()), 40)

    def test_it_trains(self) -> None:
        for name in ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"):
            with self.subTest(name):
                write_images(self.folder / name, 23)
                with self.start("--epochs", "2") as process:
                    output = process.communicate()[0]
                self.assertEqual(process.returncode, 0, output)
                self.assertRegex(output, r"reconstruction_mse.*0\.\d+.*f_gap")
                self.assertIn(f"\nthe model is in {str(self.model)!r}\n", output)
                self.check_model()
                self.model.unlink()

    def test_ctrl_c_saves_what_was_learned(self) -> None:
        write_images(self.folder / "train-images-idx3-ubyte", 200)
        with self.start("--epochs", "1000000") as process:
            first = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            output = first + process.communicate()[0]
        self.assertEqual(process.returncode, 0, output)
        self.assertRegex(output, rf"interrupted after \d+ steps\nthe model is in {str(self.model)!r}\n")
        self.check_model()

    def test_a_model_of_any_name(self) -> None:
        self.model = self.folder / os.fsdecode(b"m\xff.safetensors")
        write_images(self.folder / "train-images-idx3-ubyte", 2)
        with self.start("--epochs", "1") as process:
            output = process.communicate()[0]
        self.assertEqual(process.returncode, 0, output)
        self.assertIn(f"\nthe model is in {str(self.model)!r}\n", output)
        self.check_model()

    def test_a_missing_folder_for_the_model_ends_in_one_line_before_it_learns(self) -> None:
        self.model = self.folder / "missing" / "model.safetensors"
        write_images(self.folder / "train-images-idx3-ubyte", 2)
        with self.start() as process:
            output = process.communicate()[0]
        self.assertEqual(process.returncode, 1)
        self.assertRegex(output, rf"^train_mnist.py: .*No such file.*{self.folder}/missing'\n$")

    def test_a_folder_without_them_ends_in_one_line(self) -> None:
        with self.start() as process:
            output = process.communicate()[0]
        self.assertEqual(process.returncode, 1)
        self.assertRegex(output, rf"^train_mnist.py: {self.folder}: .*nor the files of MNIST.*\n$")


if __name__ == "__main__":
    unittest.main()
