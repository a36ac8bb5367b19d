"""Golden numbers bite: formulas in the code are changed one at a time, and the golden numbers must say so.

    python tests/mutations.py            the whole table (a process for each mutation: minutes)
    python tests/mutations.py adam ridge only those whose name or kind contains a word

A mutation replaces one text in a copy of the package. It is caught only if a number differs by more than rounding: a
crash does not count. A text that is not in the file exactly once is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import warm

PACKAGE = Path(__file__).parents[1] / "src" / "longlag"


@dataclass(frozen=True)
class Mutation:
    """One changed formula."""

    kind: str
    file: str
    old: str
    new: str

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.old.strip()} -> {self.new.strip()}"

    def text(self) -> str:
        """The mutated file.

        Raises:
            ValueError: the text to replace is not there exactly once.
        """
        source = (PACKAGE / self.file).read_text()
        if source.count(self.old) != 1:
            raise ValueError(
                f"{self.file} has {self.old!r} {source.count(self.old)} times, not once: mend tests/mutations.py"
            )
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Result:
    """The first entry whose numbers differ by more than rounding, and by how many tolerances; crashes of entries."""

    entry: str
    number: str
    tolerances: float
    crashes: list[str]

    @property
    def caught(self) -> bool:
        return bool(self.entry)


def M(kind: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(kind, file, old, new)


MUTATIONS = (
    # optimisers
    M("SGD", "optimisers/sgd.py", "tree.axpy(-self.learning_rate, ", "tree.axpy(-0.999 * self.learning_rate, "),
    M("SGD clipping", "optimisers/sgd.py", "self.clipping(gradient)", "gradient"),
    M("Nesterov look-ahead", "optimisers/nesterov.py", "tree.axpy(mu, v, params)", "tree.axpy(0.0, v, params)"),
    M("momentum schedule", "optimisers/momentum.py", "self.momentum(state.t), self.learning_rate(state.t)", "self.momentum(state.t + 1), self.learning_rate(state.t)"),
    M("velocity", "optimisers/momentum.py", "tree.scale(mu, state.v)", "tree.scale(mu * mu, state.v)"),
    M("momentum clipping", "optimisers/momentum.py", "self.clipping(gradient)", "gradient"),
    M("Adam first bias", "optimisers/adam.py", "(1 - self.beta_1**t)", "(1 - self.beta_1 ** (t + 1))"),
    M("Adam second bias", "optimisers/adam.py", "1 / (1 - self.beta_2**t)", "1.0"),
    M("Adam epsilon", "optimisers/adam.py", "(v * unbias).sqrt() + self.epsilon", "(v * unbias + self.epsilon).sqrt()"),
    M("Adam second moment", "optimisers/adam.py", "v.lerp(g * g, ", "v.lerp(g.abs(), "),
    M("HF weight decay", "optimisers/hessian_free.py", "tree.axpy(self.weight_decay, params, gradient)", "gradient"),
    M("HF damping in the model", "optimisers/hessian_free.py", "tree.axpy(state.damping + self.weight_decay, v, product(v))", "tree.axpy(self.weight_decay, v, product(v))"),
    M("HF structural damping", "optimisers/hessian_free.py", "structural=state.damping * self.structural_damping", "structural=self.structural_damping"),
    M("HF warm start", "optimisers/hessian_free.py", "tree.scale(self.warm_start, state.direction)", "tree.scale(0.0, state.direction)"),
    M("HF backtracking", "optimisers/hessian_free.py", "if not candidate_value < lowest", "if not candidate_value > lowest"),
    M("HF reduction ratio", "optimisers/hessian_free.py", "(after - before) / step.value", "(after - before) / (2 * step.value)"),
    M("HF line search", "optimisers/hessian_free.py", "rate *= self.line_search_factor", "rate *= self.line_search_factor**2"),
    M("HF fresh batch", "optimisers/hessian_free.py", '"backtracking"', '"line search"'),
    M("HF line search, first loss", "optimisers/hessian_free.py", "rate = self._line_search(fresh, best.x, lowest)", "rate = self._line_search(fresh, best.x, math.inf)"),
    M("HF restart", "optimisers/hessian_free.py", "rate > 0 and rho >= POOR", "rate > 0"),
    M("HF damping without a promise", "optimisers/hessian_free.py", "if predicted < 0 else damping", "if True else damping"),
    M("CG start", "optimisers/cg.py", "tree.axpy(-1, a(x), b)", "tree.axpy(0.0, a(x), b)"),
    M("CG iterate before the last", "optimisers/cg.py", " and i.iteration * self.growth <= last", ""),
    M("CG direction", "optimisers/cg.py", "tree.axpy(rr / rr_before, p, r)", "tree.axpy(0.9 * rr / rr_before, p, r)"),
    M("CG stopping", "optimisers/cg.py", "max(10, i // 10)", "max(5, i // 10)"),
    M("CG kept iterates", "optimisers/cg.py", "math.ceil(keep_at * self.growth)", "math.floor(keep_at * self.growth) + 1"),
    M("CG value", "optimisers/cg.py", "-0.5 * float(", "-1.0 * float("),
    M("ridge covariance", "optimisers/ridge.py", "- centre[:size].outer(centre)", "- 0 * centre[:size].outer(centre)"),
    M("ridge penalty", "optimisers/ridge.py", "1 / (self.eigenvalues + penalty)", "1 / (self.eigenvalues + penalty**2)"),
    M("ridge choice", "optimisers/ridge.py", "return min(found, key", "return max(found, key"),
    M("ridge held-out sequences", "optimisers/ridge.py", 'draw(self.validation, "penalty").features(params)', "(phi, y)"),
    M("ridge sums", "optimisers/ridge.py", "self.total + weighed.sum(0)", "weighed.sum(0)"),
    M("guessing choice", "optimisers/guessing.py", "less = guessed < kept", "less = guessed > kept"),
    M("guessing stream", "optimisers/guessing.py", '"guess", state.drawn)', '"guess", 2 * state.drawn)'),
    # schedules, damping, clipping
    M("warm momentum", "optimisers/schedules.py", "if t < self.updates", "if t <= self.updates"),
    M("constant schedule", "optimisers/schedules.py", "return self.value", "return self.value / (1 + 1e-6 * t)"),
    M("damping rises", "optimisers/damping.py", "POOR = 0.25", "POOR = 0.2"),
    M("damping falls", "optimisers/damping.py", "rho > 0.75", "rho >= 0.75"),
    M("damping factor", "optimisers/damping.py", "return damping / self.factor", "return damping / self.factor**2"),
    M("clipping", "optimisers/clipping.py", "(self.threshold / norm)", "(self.threshold / norm.sqrt())"),
    M("clipping bound", "optimisers/clipping.py", ".clamp(max=1.0)", ".clamp(max=1e30)"),
    # cells
    M("tanh forward", "cells/tanh_kernels.py", "np.tanh(a, out=h)", "np.sin(a, out=h)"),
    M("tanh padding", "cells/tanh_kernels.py", "h *= held[t]", "h *= held[t] ** 0"),
    M("tanh slope", "cells/tanh_kernels.py", "np.subtract(1, slopes, out=slopes)", "np.subtract(1.001, slopes, out=slopes)"),
    M("tanh tangent", "cells/tanh_kernels.py", "before = r_h", "before = r_h * 0.999"),
    M("tanh backward", "cells/tanh_kernels.py", "np.matmul(d_a, w_hh, out=d_h)", "np.matmul(d_a, 0.999 * w_hh, out=d_h)"),
    M("tanh damped states", "cells/tanh_kernels.py", "d_a += added[t - first]", "d_a += 0.999 * added[t - first]"),
    M("tanh of each sequence", "cells/tanh_kernels.py", "np.matmul(rows, d_a, out=out)", "np.matmul(rows, 0.999 * d_a, out=out)"),
    M("tanh definition", "cells/tanh_rnn.py", "(pre_activation.tanh(),)", "(pre_activation.sin(),)"),
    M("tanh curvature", "cells/tanh_rnn.py", "return 1 - states.square()", "return 1 - states.abs()"),
    M("tanh on a GPU", "cells/tanh_batched.py", "slopes = 1 - self.h[:, 1:].square()", "slopes = 1 - self.h[:, :-1].square()"),
    M("LSTM on a GPU", "cells/gated_batched.py", "addcmul_(f, c[:, t])", "addcmul_(o, c[:, t])"),
    M("LSTM on a GPU, backward", "cells/gated_batched.py", "d_c *= self.gates[:, t, :, 1]", "d_c *= self.gates[:, t, :, 0]"),
    M("LSTM by torch's cell on a GPU", "cells/lstm_batched.py", "self.c[t], self.c[t + 1]", "self.c[t + 1], self.c[t]"),
    M("GRU on a GPU", "cells/gated_batched.py", "torch.lerp(n[:, t], h[:, t], u", "torch.lerp(n[:, t], h[:, t], r"),
    M("GRU on a GPU, backward", "cells/gated_batched.py", "(d_h * self.gates[:, t, :, 1])", "(d_h * self.gates[:, t, :, 0])"),
    M("ReLU on a GPU", "cells/relu_batched.py", "(self.h[:, 1:] > 0)", "(self.h[:, :-1] > 0)"),
    M("start on a GPU", "cells/batched.py", "has_begun(x.shape[1], start)", "has_begun(x.shape[1], start + 1)"),
    M("sequences that have begun", "cells/sequences.py", "[:, None] >= start", "[:, None] > start"),
    M("chunks of an evaluation", "cells/sequences.py", "start.split(_CHUNK, 1), strict=True)", "reversed(start.split(_CHUNK, 1)), strict=True)"),
    M("LSTM definition", "cells/lstm.py", "c = f.sigmoid() * c + i.sigmoid() * g.tanh()", "c = f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh()"),
    M("LSTM output", "cells/lstm.py", "h = o.sigmoid() * c.tanh()", "h = o.sigmoid() * c"),
    M("LSTM fused", "cells/lstm_fused.py", "w_hh.T.contiguous(), bias", "w_hh.T.contiguous(), 1.001 * bias"),
    M("LSTM padding", "cells/lstm_fused.py", "< start).to(", "<= start).to("),
    M("LSTM logistic function", "cells/lstm_kernels.py", "np.multiply(i_f_o, half, i_f_o)", "np.multiply(i_f_o, one, i_f_o)"),
    M("LSTM slopes", "cells/lstm_kernels.py", "_SLOPES = (0.5, 0.5, 0.5, 1.0)", "_SLOPES = (0.5, 0.5, 1.0, 0.5)"),
    M("LSTM hold", "cells/lstm_kernels.py", "            c *= started[t]", "            c *= 0.1 + started[t]"),
    M("LSTM held derivative", "cells/lstm_kernels.py", "                d_c *= started[t]", "                d_c *= 1"),
    M("LSTM output gate", "cells/lstm_kernels.py", "np.multiply(o, tanh_c, h)", "np.multiply(o, c, h)"),
    M("LSTM factors of the logistic gates", "cells/lstm_kernels.py", "_d_sigmoid(v[:, 3:], v[:, :3]", "_d_sigmoid(v[:, 3:], v[:, 1:4]"),
    M("LSTM factors of the tanhs", "cells/lstm_kernels.py", "_d_tanh(v[:, 0:3:2], v[:, 3::2]", "_d_tanh(v[:, 0:3:2], v[:, 2::2][:, :2]"),
    M("LSTM way through the cell", "cells/lstm_kernels.py", "np.multiply(values[t, 1], d_c, d_before)", "np.multiply(values[t, 0], d_c, d_before)"),
    M("LSTM scored steps", "cells/lstm_kernels.py", "d_h += d_scored[t - steps]", "d_h = d_scored[t - steps].copy()"),
    M("LSTM order of the gates", "cells/lstm_kernels.py", "_ORDER = (0, 1, 3, 2)", "_ORDER = (1, 0, 3, 2)"),
    M("GRU definition", "cells/gru.py", "new + u.sigmoid() * (h - new)", "new + u.sigmoid() * h"),
    M("GRU reset gate", "cells/gru.py", "(n + r.sigmoid() * n_h).tanh()", "(n + (0.9 * r).sigmoid() * n_h).tanh()"),
    M("GRU forward", "cells/gru_kernels.py", "np.multiply(u_t, d, h)", "np.multiply(r_t, d, h)"),
    M("GRU logistic function", "cells/gru_kernels.py", "np.add(p_t, one, p_t)", "np.add(p_t, half, p_t)"),
    M("GRU drive of the reset part", "cells/gru_kernels.py", "rows[hidden:, 2 * hidden :] = 0", "rows[hidden:, 2 * hidden :] *= 0.5"),
    M("GRU hold", "cells/gru_kernels.py", "                h *= started[t]", "                h *= 0.1 + started[t]"),
    M("GRU held derivative", "cells/gru_kernels.py", "                d_h *= started[t]", "                d_h *= 1"),
    M("GRU factor of the new gate", "cells/gru_kernels.py", "np.multiply(of_n, of_u, of_n)", "np.multiply(of_n, of_r, of_n)"),
    M("GRU factor of the reset gate", "cells/gru_kernels.py", "np.multiply(of_r, m, of_r)", "np.multiply(of_r, n, of_r)"),
    M("GRU factor of the update gate", "cells/gru_kernels.py", "np.multiply(of_u, apart, of_u)", "np.multiply(of_u, n, of_u)"),
    M("GRU state before", "cells/gru_kernels.py", "np.multiply(u, half, before)", "np.multiply(r, half, before)"),
    M("GRU scales", "cells/gru_kernels.py", "_SCALES = (1 / 4, 1 / 4, 1 / 4, 1 / 2)", "_SCALES = (1 / 4, 1 / 4, 1 / 2, 1 / 2)"),
    M("GRU scored steps", "cells/gru_kernels.py", "d_h += d_scored[t - steps]", "d_h = d_scored[t - steps].copy()"),
    M("gated rows", "cells/gated.py", "z[..., -1, :] = 1", "z[..., -1, :] = 0.9"),
    M("gated start", "cells/gated.py", "[:, None] >= starts).astype", "[:, None] > starts).astype"),
    M("update chrono", "inits/gates.py", '[hidden : 2 * hidden] = _spread(', '[:hidden] = _spread('),
    M("ReLU definition", "cells/relu_rnn.py", "params[\"W_hh\"])).relu()", "params[\"W_hh\"])).abs()"),
    M("ReLU forward", "cells/relu_kernels.py", "np.maximum(h, zero, out=h)", "np.abs(h, h)"),
    M("ReLU derivative", "cells/relu_kernels.py", "np.multiply(d_t, d_h, d_t)", "np.copyto(d_t, d_h)"),
    M("ReLU hold", "cells/relu_kernels.py", "            h *= started[t]", "            h *= 0.1 + started[t]"),
    M("ReLU held derivative", "cells/relu_kernels.py", "                d_h *= started[t]", "                d_h *= 1"),
    M("ReLU scored steps", "cells/relu_kernels.py", "d_h += d_scored[t - steps]", "d_h = d_scored[t - steps].copy()"),
    M("identity start", "inits/isometric.py", "(1 / self.lag) * np.eye", "(2 / self.lag) * np.eye"),
    M("orthogonal start", "inits/isometric.py", "return q * signs", "return q"),
    M("LRU definition", "cells/lru.py", " + skip * u)", " + skip)"),
    M("LRU gate", "cells/lru.py", "u = u + v * affine(", "u = v * affine("),
    M("minGRU definition", "cells/mingru.py", "recur(1 - z, z * new)", "recur(1 - z, new)"),
    M("scan by steps", "cells/linear_scan.py", "np.add(after, product, after)", "np.subtract(after, product, after)"),
    M("scan by sweeps", "cells/linear_scan.py", "        reach *= 2", "        reach *= 4"),
    M("scan, derivative of the factors", "cells/linear_scan.py", "d_b[:, 1:] * h[:, :-1].conj()", "d_b[:, 1:] * h[:, 1:].conj()"),
    M("scan, direction of the derivative", "cells/linear_scan.py", "d_h, reverse=True", "d_h, reverse=False"),
    M("scan held until the start", "cells/linear_scan.py", "return values * begun if late", "return values if late"),
    M("ring", "inits/linear.py", "np.log1p(-square) / 2", "np.log1p(-square)"),
    M("update rate", "inits/linear.py", "-np.log(steps - 1)", "np.log(steps - 1)"),
    M("omega, derivative", "optimisers/omega.py", "(4 * self.alpha", "(2 * self.alpha"),
    M("omega, immediate derivative", "optimisers/omega.py", "(d_q * slopes)", "(d_q * d)"),
    M("omega, errors", "optimisers/omega.py", "transpose(1, 2)) * slopes", "transpose(1, 2))"),
    M("omega, steps that count", "optimisers/omega.py", "(square > _LEAST_SQUARE) & has_begun(", "(square >= 0.0) & has_begun("),
    M("omega, added to the gradient", "objective.py", "own[name] + share * value", "own[name] + value"),
    M("LSTM of 1997, definition", "cells/lstm_1997.py", "(s / 2).tanh()", "s.tanh()"),
    M("LSTM of 1997, truncation", "cells/lstm_1997.py", "[y, gates], -1).detach()", "[y, gates], -1)"),
    M("LSTM of 1997, blocks", "cells/lstm_1997_kernels.py", "* self.blocks // self.hidden", "* 0"),
    M("LSTM of 1997, forward", "cells/lstm_1997_kernels.py", "s += i[t].take(block, -2) * inner[t]", "s += inner[t]"),
    M("LSTM of 1997, hold", "cells/lstm_1997_kernels.py", "u_next[t] *= held[t]", "u_next[t] *= 1"),
    M("LSTM of 1997, derivative of the state", "cells/lstm_1997_kernels.py", "direct[::-1].cumsum(0)[::-1]", "direct"),
    M("LSTM of 1997, input gate", "cells/lstm_1997_kernels.py", "* (1 - p_i * p_i) / 2", "* (1 - p_i) / 2"),
    M("LSTM of 1997, output gate", "cells/lstm_1997_kernels.py", "** 2) / 4", "** 2) / 2"),
    M("closed gates", "inits/closed_gates.py", "np.arange(1, blocks + 1)", "np.arange(blocks)"),
    M("cell of a module", "cells/of_module.py", "return new, new[0]", "return new, 0.9 * new[0]"),
    M("reservoir leak", "cells/reservoir.py", "h.lerp_(new, self.leak)", "h.lerp_(new, self.leak**2)"),
    M("reservoir definition", "cells/reservoir.py", "(1 - leak) * state[0]", "(1 - leak**2) * state[0]"),
    M("reservoir activation", "cells/reservoir.py", "np.tanh(values, out=values)", "np.sin(values, out=values)"),
    M("reservoir activation without leak", "cells/reservoir.py", "np.tanh(new.numpy(), out=states)", "np.sin(new.numpy(), out=states)"),
    M("reservoir held until the start", "cells/reservoir.py", "states[:, :batch] *= start <= t", "states[:, :batch] *= start < t"),
    M("reservoir's gathered rows", "cells/reservoir.py", "per_sample_weights=weights.values()", "per_sample_weights=weights.values() * 0.999"),
    M("reservoir's sparse product", "cells/reservoir.py", "torch.addmm(new, recurrent, h, out=new)", "torch.addmm(new, recurrent, h, beta=0.999, out=new)"),
    M("reservoir's dense product", "cells/reservoir.py", "partial(torch.mm, weights, table", "partial(torch.mm, 0.999 * weights, table"),
    M("time average", "cells/time_average.py", "(torch.tanh(drive) - mean) / steps", "(torch.tanh(drive) - mean) / (steps + 1)"),
    M("average net definition", "cells/average_net.py", "leaky_relu(affine(total / steps,", "leaky_relu(affine(total / (steps + 1),"),
    M("average net, sums", "cells/average_net.py", "values[:, until:]], 1).cumsum(1)", "values[:, until:]], 1)"),
    M("average net held until the start", "cells/average_net.py", "features = leaky_relu(self.drive(own, inputs)) * begun", "features = leaky_relu(self.drive(own, inputs))"),
    M("held until the start", "cells/base.py", "torch.where(started, after, before)", "torch.where(started | True, after, before)"),
    # initialisations
    M("Gaussian", "inits/gaussian.py", "np.sqrt(shapes[name][0])", "np.sqrt(shapes[name][-1])"),
    M("uniform", "inits/uniform.py", "rng.uniform(-self.bound, ", "rng.uniform(-0.999 * self.bound, "),
    M("sparse at a spectral radius", "inits/sparse.py", "/ spectral_radius(recurrent)", "/ np.linalg.norm(recurrent, 2)"),
    M("spectral radius", "inits/base.py", ".max())", ".mean())"),
    M("sparse columns", "inits/base.py", "matrix[incoming, unit]", "matrix[unit, incoming]"),
    M("forget bias", "inits/gates.py", "[hidden : 2 * hidden] = self.bias", "[: hidden] = self.bias"),
    M("chrono forget gate", "inits/gates.py", "np.log(rng.uniform(1, ", "np.log(rng.uniform(2, "),
    M("chrono input gate", "inits/gates.py", "[:hidden] = -forget", "[:hidden] = forget"),
    M("gate weights", "inits/gates.py", 'bound = 1 / np.sqrt(shapes["W_hh"][0])', 'bound = 1 / np.sqrt(shapes["W_hh"][1])'),
    M("echo state bias", "inits/reservoirs.py", '"b_h": rng.standard_normal(shapes["b_h"]) * self.bias_scale,\n            **', '"b_h": rng.random(shapes["b_h"]) * self.bias_scale,\n            **'),
    M("echo state radius", "inits/reservoirs.py", "recurrent * (self.spectral_radius / ", "recurrent * (self.spectral_radius**2 / "),
    M("cycle", "inits/reservoirs.py", "np.roll(np.eye(hidden), 1, axis=1)", "np.roll(np.eye(hidden), 1, axis=0)"),
    M("input only", "inits/reservoirs.py", 'self.bias_scale * rng.standard_normal(shapes["b_h"])', 'self.input_scale * rng.standard_normal(shapes["b_h"])'),
    M("feedback weights", "inits/reservoirs.py", 'scale * rng.standard_normal(shapes["W_yh"])', 'scale * rng.random(shapes["W_yh"])'),
    # losses
    M("squared error", "losses.py", "(outputs - targets).square().flatten(1).mean(1)", "(outputs - targets).abs().flatten(1).mean(1)"),
    M("squared error, gradient", "losses.py", "return (outputs - targets) * (2 / ", "return (outputs - targets) * (1 / "),
    M("squared error, wrong", "losses.py", "<= self.tolerance", "<= 1.5 * self.tolerance"),
    M("cross-entropy", "losses.py", "return -picked.flatten(1).mean(1)", "return -picked.flatten(1).sum(1)"),
    M("cross-entropy, gradient", "losses.py", "(outputs.softmax(-1) - self.encode(targets).to(outputs.dtype))", "(outputs.sigmoid() - self.encode(targets).to(outputs.dtype))"),
    M("cross-entropy, curvature", "losses.py", "(weighted - p * weighted.sum(-1, keepdim=True))", "weighted"),
    M("one-hot error", "losses.py", "(outputs - self.encode(targets)).square().flatten(1).mean(1)", "(outputs - self.encode(targets)).abs().flatten(1).mean(1)"),
    M("logistic error", "losses.py", "error.square().sum(-1).flatten(1).mean(1) / 2", "error.square().sum(-1).flatten(1).mean(1)"),
    M("logistic error, gradient", "losses.py", "self._aims(outputs, targets)) * s * (1 - s)", "self._aims(outputs, targets)) * s"),
    M("logistic error, curvature", "losses.py", "(s * (1 - s)).square() * tangent", "(s * (1 - s)) * tangent"),
    M("logistic error, wrong", "losses.py", "(off > self.tolerance)", "(off > 1.5 * self.tolerance)"),
    M("one-hot error, gradient", "losses.py", "return (outputs - self.encode(targets)) * (2 / ", "return (outputs - self.encode(targets)) * (1 / "),
    # models, objectives, trees
    M("linear readout", "readouts.py", "        return h\n", "        return h * 0.999\n"),
    M("quadratic readout", "readouts.py", "torch.cat([h, h.square()], -1)", "torch.cat([h, h.abs()], -1)"),
    M("quadratic readout, backward", "readouts.py", "return linear + 2 * h * square", "return linear + h * square"),
    M("centring", "model.py", "x - x.new_tensor(self.shift)", "x + x.new_tensor(self.shift)"),
    M("output feedback", "model.py", '@ params["W_yh"]', '@ (0.999 * params["W_yh"])'),
    M("kept Jacobian", "model.py", "readout.pullback(h, d) for d in d_features", "readout.pullback(h, 0.999 * d) for d in d_features"),
    M("curvature of pieces", "objective.py", "structural / len(b))", "structural)"),
    M("Gauss-Newton", "objective.py", "d_outputs = share * self.loss.hessian_product(outputs, r_outputs)", "d_outputs = share * r_outputs"),
    M("charge of a gradient", "objective.py", "self._charge(GRADIENT, params)\n        return answer\n\n    def reg", "self._charge(FORWARD, params)\n        return answer\n\n    def reg"),
    M("objective of functions", "functional.py", "(structural / len(self))", "structural"),
    M("norm of a tree", "algebra/tree.py", "return dot(a, a).sqrt()", "return dot(a, a)"),
    M("affine map", "algebra/products.py", "+ aligned(bias, x)", "- aligned(bias, x)"),
    # tasks, streams, rules
    M("adding", "tasks/adding.py", "(pair[0] + pair[1]) / 2", "(pair[0] + pair[1]) / 2.001"),
    M("adding, a mark in each half", "tasks/adding_urnn.py", "rng.integers(0, lag // 2, size=n), rng", "rng.integers(0, lag // 2 + 1, size=n), rng"),
    M("multiplication", "tasks/multiplication.py", "(pair[0] * pair[1])", "(pair[0] * pair[0])"),
    M("xor", "tasks/xor.py", "(pair[0] != pair[1])", "(pair[0] == pair[1])"),
    M("temporal orders", "tasks/_temporal_order.py", "np.arange(len(tenths))[::-1] @ relevant", "np.arange(len(tenths)) @ relevant"),
    M("temporal order, windows", "tasks/temporal_order.py", "(1, 5)", "(1, 4)"),
    M("temporal order of three, windows", "tasks/temporal_order_3bit.py", "(1, 3, 6)", "(1, 3, 5)"),
    M("blank and cue", "tasks/_memorization.py", "message_silence_cue(message, lag, blank, cue, cue_ahead)", "message_silence_cue(message, lag, cue, blank, cue_ahead)"),
    M("half-solved baseline", "tasks/_memorization.py", "unknown / symbols * math.log(values)", "math.log(values)"),
    M("memorization of 5 bits", "tasks/memorization_5bit.py", "np.arange(_BITS)[::-1, None]", "np.arange(_BITS)[:, None]"),
    M("memorization of 20 bits", "tasks/memorization_20bit.py", "rng.integers(0, _VALUES, ", "rng.integers(0, _VALUES - 1, "),
    M("copy", "tasks/copy.py", "cue_ahead=1", "cue_ahead=0"),
    M("latch", "tasks/latch.py", "2 * bit - 1", "bit"),
    M("distractors", "tasks/distractors.py", "symbol[start + 1, each]", "symbol[start + 2, each]"),
    M("marks of 1997", "tasks/_experiments_1997.py", "second += second >= first", "second += second > first"),
    M("flags of 1997", "tasks/_experiments_1997.py", "= x[-1, :, 1] = -1.0", "= x[-1, :, 1] = 0.0"),
    M("places of 1997", "tasks/_experiments_1997.py", "symbol[start + place - 1, each]", "symbol[start + place - 2, each]"),
    M("adding of 1997", "tasks/adding_1997.py", "(pair[0] + pair[1]) / 4", "(pair[0] + pair[1]) / 2"),
    M("multiplication of 1997", "tasks/multiplication_1997.py", "pair[0] * pair[1]", "pair[0] + pair[1]"),
    M("temporal order of 1997", "tasks/temporal_order_1997.py", "(50, 60)", "(51, 60)"),
    M("3-bit temporal order of 1997", "tasks/temporal_order_3bit_1997.py", "(33, 43)", "(34, 43)"),
    M("distractors, end", "tasks/distractors.py", "ends.argmax(0)", "ends.sum(0) - 1"),
    M("parity", "tasks/parity.py", "bits.sum(0, keepdims=True) % 2", "bits[:-1].sum(0, keepdims=True) % 2"),
    M("random starts", "tasks/_sequences.py", "rng.integers(lag, lag + lag // 10, size=n, endpoint=True)", "rng.integers(lag, lag + lag // 10, size=n)"),
    M("random permutation", "tasks/random_permutation.py", "one_hot(symbol[:-1], _SYMBOLS)", "one_hot(symbol[1:], _SYMBOLS)"),
    M("random permutation, every step", "tasks/random_permutation_every_step.py", "symbol[1:])", "symbol[:-1])"),
    M("every step, wrong", "tasks/random_permutation_every_step.py", "wrong[:, :-1] = False", "wrong[:, 1:] = False"),
    M("marked windows", "tasks/_sequences.py", "rng.integers(length // 10, length // 2)", "rng.integers(length // 10, length // 3)"),
    M("marked padding", "tasks/_sequences.py", "value[np.arange(steps)[:, None] < start] = 0.0", "value[np.arange(steps)[:, None] < start] = 0.5"),
    M("symbol windows", "tasks/_sequences.py", "(k + 1) * lag // 10", "(k + 2) * lag // 10"),
    M("cue", "tasks/_sequences.py", "symbol[heard + lag - ahead] = cue", "symbol[heard + lag] = cue"),
    M("first again", "tasks/_sequences.py", "symbol[0] = symbol[-1] = rng", "symbol[1] = symbol[-1] = rng"),
    M("streams", "rng.py", "repr((operator.index(seed), *names))", "repr((*names, operator.index(seed)))"),
    M("evaluation grid", "protocol.py", "(passes // EVALUATION_EVERY + 1)", "(passes // EVALUATION_EVERY + 2)"),
    # the engine
    M("start of the biases", "engine/data.py", 'drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)', 'drawn["b_y"] - np.asarray(self.setup.parts.centring.outputs)'),
    M("numbers of batches", "engine/data.py", "self.drawn += 1", "self.drawn += 2"),
    M("evaluation loss", "engine/evaluate.py", "loss += len(batch) * ", "loss += "),
)  # fmt: skip


def mutated(mutation: Mutation) -> Result:
    """Runs the golden numbers on the mutated package, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "longlag"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / mutation.file).write_text(mutation.text())
        environment = os.environ | {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        done = warm.run([__file__, "--child"], options=("-W", "error"), env=environment)
    if done.returncode:
        return Result("", "", 0.0, [done.stderr.strip().splitlines()[-1]])
    return Result(**json.loads(done.stdout))


def first_difference() -> dict:
    """In a child: the first entry with a number that is off by more than rounding."""
    import longlag
    import test_golden
    from golden_numbers import ROUNDING, differences

    assert Path(longlag.__file__).parents[1] != PACKAGE.parent, "the child runs the mutated package"
    golden, crashes = test_golden.read(), []
    for entry in test_golden.ENTRIES:
        try:
            found = differences(test_golden.numbers(entry), golden[entry]["numbers"])
        except Exception as error:
            crashes.append(f"{entry}: {type(error).__name__}")
            continue
        if found and found[0].tolerances > ROUNDING:
            return {"entry": entry, "number": found[0].name, "tolerances": found[0].tolerances, "crashes": crashes}
    return {"entry": "", "number": "", "tolerances": 0.0, "crashes": crashes}


def table(mutations: list[Mutation]) -> int:
    """Prints a row for each; returns how many were not caught."""
    missed = 0
    for mutation in mutations:
        result = mutated(mutation)
        missed += not result.caught
        said = (
            f"{result.entry}, {result.number}: {result.tolerances:.1e}"
            if result.caught
            else f"NOT CAUGHT {result.crashes}"
        )
        print(f"{mutation.kind:34} {mutation.file:42} {said}", flush=True)
    print(
        f"{len(mutations)} mutations, {len(mutations) - missed} caught by numbers (tolerances off at the end of a row)"
    )
    return missed


if __name__ == "__main__":
    words = sys.argv[1:]
    if words == ["--child"]:
        warnings.simplefilter("ignore")  # a changed formula may well divide by zero
        print(json.dumps(first_difference()))
    else:
        sys.exit(bool(table([m for m in MUTATIONS if not words or any(w in m.name + m.file for w in words)])))
