#!/usr/bin/env python3
"""Measures training steps and prints tables in Markdown: the library with each BLAS, and PyTorch, side by side.

    python3 tests/bench/bench.py                                  everything: some minutes
    python3 tests/bench/bench.py --models svhn --forms filtered --threads all
    python3 tests/bench/bench.py --batch 97 --threads 1,3 --no-pytorch

The columns:
    ms          the shortest duration of all rounds; a round measures every row of a table once, so that rows that are
                compared were measured close to each other, however the machine's speed wavers
    images/s    batch / duration (chains/s for chains alone)
    GFLOP/s     operations of the direct form / duration: minimal filtering needs fewer for the same
    x sgemm     GFLOP/s / the best that any BLAS here reaches, on as many threads, with products of 2048 x 2048
    efficiency  duration on one thread / duration / threads (or processors, if they are fewer)
    MiB         the largest memory of the process (the library's rows only)
    x float32, x bfloat16   duration of PyTorch's best in that precision (layout, number of threads) / duration; in the
                rows with the most threads

PyTorch is measured if $PYTHON (python3 if unset) can import it.
"""
import argparse
import collections
import datetime
import os
import pathlib
import shutil
import subprocess
import sys

import workloads

HERE = pathlib.Path(__file__).resolve().parent
PROCESSORS = len(os.sched_getaffinity(0))
THREAD_VARIABLES = ["OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]

Row = collections.namedtuple("Row", "part form blas threads")
Figure = collections.namedtuple("Figure", "ms mib")


def output(command, blas_folder=None, blas_threads=None):
    """What a command prints, under a BLAS that keeps to its own idea of threads or to the number given."""
    environment = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    if blas_folder:
        environment["LD_LIBRARY_PATH"] = str(blas_folder)
    if blas_threads:
        environment.update((name, str(blas_threads)) for name in THREAD_VARIABLES)
    command = [str(word) for word in command]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"bench.py: '{' '.join(command)}' ended with status {result.returncode}")
    return result.stdout.strip()


def find_blas(program):
    """Folders with an OpenBLAS or BLIS that can take the place of the program's libblas.so.3, by name. Debian has them
    beside the link that chooses one of them."""
    for line in output(["ldd", program]).splitlines():
        if line.split()[0] == "libblas.so.3":
            folder = pathlib.Path(line.split()[2]).parent
            found = [*sorted(folder.glob("openblas*/libblas.so.3")), *sorted(folder.glob("blis*/libblas.so.3"))]
            if found:
                return {path.parent.name: path.parent for path in found}
    return {"as linked": None}


def has_pytorch(python):
    command = [python, "-c", "import torch"]
    return shutil.which(python) and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def keep_shortest(figures, row, figure):
    if row not in figures or figure.ms < figures[row].ms:
        figures[row] = figure


def measure(name, arguments, blas):
    """Figures of all rows of a model, and the best rate of sgemm for each number of threads."""
    model = workloads.MODELS[name]
    figures, sgemm = {}, collections.defaultdict(float)
    for number in range(arguments.rounds):
        print(f"{model.title}: round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        for threads in arguments.threads:
            for folder in blas.values():
                sgemm[threads] = max(sgemm[threads], float(output([arguments.program, "sgemm"], folder, threads)))
            for part in arguments.parts:
                convolves = workloads.convolves(model, part)
                for form in arguments.forms if convolves else ["auto"]:
                    command = [arguments.program, part, model.f, model.g, form]
                    command += [model.prior_steps, model.posterior_steps, arguments.batch, threads]
                    for title, folder in blas.items():
                        ms, mib = output(command, folder).split()
                        row = Row(part, form if convolves else "-", title, threads)
                        keep_shortest(figures, row, Figure(float(ms), float(mib)))
        if arguments.python:
            command = [arguments.python, "-B", HERE / "peer_pytorch.py", "--models", name]
            command += ["--parts", ",".join(arguments.parts), "--batch", arguments.batch]
            command += ["--threads", ",".join(str(threads) for threads in arguments.threads)]
            for line in output(command).splitlines():
                _, part, form, threads, ms = line.split()
                keep_shortest(figures, Row(part, form, "PyTorch", int(threads)), Figure(float(ms), None))
    return figures, sgemm


def pytorch_best(figures, part, precision):
    """The row of PyTorch's best, or None."""
    rows = [row for row in figures if row.blas == "PyTorch" and row.part == part and row.form.startswith(precision)]
    return min(rows, key=lambda row: figures[row].ms, default=None)


def cells(row, figures, sgemm, model, batch):
    """A row of the table as texts."""
    ms, mib = figures[row]
    rate = workloads.operations(model, row.part, batch) / ms / 1e6
    single = figures.get(row._replace(threads=1))
    texts = [row.part, row.form, row.blas, str(row.threads), f"{ms:,.1f}", f"{1e3 * batch / ms:,.0f}", f"{rate:.0f}"]
    texts.append(f"{rate / sgemm[row.threads]:.2f}")
    texts.append(f"{single.ms / ms / min(row.threads, PROCESSORS):.2f}" if single and row.threads > 1 else "")
    texts.append(f"{mib:.0f}" if mib else "")
    for precision in ("float32", "bfloat16"):
        peer = pytorch_best(figures, row.part, precision)
        compared = peer and row.blas != "PyTorch" and row.threads == max(sgemm)
        texts.append(f"{figures[peer].ms / ms:.2f}" if compared else "")
    return texts


def print_table(figures, sgemm, model, batch):
    head = ["part", "form", "BLAS", "threads", "ms", "images/s", "GFLOP/s", "x sgemm", "efficiency", "MiB"]
    head += ["x float32", "x bfloat16"]
    peers = [pytorch_best(figures, part, form) for part in workloads.PARTS for form in ("float32", "bfloat16")]
    shown = [row for row in figures if row.blas != "PyTorch"] + [row for row in peers if row]
    shown.sort(key=lambda row: workloads.PARTS.index(row.part))
    table = [head, *(cells(row, figures, sgemm, model, batch) for row in shown)]
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    table.insert(1, ["-" * width if i < 3 else "-" * (width - 1) + ":" for i, width in enumerate(widths)])
    print(f"\n### {model.title}\n")
    rates = ", ".join(f"{rate:.0f}" for rate in sgemm.values())
    print(f"sgemm on {', '.join(map(str, sgemm))} threads: {rates} GFLOP/s\n")
    for line in table:
        texts = [text.ljust(w) if i < 3 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths))]
        print("| " + " | ".join(texts) + " |", flush=True)


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown processor")


def thread_counts(text):
    return sorted({PROCESSORS if word == "all" else int(word) for word in text.split(",")})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=HERE.parents[1] / "build/tests/bench/bench_row",
                        help="bench_row (default: that in build/)")
    parser.add_argument("--models", type=workloads.choice_of(workloads.MODELS, "models"),
                        default=["mnist", "mnist-conv", "svhn"], help="some of " + ",".join(workloads.MODELS))
    parser.add_argument("--parts", type=workloads.choice_of(workloads.PARTS, "parts"),
                        default=["whole", "prior", "learning"], help="some of " + ",".join(workloads.PARTS))
    parser.add_argument("--forms", type=workloads.choice_of(["direct", "filtered", "auto"], "forms"),
                        default=["direct", "auto"], help="of the convolutions: some of direct,filtered,auto")
    parser.add_argument("--threads", type=thread_counts, default="1,2,all", help="numbers or 'all' (default: 1,2,all)")
    parser.add_argument("--batch", type=int, default=100, help="(default: 100)")
    parser.add_argument("--rounds", type=int, default=2, help="(default: 2)")
    parser.add_argument("--no-pytorch", dest="python", action="store_const", const=None,
                        default=os.environ.get("PYTHON", "python3"), help="measure the library alone")
    arguments = parser.parse_args()
    if not arguments.program.exists():
        sys.exit(f"bench.py: no program {arguments.program}; build it first: cmake -B build && cmake --build build")
    if arguments.python and not has_pytorch(arguments.python):
        print(f"bench.py: {arguments.python} has no PyTorch; PYTHON may name one that has", file=sys.stderr)
        arguments.python = None
    return arguments


def main():
    arguments = parse_arguments()
    blas = find_blas(arguments.program)
    print(f"{processor()}, {PROCESSORS} processors, {datetime.date.today()}, batch {arguments.batch}")
    for title, folder in blas.items():
        print(f"* {title}: {output([arguments.program, 'info'], folder)}")
    if arguments.python:
        print(f"* PyTorch {output([arguments.python, '-c', 'import torch; print(torch.__version__)'])}")
    for name in arguments.models:
        figures, sgemm = measure(name, arguments, blas)
        print_table(figures, sgemm, workloads.MODELS[name], arguments.batch)


main()
