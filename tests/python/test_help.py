"""The programs say what they take, and torch_exchange.py without the packages that it needs, too."""

import subprocess
import sys
import unittest

from support import PYTHON


def run(name: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a program as if there were no PyTorch."""
    program = "import runpy, sys; sys.modules['torch'] = None; runpy.run_path(sys.argv[0], run_name='__main__')"
    prefix = f"import sys; sys.argv.pop(0); sys.path.insert(0, {str(PYTHON)!r}); "
    command = [sys.executable, "-c", prefix + program, PYTHON / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


class Help(unittest.TestCase):
    def test_every_option_has_a_text(self) -> None:
        for name, options in (("train_mnist.py", 2), ("torch_exchange.py", 3)):
            done = run(name, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            listed = " ".join(done.stdout.partition("-h, --help")[2].split()).split(" --")[1:]
            self.assertEqual(len(listed), options, listed)
            for text in listed:
                self.assertRegex(text, r"^[a-z0-9]+ [A-Z0-9]+ [a-z].*\(.+\)", f"{name} --help has no text and default")

    def test_torch_is_asked_for_when_it_is_needed(self) -> None:
        done = run("torch_exchange.py", "in", "ckpt.pth", "model.safetensors")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^torch_exchange.py needs torch and safetensors .*\n$")


if __name__ == "__main__":
    unittest.main()
