"""The hands-on page: a small net and a map with two attractors, computed live in the browser, in one file.

`handson.js` holds the mathematics, in float64 as here; tests compare it with torch and with the lecture's own nets. The
weights are written down rather than drawn, so that everybody looks at the same net. They were drawn once, as eight
units with a spectral radius of 1, and chosen so that within the page's sliders the gradient of two correct programs
agrees to 1e-6: where it grows further, the last bit of tanh decides.
"""

from __future__ import annotations

from markupsafe import Markup

from longlag.report import scripts
from longlag.report.templates import contents, template

# W_hh [H, H], acting from the right on a row of states: spectral radius 1; W_xh [H]: the input that hits the net once
WEIGHTS = [
    [-0.3487, 0.529, 0.1115, -0.0301, 0.019, -0.5413, 0.0395, 0.0324],
    [-0.0328, 0.4214, -0.7342, -0.2666, -0.1126, 0.4779, 0.134, -0.4491],
    [-0.0302, 0.8592, 0.1618, -0.1563, 0.0118, 0.1363, 0.1814, 0.1798],
    [0.4263, 0.4201, -0.0721, 0.249, 0.6846, -0.0408, -0.2587, -0.1034],
    [0.3024, 0.221, -0.0057, -0.1242, -0.0698, -0.3733, -0.2205, -0.1436],
    [0.6508, 0.2402, -0.4152, 0.2192, -0.3555, -0.1017, 0.532, 0.4746],
    [-0.3353, 0.0192, 0.0353, 0.8893, 0.108, 0.3691, -0.6664, 0.004],
    [0.0933, -0.0727, -0.0057, -0.6256, -0.7868, 0.4976, 0.4226, 0.5486],
]
# (W + W') / 2, scaled to a spectral radius of 1
SYMMETRIC = [
    [-0.269, 0.1914, 0.0314, 0.1528, 0.124, 0.0422, -0.1141, 0.0485],
    [0.1914, 0.3251, 0.0482, 0.0592, 0.0418, 0.277, 0.0591, -0.2013],
    [0.0314, 0.0482, 0.1248, -0.0881, 0.0024, -0.1076, 0.0836, 0.0672],
    [0.1528, 0.0592, -0.0881, 0.1921, 0.2162, 0.0688, 0.2433, -0.2812],
    [0.124, 0.0418, 0.0024, 0.2162, -0.0539, -0.2812, -0.0434, -0.3589],
    [0.0422, 0.277, -0.1076, 0.0688, -0.2812, -0.0785, 0.3476, 0.3751],
    [-0.1141, 0.0591, 0.0836, 0.2433, -0.0434, 0.3476, -0.5142, 0.1646],
    [0.0485, -0.2013, 0.0672, -0.2812, -0.3589, 0.3751, 0.1646, 0.4233],
]
INPUT = [-0.3877, -0.3691, -0.6076, -1.188, 0.639, -0.4299, 0.2826, -0.4533]
# two tanh units with an attractor in each of two corners: W [2, 2], b [2]
MAP_WEIGHTS, MAP_BIASES = [[1.6, 0.7], [0.4, 1.5]], [0.03, -0.05]


def numbers() -> dict[str, list[list[float]] | list[float]]:
    """The weights, under the names that handson.js reads."""
    return {"W": WEIGHTS, "symmetricW": SYMMETRIC, "input": INPUT, "mapW": MAP_WEIGHTS, "mapB": MAP_BIASES}


def render() -> str:
    """The page as text; nothing in it is fetched, and its policy lets its own script run and nothing else."""
    script = contents("handson.js")
    return template("handson.html").render(
        title="longlag: turn a knob, watch the gradient die",
        css=Markup(contents("page.css", "handson.css")),
        policy=scripts.policy(script),
        numbers=Markup(scripts.to_json(numbers())),
        script=Markup(script),
        units=len(INPUT),
    )
