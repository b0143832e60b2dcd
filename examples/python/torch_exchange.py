"""Moves models between PyTorch and liblatentebm: the SVHN networks of the paper's authors, in and out.

    python3 torch_exchange.py in  ckpt.pth model.safetensors    # a checkpoint of the authors' train_svhn.py
    python3 torch_exchange.py out model.safetensors ckpt.pth

Their checkpoint has two state_dicts. "netE" is the energy E(z), linear layers with an activation between: "ebm.0",
"ebm.2", "ebm.4". "netG" is the generator, transposed convolutions with an identity (for a batch norm) and a leaky ReLU
between and tanh at the end: "gen.0", "gen.3", "gen.6", "gen.9". Ours have f = -E, so the last layer of the energy
changes its sign, and no identities: "0", "2", "4", "6". Weights have the same layout (docs/file-format.md).

Optimisers are not moved. In ours the step size s is half the square of the authors': 0.4 is 0.08, 0.1 is 0.005.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Optional

MISSING: Optional[ImportError] = None  # --help needs nothing
try:
    import torch
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file
except ImportError as error:
    MISSING = error

State = dict[str, "torch.Tensor"]

ENERGY_PLACES = ["ebm.0", "ebm.2", "ebm.4"]
GENERATOR_PLACES = ["gen.0", "gen.3", "gen.6", "gen.9"]
KERNEL = (4, 4)  # of the transposed convolutions


def renamed(state: Mapping[str, torch.Tensor], old: list[str], new: list[str], kernel: tuple[int, ...] = ()) -> State:
    """The tensors of the layers `old` under the names `new`; there must be no others, and of this kernel's shape."""
    names = {f"{a}.{part}": f"{b}.{part}" for a, b in zip(old, new) for part in ("weight", "bias")}
    if set(state) != set(names) or any(state[f"{layer}.weight"].shape[2:] != kernel for layer in old):
        networks = "only the authors' SVHN networks can be moved, of three layers (energy) and four of 4x4 (generator)"
        raise ValueError(f"{networks}: this should have {', '.join(names)}, and has {', '.join(state)}")
    return {names[name]: state[name].detach().to(torch.float32).contiguous() for name in names}


def negated(state: State, layer: str) -> State:
    """The same net but for the sign of its output, which is that of its last layer."""
    return {name: -tensor if name.startswith(f"{layer}.") else tensor for name, tensor in state.items()}


def to_lebm(
    energy: Mapping[str, torch.Tensor],
    generator: Mapping[str, torch.Tensor],
    path: str,
    activation: str = "gelu",
    sigma0: float = 1.0,
    sigma: float = 0.3,
) -> None:
    """Write a model file of liblatentebm from the state_dicts of netE and netG."""
    f = negated(renamed(energy, ENERGY_PLACES, ["f.0", "f.2", "f.4"]), "f.4")
    g = renamed(generator, GENERATOR_PLACES, ["g.0", "g.2", "g.4", "g.6"], KERNEL)
    latent, (hidden, hidden2, one) = f["f.0.weight"].shape[1], (len(f[f"f.{i}.bias"]) for i in (0, 2, 4))
    channels = [len(g[f"g.{i}.bias"]) for i in (0, 2, 4, 6)]
    convolutions = [
        f"conv_transpose2d {channels[0]} 4 1 0",
        *(f"conv_transpose2d {count} 4 2 1" for count in channels[1:]),
    ]
    metadata = {
        "format": "liblatentebm",
        "format_version": "1",
        "f.spec": f"in {latent}; linear {hidden}; {activation}; linear {hidden2}; {activation}; linear {one}",
        "g.spec": f"in {latent}; " + "; leaky_relu 0.2; ".join(convolutions) + "; tanh",
        "prior.sigma0": repr(sigma0),
        "generator.likelihood": "gaussian",
        "generator.sigma": repr(sigma),
    }
    save_file({**f, **g}, path, metadata)


def from_lebm(path: str) -> tuple[State, State]:
    """Read the state_dicts of netE and netG from a model file or checkpoint of liblatentebm."""
    with safe_open(path, "pt") as file:
        f = {name: file.get_tensor(name) for name in file.keys() if name.startswith("f.")}
        g = {name: file.get_tensor(name) for name in file.keys() if name.startswith("g.")}
    energy = negated(renamed(f, ["f.0", "f.2", "f.4"], ENERGY_PLACES), "ebm.4")
    return energy, renamed(g, ["g.0", "g.2", "g.4", "g.6"], GENERATOR_PLACES, KERNEL)


def load_checkpoint(path: str) -> tuple[State, State]:
    """Read the state_dicts of netE and netG from a checkpoint of the authors'."""
    try:
        nets = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # of a file of another kind: an error of any class, of many lines or none
        raise ValueError(f"{path} is no PyTorch checkpoint of tensors ({type(error).__name__})") from error
    if not isinstance(nets, dict) or not all(isinstance(nets.get(name), dict) for name in ("netE", "netG")):
        raise ValueError(f"{path} does not have the state_dicts netE and netG")
    return nets["netE"], nets["netG"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direction", choices=["in", "out"], help="into liblatentebm, or out of it")
    parser.add_argument("source", help="file to read")
    parser.add_argument("target", help="file to write")
    parser.add_argument(
        "--activation", default="gelu", help="in netE, as in a spec: gelu, leaky_relu 0.2 (%(default)s)"
    )
    parser.add_argument("--sigma0", type=float, default=1.0, help="standard deviation of p0 (%(default)s)")
    parser.add_argument("--sigma", type=float, default=0.3, help="standard deviation of the noise (%(default)s)")
    options = parser.parse_args()
    if MISSING is not None:
        parser.exit(1, f"torch_exchange.py needs torch and safetensors (pip install torch safetensors): {MISSING}\n")
    try:
        if options.direction == "in":
            model = load_checkpoint(options.source)
            to_lebm(*model, options.target, options.activation, options.sigma0, options.sigma)
        else:
            energy, generator = from_lebm(options.source)
            torch.save({"netE": energy, "netG": generator}, options.target)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:  # the last two name no file
        parser.exit(1, f"torch_exchange.py: from {options.source} to {options.target}: {error}\n")


if __name__ == "__main__":
    main()
