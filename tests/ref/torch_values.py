"""Prints torch_values.h: what PyTorch computes in double precision for the cases of test_ref.c.

Run it with PyTorch installed: python3 torch_values.py > torch_values.h
The inputs are sines, so that the C side can make them again.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(count, speed, shift=0.0):
    return torch.sin(speed * torch.arange(count) + shift)


def table(name, values):
    body = ", ".join(f"{v:.17g}" for v in values.detach().flatten().tolist())
    print(f"static const double {name}[] = {{{body}}};")


print("/* Made by torch_values.py; do not edit. */")
print("/* clang-format off */")
points = torch.tensor([-6.0, -2.5, -1.0, -0.1, 0.2, 0.7, 1.5, 4.0])
table("torch_points", points)
for name, function in {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
}.items():
    x = points.clone().requires_grad_()
    y = function(x)
    y.sum().backward()
    table(f"torch_{name}", y)
    table(f"torch_{name}_slope", x.grad)

x = wave(2 * 3 * 2, 1.3).reshape(1, 2, 3, 2).requires_grad_()
weight = wave(2 * 3 * 4 * 4, 0.7, 0.2).reshape(2, 3, 4, 4).requires_grad_()
bias = wave(3, 2.1, 0.4).requires_grad_()
y = F.conv_transpose2d(x, weight, bias, stride=2, padding=1)
(y * wave(y.numel(), 0.9).reshape(y.shape)).sum().backward()
table("torch_conv", y)
table("torch_conv_grad_in", x.grad)
table("torch_conv_grad_weight", weight.grad)
table("torch_conv_grad_bias", bias.grad)

x = wave(4, 1.3).reshape(1, 4).requires_grad_()
weight = wave(12, 0.7, 0.2).reshape(3, 4).requires_grad_()
y = F.linear(x, weight, wave(3, 2.1, 0.4))
(y * wave(3, 0.9, 0.1)).sum().backward()
table("torch_linear", y)
table("torch_linear_grad_in", x.grad)
table("torch_linear_grad_weight", weight.grad)

out, x = wave(6, 1.7, 0.3) * 3, wave(6, 0.6) * 0.5 + 0.5
table("torch_gaussian", torch.distributions.Normal(out, 0.3).log_prob(x).sum())
table("torch_bernoulli", -F.binary_cross_entropy_with_logits(out, x, reduction="sum"))

p = torch.nn.Parameter(wave(6, 1.1, 0.5))
adam = torch.optim.Adam([p], lr=0.01, betas=(0.5, 0.999), weight_decay=0.1)
for step in range(5):
    p.grad = wave(6, 1.9, 2.0 * step) * (0.01 if step == 3 else 1.0)  # the fourth is too short to be clipped
    torch.nn.utils.clip_grad_norm_([p], 0.7)
    adam.step()
    if step in (0, 4):
        table(f"torch_adam_{step + 1}", p)
