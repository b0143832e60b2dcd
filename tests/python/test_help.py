"""help() and --help tell all there is, and torch_exchange.py's without the packages that it needs, too."""

import inspect
import os
import pydoc
import re
import subprocess
import sys
import unittest

from support import PYTHON, ROOT, lebm, small_generator, small_prior


def run(name: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a program as if there were no PyTorch."""
    program = "import runpy, sys; sys.modules['torch'] = None; runpy.run_path(sys.argv[0], run_name='__main__')"
    prefix = f"import sys; sys.argv.pop(0); sys.path.insert(0, {str(PYTHON)!r}); "
    command = [sys.executable, "-c", prefix + program, PYTHON / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def metrics(header: str) -> list[str]:
    """The metrics that a header has."""
    text = (ROOT / "include" / "lebm" / header).read_text().partition("@name Metrics")[2].partition("@}")[0]
    return re.findall(r"#define \w+ +\"(\w+)\"", text)


class Classes(unittest.TestCase):
    def test_they_list_their_options(self) -> None:
        sampler = lebm.Sampler()
        trainer = lebm.Trainer(small_prior(), small_generator(), sampler, sampler)
        kernels = [lebm.Sampler(kernel) for kernel in ("mala", "hmc")]
        for handle in (lebm.Net("in 1"), small_generator(), sampler, *kernels, trainer, lebm.Annealing()):
            shown = pydoc.plain(pydoc.render_doc(type(handle)))
            for key, value in handle.options.items():
                about = handle.options.describe(key)
                kind = {"i64": "int", "f64": "float", "str": "str"}[about.type]
                allowed = " or ".join(map(repr, about.choices)) or "any text"
                if about.type != "str":
                    allowed = f"{about.least!r} to {about.most!r}"
                self.assertIn(f" {key}: {kind} = {value!r}, {allowed}\n", shown)
                self.assertIn(f" {about.help}\n", shown)

    def test_they_list_their_metrics(self) -> None:
        listed = {lebm.Trainer: metrics("trainer.h"), lebm.Sampler: metrics("sampler.h")}
        self.assertEqual([len(keys) for keys in listed.values()], [9, 6])
        tuning = (ROOT / "docs" / "tuning.md").read_text()
        for of, keys in listed.items():
            for key in keys:
                self.assertIn(f" {key}", inspect.getdoc(of))
                self.assertRegex(tuning, rf"(?m)^\| .*`{key}`.* \|")

    def test_the_grammar_of_specs_is_that_of_the_header(self) -> None:
        lines = [line[2:].strip() for line in (ROOT / "include" / "lebm" / "net.h").read_text().splitlines()]
        grammar = [line for line in lines if line.startswith(("in N | ", "relu | "))]
        self.assertEqual(len(grammar), 2)
        for line in grammar:
            self.assertIn(line, inspect.getdoc(lebm.Net))
            for item in line.split(" | "):
                self.assertIn(f"\n| `{item}` |", (ROOT / "docs" / "conventions.md").read_text())

    def test_without_docstrings(self) -> None:
        subprocess.run(
            [sys.executable, "-OO", "-c", "import lebm"], env={**os.environ, "PYTHONPATH": PYTHON}, check=True
        )


class Names(unittest.TestCase):
    def test_a_star_imports_what_is_the_librarys(self) -> None:
        names: dict[str, object] = {}
        exec("from lebm import *", names)
        del names["__builtins__"]
        defined = {
            name
            for name, value in vars(lebm).items()
            if not name.startswith("_") and getattr(value, "__module__", "") == "lebm"
        }
        modules = {"images", "plot", "progress"}
        self.assertEqual(set(names), defined | modules | {"PADDING"})  # a number is nobody's
        self.assertEqual(sorted(names), sorted(lebm.__all__))
        self.assertIn("Trainer", names)


class Programs(unittest.TestCase):
    def test_every_option_has_a_text(self) -> None:
        for name, options in (("train_mnist.py", 2), ("score_anomalies.py", 3), ("torch_exchange.py", 3)):
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
