# %% [markdown]
# # The lecture in one hour
#
# Why are recurrent nets hard to train? The forward pass is bounded by squashing. The backward pass is linear, so over
# 100 steps a gradient grows or shrinks like rate^100. This notebook measures that, step by step, and what helps.
#
# For every step: **predict** first and write it down, **run** the cell, **explain** what you see. All cells together need
# two to four minutes on one core, most of it the trainings of part 4. `longlag lecture` measures all twelve claims; their
# texts and exercises are in docs/lecture.md. The four parts take 50 minutes. The other ten are for clipping and
# initialisation, the pictures of claims 5 and 6 in docs/lecture.md, and for questions.

# %%
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported: its threads wait for each other on a busy machine

import numpy as np
import torch
from IPython.display import Image, Markdown, display

from longlag import lecture
from longlag.figures import lecture as drawings
from longlag.words import count

torch.set_num_threads(1)

# Twenty nets decide; docs/lecture.md has their numbers. Here one or two are measured.
OF_TWENTY = {
    "bounded_forward": "holds with a caveat",
    "linear_backward": "holds",
    "attractors": "holds with a caveat",
}


def measure(slug, seeds=range(1)):
    """Measures one claim, and shows its numbers, its figure and its verdict, beside that of twenty nets."""
    found = lecture.get(slug).measure(seeds).to_dict()
    figure = drawings.get(slug).draw(found)
    figure.set_dpi(80)
    figure.savefig("claim.png", dpi=80)
    numbers = "\n".join(f"- {n['name']}: {n['value']:.3g} {n['unit']}".rstrip() for n in found["numbers"][:6])
    nets = count(len(seeds), "net")
    here = f"{nets}: {found['verdict']}"
    if len(seeds) <= 3 and found["verdict"] == "undecided":
        here = f"{nets} {'is' if len(seeds) == 1 else 'are'} too few for a verdict"
    display(Markdown(f"**{here}; with twenty nets: {OF_TWENTY[slug]}.** {found['summary']}\n\n{numbers}"))
    display(Image("claim.png"))


# %% [markdown]
# ## 1. Forwards bounded, backwards linear (10 minutes)
#
# **Predict.** A net of 50 tanh units gets one input at the first step. You double its weights. How large can its activity
# become after 100 steps? You double the error at its output. How does the gradient at the first step change?

# %%
rng = np.random.default_rng(0)
W = rng.standard_normal((50, 50)) * 0.9 / np.sqrt(50)


def forward(W, steps=100):
    h = [np.tanh(rng.standard_normal(50))]
    for _ in range(steps):
        h.append(np.tanh(h[-1] @ W))
    return np.array(h)


def backward(W, h, error):
    """The derivative of the error by the state, back through all steps."""
    back = [error]
    for state in h[:0:-1]:
        back.append((back[-1] * (1 - state**2)) @ W.T)
    return np.array(back)


for scale in (1, 2, 4):
    h = forward(scale * W)
    error = np.ones(50)
    one, two = backward(scale * W, h, error), backward(scale * W, h, 2 * error)
    left = np.linalg.norm(one[-1]) / np.linalg.norm(error)
    print(
        f"weights x {scale}: largest activity {np.abs(h).max():.2f}; 100 steps back the gradient is {left:.1e} of the error; "
        f"with twice the error it is {np.linalg.norm(two[-1]) / np.linalg.norm(one[-1]):.2f} times as large"
    )

# %% [markdown]
# **Explain.** The activity never exceeds 1, whatever the weights. Twice the error gives exactly twice the gradient,
# although the net is nonlinear: the slopes were fixed by the forward pass. The suite measures both against a threshold,
# here with two nets:

# %%
measure("bounded_forward", range(2))
measure("linear_backward", range(2))

# %% [markdown]
# ## 2. Vanish or explode (10 minutes)
#
# **Predict.** Look at the three gradients that you printed above: by which factor does the gradient change per step? What
# must that factor be so that something survives 100 steps?

# %%
h = forward(W)
norms = np.linalg.norm(backward(W, h, np.ones(50)), axis=1)
rate = (norms[-1] / norms[50]) ** (1 / 50)
print(f"rate per step {rate:.3f}; rate^100 = {rate**100:.1e}")
print(f"spectral radius of W: {np.abs(np.linalg.eigvals(W)).max():.2f}")

# %% [markdown]
# The rate is that of the 50 steps that are farthest back. Nearer steps shrink the gradient a little more or less, so that
# rate^100 has the order of magnitude of what you printed above, over the size of the error, and not the same digits.
#
# A factor of 0.9 leaves 3e-5 of the gradient after 100 steps; a factor of 1.1 makes it 14,000 times as large. Only a
# factor very near 1 carries information.
#
# ## 3. Two attractors (10 minutes)
#
# **Predict.** Two tanh units latch one bit: every start ends in one of two corners. You move the start a little. Where
# does the end move, if the start is in the middle of a basin? Where, if it is on the border of two basins?

# %%
measure("attractors")

# %% [markdown]
# **Explain.** Inside the basin of a stable fixed point the derivative goes to zero as T grows: the net has latched. Its
# final state still shows in which basin the start was, and this is the bit that was set long ago. But a small change of
# the start no longer moves the final state. On the border the derivative is enormous: the smallest change decides. Once
# a net has latched, the gradient no longer says what should have set the bit.
#
# ## 4. What helps (20 minutes)
#
# | remedy | idea |
# |---|---|
# | LSTM | a cell whose error flow has a rate near 1, set by the forget gate; other gates open and close the cell |
# | Hessian-Free | move far along directions of small gradient and even smaller curvature |
# | echo state network | do not train the recurrent weights: start them well, learn the readout |
# | ESN init + momentum | start well, then train with momentum |
#
# The same task for all four, beside a plain net trained by gradient descent (`control`). Temporal order, lag 50: in which
# order came two symbols? There are four answers, so guessing is wrong in 75 % of all cases. Every method may spend 250,000
# sequence passes (one forward is 1, forward and backward 3). A run is solved when at most 1 % of the test set is wrong and
# fresh validation sequences confirm it before the passes are spent.
#
# The methods do not get the same information. `lstm_chrono` and `esn` read the lag and fit their time constants to it. `esn` reads
# the role of each input too, and its readout has quadratic features: products of its states. `control`, `hf` and
# `esn_momentum` read neither the lag nor these roles. [What each recipe reads](../protocol.md#what-each-recipe-reads) is a table.
#
# **Predict.** Which of the five are still guessing when their passes are spent?

# %%
from longlag.engine.spec import RunSpec
from longlag.engine.train import run
from longlag.protocol import CRITERION
from longlag.store.records import Row


def ending(row):
    """How a run ended, in words."""
    if row.solved:
        return f"solved after {row.passes_to_solve:,.0f} passes"
    if row.test_error <= CRITERION:
        return "within the criterion at the end, but not confirmed before the passes were spent: not solved"
    return "not solved: still guessing" if row.test_error > 0.7 else "not solved: has learned a part"


for method in ("control", "lstm_chrono", "hf", "esn", "esn_momentum"):
    spec = RunSpec("temporal_order", 50, method, (0,), 250_000, {}, None, "cpu")
    (row,) = [found for found in run(spec) if isinstance(found, Row)]
    print(f"{method:12} {100 * row.test_error:5.1f} % of the test set wrong; {ending(row)}")

# %% [markdown]
# **Explain.** Compare the passes of the methods that solved the task: by which factor do they differ? A run that
# is within the criterion and not confirmed is *solved unconfirmed* in the [glossary](../glossary.md): with more passes it
# may be solved. Another seed or another processor can change a line.
#
# Do not conclude from one seed. `make results` runs the whole comparison; the report shows how far each remedy carries, on
# which task, at what cost, and how sure that is.
#
# **Next:** `longlag handson --out handson.html` writes a page on which you turn the knobs of a small net. The other
# claims: `longlag lecture --claim frozen_slopes --out lecture`, and `vanish_explode`, `exploding_step`, `careful_start`,
# `lstm_error_flow`, `hf_directions`, `echo`, `init_and_momentum`, `modified_dynamics`.
