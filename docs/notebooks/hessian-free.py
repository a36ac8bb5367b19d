# %% [markdown]
# # Hessian-Free on your own model
#
# `longlag.torch_optim.HessianFree` is a `torch.optim.Optimizer`: no learning rate, any module and loss of torch. This
# notebook trains a plain recurrent net of torch on a task with a time lag, beside Adam, and looks at what the optimiser
# does. It needs a minute on one core. The reference is docs/hessian-free.md.

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

from longlag.torch_optim import HessianFree

torch.set_num_threads(1)
torch.manual_seed(0)

# %% [markdown]
# ## A task with a lag
#
# The first step shows one of two symbols, then come 30 steps of weak noise. Which symbol was it? Data are drawn as they are
# needed: `batch(n)` gives n fresh sequences.

# %%
LAG = 30


def batch(n):
    y, x = torch.randint(2, (n,)), 0.1 * torch.randint(2, (LAG, n, 2))
    x[0] = nn.functional.one_hot(y, 2)
    return x, y


class Net(nn.Module):
    def __init__(self, units=50):
        super().__init__()
        self.rnn, self.out = nn.RNN(2, units), nn.Linear(units, 2)
        nn.init.orthogonal_(self.rnn.weight_hh_l0)  # a start that neither shrinks nor blows up the states

    def forward(self, x):
        return self.out(self.rnn(x)[0][-1])


# %% [markdown]
# ## Train it twice
#
# A step of Hessian-Free costs many passes through the data, a step of Adam three. To compare them fairly, count passes:
# forward 1, forward and backward 3, a Gauss-Newton product 4. `optimiser.info["passes"]` counts those of the last step.
#
# `hidden=net.rnn` names the states that structural damping holds near where they are while a step is chosen: without it
# a step that looks good to the quadratic model may throw a recurrent net far off.

# %%
BATCH = 1000


def with_hessian_free(steps=8):
    torch.manual_seed(1)
    net, passes, curve = Net(), 0.0, []
    optimiser = HessianFree(net.parameters(), loss=nn.CrossEntropyLoss(), hidden=net.rnn)
    for step in range(steps):
        x, y = batch(BATCH)
        loss = optimiser.step(lambda: (net(x), y))
        curve.append((passes, float(loss)))
        passes += float(optimiser.info["passes"]) * BATCH
        print(
            f"step {step}: loss {float(loss):.4f}, {optimiser.info['cg_iterations']} CG iterations, "
            f"lambda {optimiser.info['damping']:.3f}, reduction ratio {optimiser.info['rho']:.2f}"
        )
    return net, curve


net, hessian_free = with_hessian_free()


# %%
def with_adam(rate, passes):
    torch.manual_seed(1)
    net, curve = Net(), []
    adam = torch.optim.Adam(net.parameters(), lr=rate)
    for update in range(int(passes / (3 * 100))):
        x, y = batch(100)
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
        if update % 20 == 0:
            curve.append((3 * 100 * update, loss.item()))
    return curve


adam = {rate: with_adam(rate, hessian_free[-1][0]) for rate in (1e-3, 1e-2)}

# %%
figure, axes = plt.subplots(figsize=(6, 3.2), dpi=80)
axes.semilogy(*zip(*hessian_free), "o-", color="#cc78bc", label="Hessian-Free")
for (rate, curve), style in zip(adam.items(), ("--", "-")):
    axes.semilogy(*zip(*curve), style, color="#0173b2", label=f"Adam, rate {rate:g}")
axes.set(xlabel="sequence passes", ylabel="loss")
axes.legend()
figure.tight_layout()

# %% [markdown]
# One task and one seed prove nothing about which is better; the reports of longlag compare many tasks, lags and seeds. What
# you see here is typical: Hessian-Free needs few steps and no learning rate, and Adam depends on its rate.
#
# ## Is it solved?

# %%
x, y = batch(2000)
with torch.no_grad():
    wrong = float((net(x).argmax(1) != y).float().mean())
print(f"{100 * wrong:.1f} % of 2,000 fresh sequences wrong")
assert wrong < 0.05

# %% [markdown]
# ## Your model
#
# Replace `Net` and `batch`. What to look at when it does not learn; docs/hessian-free.md has a longer table:
#
# | what you see | what to do |
# |---|---|
# | LSTM or GRU stays at chance | less damping at the start, `damping=0.001` |
# | the loss of a step falls, the next batch's does not | the batch is too small: a step fits it |
# | `rate` is 0 again and again, and the loss is high | steps are refused: more damping at the start, or a larger batch |
# | dropout or batch normalisation | switch them off or freeze them: the optimiser says how |
