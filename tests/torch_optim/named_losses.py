"""The losses that are supported, each with targets; and a module with inputs for each."""

import torch
from nets import B, C, Recurrent, T, X, classes, double, normal
from torch import nn
from torch.nn.functional import cross_entropy

WEIGHTS = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
IGNORED = torch.tensor([0, -100, 2, 1, -100])
SOFT = normal(B, C).softmax(1)
BITS = classes(B, C).clamp(max=1).double()


def cross(**options):
    return nn.CrossEntropyLoss(**options)


LOSSES = {
    "classes": (cross(), classes(B)),
    "weights": (cross(weight=WEIGHTS), classes(B)),
    "ignored": (cross(), IGNORED),
    "ignored class and weights": (cross(weight=WEIGHTS, ignore_index=1), classes(B)),
    "smoothed": (cross(label_smoothing=0.2), classes(B)),
    "all of it": (cross(weight=WEIGHTS, label_smoothing=0.2), IGNORED),
    "class sum": (cross(weight=WEIGHTS, reduction="sum"), IGNORED),
    "probabilities": (cross(), SOFT),
    "weighted probabilities": (cross(weight=WEIGHTS, label_smoothing=0.1), SOFT),
    "squared": (nn.MSELoss(), normal(B, C, seed=5)),
    "squared sum": (nn.MSELoss(reduction="sum"), normal(B, C, seed=5)),
    "bits": (nn.BCEWithLogitsLoss(), BITS),
    "weighted bits": (nn.BCEWithLogitsLoss(weight=WEIGHTS, pos_weight=2 * WEIGHTS), BITS),
    "bit sum": (nn.BCEWithLogitsLoss(reduction="sum"), BITS),
    "Huber": (nn.HuberLoss(delta=1.5), normal(B, C, seed=5)),
    "smooth": (nn.SmoothL1Loss(beta=2.0), normal(B, C, seed=5)),
    "Poisson": (nn.PoissonNLLLoss(), BITS),
    "rates": (nn.PoissonNLLLoss(log_input=False), BITS),
    "margin": (nn.SoftMarginLoss(), 2 * BITS - 1),
    "labels": (nn.MultiLabelSoftMarginLoss(weight=WEIGHTS), BITS),
    "own function": (lambda z, y: (z - y).pow(4).sum(1).mean(), normal(B, C, seed=5)),
    "torch's function": (cross_entropy, classes(B)),
}


def made(name):
    net = double(Recurrent())
    loss, y = LOSSES[name]
    if name == "rates":  # which are positive
        net = nn.Sequential(net, nn.Softplus())
    return net, loss, normal(B, T, X), y
