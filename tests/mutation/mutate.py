#!/usr/bin/env python3
"""Puts bugs into a copy of the library, one at a time, and sees that the test named for each notices it.

    mutate.py LIST... --work FOLDER [--cmake CMAKE] [--only TEXT]

A list holds mutations, separated by empty lines:

    # What is wrong with it.
    lib/mcmc/langevin.c
    - (float)s, (float)sqrt(2.0 * s * chain->temperature)
    + (float)s, (float)sqrt(s * chain->temperature)
    ! exact/closed_forms

The old text must be in the file exactly once. The test, KIND/NAME, must pass before and fail (or crash, or take longer than
its limit) with the new text in the old one's place; if the name of a case follows it, that case must fail. The copy and its
build are made anew in FOLDER/mutation; --only takes those mutations alone that hold TEXT. Ends with 1 if any bug goes
unnoticed.
"""

import argparse
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["CMakeLists.txt", "lebm.pc.in", "include", "lib", "tests", "docs", "examples"]
SECONDS = 300  # of a processor, for each process of a test; one that does not end counts as one that fails


class Mutation:
    def __init__(self, text):
        lines = text.splitlines()
        marked = {mark: [line[2:] for line in lines if line.startswith(mark + " ")] for mark in "#-+!"}
        plain = [line for line in lines if line[:2] not in ("# ", "- ", "+ ", "! ")]
        if len(plain) != 1 or not all(marked.values()) or len(marked["!"]) != 1:
            sys.exit(f"mutate.py: this is no mutation:\n{text}")
        self.file = plain[0]
        self.title = " ".join(marked["#"])
        self.old, self.new = "\n".join(marked["-"]), "\n".join(marked["+"])
        self.test, _, self.case = marked["!"][0].partition(" ")

    def applied_to(self, source):
        """The file's text with the bug. A text of several lines may be indented."""
        pattern = r"\n[ ]*".join(re.escape(line.strip()) for line in self.old.splitlines())
        found = re.findall(pattern, source)
        if len(found) != 1:
            sys.exit(f"mutate.py: {self.file} has this {len(found)} times, not once:\n{self.old}")
        return source.replace(found[0], self.new)


def program_of(test):
    """The program of a test KIND/NAME."""
    return ("test_" if test.startswith("examples/") else "") + test.replace("/", "_")


class Copy:
    """A copy of the project with a build folder."""

    def __init__(self, folder, cmake):
        self.source, self.build, self.cmake = folder / "source", folder / "build", cmake
        shutil.rmtree(folder, ignore_errors=True)
        self.source.mkdir(parents=True)
        for name in SOURCES:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, self.source / name)
        self.run([cmake, "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Release"])

    def run(self, command):
        """Its output, if it succeeds."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"mutate.py: {command[0]} failed:\n{done.stdout}")
        return done.stdout

    def make(self, tests):
        targets = [program_of(test) for test in tests]
        self.run([self.cmake, "--build", self.build, "--parallel", str(os.cpu_count()), "--target", *targets])

    def passes(self, test):
        """Whether it does, and what it said."""
        program = next(self.build.glob(f"tests/**/{program_of(test)}"))
        ones = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"], "1")
        environment = {**os.environ, **ones, "CK_DEFAULT_TIMEOUT": "30", "CK_TIMEOUT_MULTIPLIER": "20"}
        done = subprocess.run(
            [program],
            cwd=self.build,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
        )
        return done.returncode == 0, done.stdout

    def write(self, name, text):
        """So that the build sees the change, whatever the clock's grain."""
        path = self.source / name
        before = path.stat().st_mtime
        path.write_text(text)
        os.utime(path, (max(before + 1, time.time()),) * 2)


def failures(output):
    """The cases that failed, in Check's report: 'file:line:F:group:case:number: what'."""
    return re.findall(r":\d+:[EF]:[^:\n]*:([^:\n]+):", output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lists", nargs="+", type=pathlib.Path, metavar="LIST")
    parser.add_argument("--work", required=True, type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--cmake", default="cmake", metavar="CMAKE")
    parser.add_argument("--only", default="", metavar="TEXT")
    arguments = parser.parse_args()
    texts = [text for path in arguments.lists for text in re.split(r"\n\s*\n", path.read_text().strip())]
    mutations = [Mutation(text) for text in texts if arguments.only in text]
    if not mutations:
        sys.exit(f"mutate.py: no mutation holds '{arguments.only}'")

    copy = Copy(arguments.work / "mutation", arguments.cmake)
    tests = sorted({mutation.test for mutation in mutations})
    copy.make(tests)
    for test in tests:
        if not copy.passes(test)[0]:
            sys.exit(f"mutate.py: {test} fails as it is")

    unnoticed = 0
    for number, mutation in enumerate(mutations, 1):
        before = (copy.source / mutation.file).read_text()
        copy.write(mutation.file, mutation.applied_to(before))
        copy.make([mutation.test])
        passes, output = copy.passes(mutation.test)
        copy.write(mutation.file, before)
        cases = failures(output)
        noticed = mutation.case in cases if mutation.case else not passes
        unnoticed += not noticed
        by = mutation.case or (cases[0] if cases else "not ending in good order")
        verdict = f"noticed by {by}" if noticed else "NOT NOTICED"
        print(f"{number}/{len(mutations)} {mutation.file}: {mutation.title} {mutation.test}: {verdict}", flush=True)
    print(f"{len(mutations) - unnoticed} of {len(mutations)} bugs noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
