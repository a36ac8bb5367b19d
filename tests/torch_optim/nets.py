"""What users of torch write, small and in float64; and the dense matrices that products are compared with."""

import torch
from torch import nn
from torch.func import functional_call

from longlag.algebra.stateless import twice_differentiable
from longlag.torch_optim import HessianFree

B, T, X, H, C = 5, 6, 2, 4, 3
CE = nn.CrossEntropyLoss()


class Recurrent(nn.Module):
    """outputs [B, C] of the last step, or of each step [B, C, T]."""

    def __init__(self, kind=nn.RNN, outputs=C, every_step=False):
        super().__init__()
        self.rnn, self.out, self.every_step = kind(X, H, batch_first=True), nn.Linear(H, outputs), every_step

    def forward(self, x):
        states = self.rnn(x)[0]
        return self.out(states).transpose(1, 2) if self.every_step else self.out(states[:, -1])


class Tied(nn.Module):
    """An autoencoder whose decoder is its encoder transposed."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(H, X)
        self.encoder, self.decoder = nn.Linear(X, H), nn.Linear(H, X)
        self.decoder.weight = nn.Parameter(torch.zeros(X, H))
        self.twin = nn.Linear(X, H)
        self.twin.weight = self.encoder.weight

    def forward(self, x):
        return self.out(torch.tanh(self.twin(torch.tanh(self.encoder(x)) @ self.encoder.weight)))


class Block(nn.Module):
    """A Transformer encoder layer over sequences of which some are padded."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.into, self.out = nn.Linear(X, H), nn.Linear(H, C)
        self.layer = nn.TransformerEncoderLayer(H, 2, 8, dropout=dropout, batch_first=True)

    def forward(self, x, padding=None):
        return self.out(self.layer(self.into(x), src_key_padding_mask=padding)).transpose(1, 2)


def double(module):
    """The module in float64, with the same weights each time."""
    generator = torch.Generator().manual_seed(0)
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) * 0.5)
    return module


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def classes(*shape, seed=2):
    return torch.randint(C, shape, generator=torch.Generator().manual_seed(seed))


def oracle(opt, closure, batches=None):
    return opt._oracle(closure, batches, opt._trained())


def product(opt, closure, v, batches=None, structural=0.0):
    """Our G v as one vector."""
    trained = opt._trained()
    params = {name: p.detach().clone().unsqueeze(0) for name, p in trained.items()}
    pieces = v.split([p.numel() for p in trained.values()])
    tangent = {name: piece.reshape(1, *p.shape) for (name, p), piece in zip(trained.items(), pieces, strict=True)}
    with twice_differentiable(), torch.no_grad():
        found = oracle(opt, closure, batches).gauss_newton(params, structural)(tangent)
    return torch.cat([found[name].flatten() for name in trained])


def dense(module, outputs, loss, hidden=None, structural=0.0):
    """J' H J + structural J_h' J_h as a matrix over the module's trained parameters.

    outputs: functional module -> outputs; hidden: functional module -> hidden states. loss: outputs -> number.
    """
    names = {id(p): name for name, p in module.named_parameters()}  # a tied one once
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad and names[id(p)] == name}
    flat = torch.cat([p.detach().flatten() for p in trained.values()])

    def at(vector):
        pieces = vector.split([p.numel() for p in trained.values()])
        given = {name: piece.reshape(p.shape) for (name, p), piece in zip(trained.items(), pieces, strict=True)}
        return lambda *args: functional_call(module, given, args)

    with twice_differentiable():
        jacobian = torch.autograd.functional.jacobian(lambda p: outputs(at(p)).flatten(), flat)
        z = outputs(at(flat)).detach()
        curved = torch.autograd.functional.hessian(lambda q: loss(q.reshape(z.shape)), z.flatten())
        total = jacobian.T @ curved @ jacobian
        if hidden is not None:
            states = torch.autograd.functional.jacobian(lambda p: hidden(at(p)).flatten(), flat)
            total = total + structural * states.T @ states
    return total


def assert_product_is_dense(opt, closure, matrix, structural=0.0):
    for seed in (7, 8):
        v = normal(len(matrix), seed=seed)
        found = product(opt, closure, v, structural=structural)
        torch.testing.assert_close(found, matrix @ v, rtol=1e-9, atol=1e-11)


def learner(module, loss=None, **settings):
    return HessianFree(module.parameters(), loss, **settings)


def problem(kind=nn.RNN, **settings):
    net, x, y = double(Recurrent(kind)), normal(40, T, X), classes(40)
    return net, learner(net, CE, damping=0.01, **settings), lambda: (net(x), y)


def weights(net):
    return {name: p.detach().clone() for name, p in net.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def losses_of(opt, closure, steps=5):
    return [float(opt.step(closure)) for _ in range(steps)]
