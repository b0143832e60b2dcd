"""torch_exchange.py: the authors' networks give the same outputs in PyTorch and here."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from support import PYTHON, lebm, need, np

need("torch", "safetensors")

import torch  # noqa: E402 # it is there
import torch_exchange  # noqa: E402
from torch import nn  # noqa: E402

LATENT, WIDTH = 100, 8  # the authors' width is 64: here the test is to be quick


class NetE(nn.Module):
    """The authors' energy."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        layers = [nn.Linear(LATENT, 200), activation, nn.Linear(200, 200), activation, nn.Linear(200, 1)]
        self.ebm = nn.Sequential(*layers)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.ebm(z)


class NetG(nn.Module):
    """The authors' generator for SVHN."""

    def __init__(self) -> None:
        super().__init__()
        widths = [LATENT, 8 * WIDTH, 4 * WIDTH, 2 * WIDTH, 3]
        layers = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            layers += [nn.ConvTranspose2d(a, b, 4, *((1, 0) if i == 0 else (2, 1))), nn.Identity(), nn.LeakyReLU(0.2)]
        self.gen = nn.Sequential(*layers[:-2], nn.Tanh())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.gen(z[:, :, None, None])


class Exchange(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(0)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = str(self.folder / "model.safetensors")
        self.z = torch.randn(7, LATENT)

    def check(self, energy: NetE, generator: NetG) -> None:
        """The model file gives what the networks give."""
        prior, ours = lebm.load_model(self.path)
        with torch.no_grad():
            e, x = energy(self.z).numpy(), generator(self.z).numpy()
        self.assertGreater(np.abs(e).max(), 0.01)
        np.testing.assert_allclose(prior.net.forward(self.z.numpy()), -e, atol=1e-5)
        np.testing.assert_allclose(ours.decode(self.z.numpy()).reshape(x.shape), x, atol=1e-5)
        self.assertEqual((prior.sigma0, ours.sigma, ours.data_shape), (1, 0.3, (3, 32, 32)))

    def test_in(self) -> None:
        for activation, name in ((nn.GELU(), "gelu"), (nn.LeakyReLU(0.2), "leaky_relu 0.2")):
            with self.subTest(name):
                energy, generator = NetE(activation), NetG()
                torch_exchange.to_lebm(energy.state_dict(), generator.state_dict(), self.path, name)
                self.check(energy, generator)

    def test_the_score_is_the_gradient_of_minus_the_energy(self) -> None:
        energy = NetE(nn.GELU())
        torch_exchange.to_lebm(energy.state_dict(), NetG().state_dict(), self.path)
        z = self.z.requires_grad_()
        (gradient,) = torch.autograd.grad(energy(z).sum(), z)
        score = lebm.load_model(self.path)[0].score(z.detach().numpy())
        np.testing.assert_allclose(score, (-gradient - z).detach().numpy(), atol=1e-5)

    def test_out_of_a_trained_checkpoint(self) -> None:
        torch_exchange.to_lebm(NetE(nn.GELU()).state_dict(), NetG().state_dict(), self.path)
        sampler = lebm.Sampler(steps=2)
        trainer = lebm.Trainer(*lebm.load_model(self.path), sampler, sampler, prior_learning_rate=1e-2)
        trainer.step(np.zeros((4, 3, 32, 32)))
        trainer.save(self.path)
        energy, generator = NetE(nn.GELU()), NetG()
        for net, state in zip((energy, generator), torch_exchange.from_lebm(self.path)):
            net.load_state_dict(state)
        self.check(energy, generator)

    def test_in_and_out_again_on_the_command_line(self) -> None:
        before = {"epoch": 1, "netE": NetE(nn.GELU()).state_dict(), "netG": NetG().state_dict()}
        torch.save(before, self.folder / "before.pth")
        for direction, source, target in (("in", "before.pth", "model"), ("out", "model", "after.pth")):
            command = [PYTHON / "torch_exchange.py", direction, self.folder / source, self.folder / target]
            done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = torch.load(self.folder / "after.pth", weights_only=True)
        for name in ("netE", "netG"):
            self.assertEqual(list(after[name]), list(before[name]))
            for key, tensor in before[name].items():
                self.assertTrue(torch.equal(after[name][key], tensor), key)

    def test_what_cannot_be_moved_ends_in_one_line(self) -> None:
        energy, generator = NetE(nn.GELU()).state_dict(), NetG().state_dict()
        torch.save({"netE": energy, "netG": generator}, self.folder / "good.pth")
        torch.save({"netE": energy}, self.folder / "half.pth")
        torch.save([energy, generator], self.folder / "list.pth")
        torch.save({"netE": energy["ebm.0.bias"], "netG": generator}, self.folder / "tensor.pth")
        torch.save({"netE": energy, "netG": generator, "options": Path("x")}, self.folder / "objects.pth")
        (self.folder / "text").write_text("hello world")
        (self.folder / "empty").write_text("")
        torch_exchange.to_lebm(energy, generator, self.folder / "model")
        f, g = lebm.Net("in 16; linear 20; gelu; linear 20; gelu; linear 1"), lebm.Net("in 16; linear 20; tanh")
        lebm.save_model(self.folder / "mnist", lebm.Prior(f), lebm.Generator(g, "gaussian", 0.3))
        for direction, source, target, text in (
            ("in", "half.pth", "x", "half.pth does not have the state_dicts netE and netG"),
            ("in", "list.pth", "x", "list.pth does not have the state_dicts"),
            ("in", "tensor.pth", "x", "tensor.pth does not have the state_dicts"),
            ("in", "objects.pth", "x", "objects.pth is no PyTorch checkpoint of tensors"),
            ("in", "text", "x", "text is no PyTorch checkpoint of tensors"),
            ("in", "empty", "x", "empty is no PyTorch checkpoint of tensors"),
            ("in", "nowhere", "x", "nowhere"),
            ("in", "good.pth", "nowhere/x", "good.pth to .*nowhere/x: "),
            ("out", "text", "x", "text to "),
            ("out", "empty", "x", "empty to "),
            ("out", "nowhere", "x", "nowhere"),
            ("out", "model", "nowhere/x", "model to .*nowhere/x: "),
            ("out", "mnist", "x", "only the authors' SVHN networks can be moved.* should have g.0.weight, .*g.6.bias"),
        ):
            with self.subTest(f"{direction} {source} {target}"):
                arguments = ["torch_exchange.py", direction, str(self.folder / source), str(self.folder / target)]
                with mock.patch("sys.argv", arguments), contextlib.redirect_stderr(io.StringIO()) as stderr:
                    with self.assertRaises(SystemExit) as caught:
                        torch_exchange.main()
                self.assertEqual(caught.exception.code, 1)
                self.assertRegex(stderr.getvalue(), f"^torch_exchange.py: .*{text}.*\n$")

    def test_other_networks_are_refused(self) -> None:
        energy, changes = NetE(nn.GELU()).state_dict(), ["missing", "besides", "kernel"]
        for change in changes:
            state = NetG().state_dict()
            if change == "missing":
                del state["gen.9.bias"]
            elif change == "besides":
                state["gen.12.bias"] = state["gen.9.bias"]
            else:
                state["gen.9.weight"] = state["gen.9.weight"][:, :, 1:, 1:]
            with self.subTest(change), self.assertRaisesRegex(ValueError, "only the authors' SVHN networks"):
                torch_exchange.to_lebm(energy, state, self.path)


if __name__ == "__main__":
    unittest.main()
