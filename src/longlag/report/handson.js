// A small net and a map with two attractors. Mathematics first, then pictures, then controls. States are rows: h W.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const { W, symmetricW, input, mapW, mapB } = JSON.parse($("handson-data").textContent);

  // --- mathematics; the same formulas as longlag.lecture.tools.nets ---
  function sigmoid(a) {
    const small = Math.exp(-Math.abs(a)); // at most 1: never overflows
    return a >= 0 ? 1 / (1 + small) : small / (1 + small);
  }
  const UNITS = {
    tanh: { f: Math.tanh, slope: (a) => 4 * sigmoid(2 * a) * sigmoid(-2 * a), rest: 0, range: [-1, 1] },
    logistic: { f: sigmoid, slope: (a) => sigmoid(a) * sigmoid(-a), rest: 0.5, range: [0, 1] },
  };
  const norm = (v) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  const times = (h, w) => w[0].map((_, j) => h.reduce((sum, x, i) => sum + x * w[i][j], 0)); // h W
  const timesTransposed = (d, w) => w.map((row) => row.reduce((sum, x, j) => sum + x * d[j], 0)); // d W'

  // One input at step 1, `strength` times that of the page, then `lag` steps of its own; the error is a weight of 1 on the
  // last state of the first unit.
  function net({ unit, scale, lag, error = 1, centred = false, symmetric = false, strength = 1 }) {
    const { f, slope, rest } = UNITS[unit];
    const w = (symmetric ? symmetricW : W).map((row) => row.map((x) => x * scale));
    const bias = w.map((_, j) => (centred ? -w.reduce((sum, row) => sum + row[j], 0) / 2 : 0));
    const [h, a] = [[input.map(() => rest)], [null]];
    for (let t = 1; t <= lag + 1; t++) {
      a.push(times(h[t - 1], w).map((x, i) => x + bias[i] + (t === 1 ? strength * input[i] : 0)));
      h.push(a[t].map(f));
    }
    const d = Array(lag + 2); // d[t] = dL/dh_t
    const dW = w.map((row) => row.map(() => 0));
    d[lag + 1] = input.map((_, i) => (i === 0 ? error : 0));
    for (let t = lag + 1; t >= 1; t--) {
      const dA = d[t].map((x, i) => x * slope(a[t][i]));
      d[t - 1] = timesTransposed(dA, w);
      h[t - 1].forEach((x, i) => dA.forEach((y, j) => { dW[i][j] += x * y; }));
    }
    return { h: h.slice(1), d: d.slice(1), dW, bias };
  }

  // The two-unit map: the orbit of a start, and the spectral norm of dh_T/dh_0.
  function follow(start, steps) {
    let [h, J] = [start, [[1, 0], [0, 1]]];
    const orbit = [h];
    for (let t = 0; t < steps; t++) {
      const a = times(h, mapW).map((x, i) => x + mapB[i]);
      h = a.map(Math.tanh);
      const s = a.map(UNITS.tanh.slope);
      J = J.map((row) => times(row, mapW).map((x, j) => x * s[j])); // dh_t = dh_{t-1} W diag(slopes)
      orbit.push(h);
    }
    return { orbit, norm: spectral(J) };
  }
  function spectral([[a, b], [c, d]]) {
    const [p, q] = [Math.hypot(a + d, b - c), Math.hypot(a - d, b + c)];
    return (p + q) / 2; // the larger singular value of a 2 x 2 matrix
  }
  // Where a start ends. 400 steps: one that lies 1e-15 beside the watershed leaves it within 90.
  function settle([u, v]) {
    for (let t = 0; t < 400; t++) {
      [u, v] = [0, 1].map((j) => Math.tanh(u * mapW[0][j] + v * mapW[1][j] + mapB[j]));
    }
    return [u, v];
  }
  const ATTRACTORS = [settle([-1, -1]), settle([1, 1])];
  const side = (start) => (Math.hypot(...settle(start).map((x, i) => x - ATTRACTORS[0][i])) < 1e-3 ? 0 : 1);
  window.handson = { net, follow, attractors: ATTRACTORS }; // for a console, and for the tests

  // --- pictures ---
  const COLOURS = ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#a0703c", "#949494", "#56b4e9"];
  const BOX = { left: 58, right: 462, top: 12, bottom: 246 };
  const minus = (x) => String(x).replace("-", "−");
  function told(x) {
    if (x === 0 || (Math.abs(x) >= 0.01 && Math.abs(x) < 1e4)) return minus(Number(x.toPrecision(3)));
    const [digits, exponent] = x.toExponential(1).replace("+", "").split("e");
    return `${minus(digits)}\u00a0×\u00a010<sup>${minus(exponent)}</sup>`;
  }
  const power = (k) => `10<tspan dy="-5" font-size="75%">${minus(k)}</tspan>`;
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(4)},${y.toFixed(4)}`).join("");

  function axes({ x, y, xName, yName, xTicks, yTicks }) {
    const lines = yTicks.map(([v, label, kind = "grid"]) => `<line class="${kind}" x1="${BOX.left}" x2="${BOX.right}" y1="${y(v)}" y2="${y(v)}"/><text x="${BOX.left - 7}" y="${y(v) + 4}" text-anchor="end">${label}</text>`);
    const marks = xTicks.map((v) => `<text x="${x(v)}" y="${BOX.bottom + 25}" text-anchor="middle">${minus(v)}</text>`);
    const below = `<text x="${(BOX.left + BOX.right) / 2}" y="${BOX.bottom + 46}" text-anchor="middle">${xName}</text>`;
    const beside = `<text transform="translate(-5 ${(BOX.top + BOX.bottom) / 2}) rotate(-90)" text-anchor="middle">${yName}</text>`;
    return [...lines, ...marks, below, beside].join("");
  }
  const scaler = (from, to, low, high) => (v) => low + ((v - from) / (to - from || 1)) * (high - low);
  const ticks = (last) => {
    const step = [1, 2, 5, 10, 20, 25].find((size) => last / size <= 5);
    return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
  };

  function drawForward(h, range) {
    const last = h.length - 1;
    const [x, y] = [scaler(0, last, BOX.left, BOX.right), scaler(range[0], range[1], BOX.bottom, BOX.top)];
    const middle = (range[0] + range[1]) / 2;
    const frame = axes({ x, y, xName: "step", yName: "activity", xTicks: ticks(last), yTicks: [range[0], middle, range[1]].map((v) => [v, minus(v)]) });
    const units = h[0].map((_, i) => `<path class="unit" stroke="${COLOURS[i]}" d="${path(h.map((state, t) => [x(t), y(state[i])]))}"/>`);
    $("forward").innerHTML = frame + units.join("");
  }

  // A logarithmic axis over these numbers, in whole decades around 1; what is 0 lies at its lower end.
  function decades(values, least) {
    const logs = values.filter((v) => v > 0).map(Math.log10);
    const [low, high] = [Math.floor(Math.min(-least, ...logs)), Math.ceil(Math.max(least, ...logs))];
    const step = Math.max(1, Math.ceil((high - low) / 6));
    const all = [];
    for (let k = Math.ceil(low / step) * step; k <= high; k += step) all.push([k, power(k), k === 0 ? "one" : "grid"]);
    return { y: scaler(low, high, BOX.bottom, BOX.top), yTicks: all, log: (v) => (v > 0 ? Math.log10(v) : low) };
  }

  function drawBackward(norms, rate) {
    const lag = norms.length - 1; // norms[k]: k steps back
    const { y, yTicks, log } = decades(norms, 3);
    const x = scaler(0, lag, BOX.left, BOX.right);
    const frame = axes({ x, y, xName: "steps back from the error", yName: "‖dE/dh‖", xTicks: ticks(lag), yTicks });
    const law = path([0, lag].map((k) => [x(k), y(log(norms[0]) + k * Math.log10(rate))]));
    const flow = path(norms.map((v, k) => [x(k), y(log(v))]));
    const rateLine = rate > 0 ? `<path class="rate" d="${law}"/>` : "";
    $("backward").innerHTML = `${frame}${rateLine}<path class="flow" d="${flow}"/><circle class="dot" r="4.5" cx="${x(lag)}" cy="${y(log(norms[lag]))}"/>`;
  }

  // Blue: vanished, white: 1, red: exploded; the colours of RdBu, which the colour-blind can tell apart.
  const STOPS = [[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]];
  let most = 8; // decades at the ends of the scale: as many as an orbit of these steps can show
  function colour(value) {
    const place = Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-300)) + most) / (2 * most))) * (STOPS.length - 1);
    const i = Math.min(STOPS.length - 2, Math.floor(place));
    return STOPS[i].map((c, k) => Math.round(c + (place - i) * (STOPS[i + 1][k] - c)));
  }
  function paint(canvas, value) {
    const { width, height } = canvas;
    const image = new ImageData(width, height);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const span = (k, n) => (n > 1 ? -1 + (2 * k) / (n - 1) : 0);
        image.data.set([...colour(value(span(column, width), -span(row, height))), 255], 4 * (row * width + column));
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // --- controls ---
  const state = { unit: "tanh", start: [-0.3, 0.6] };
  const FAINT = 1e-6; // of the input: tanh units then stay near 0, where their slope is 1
  const SURVIVES = 10; // at most so many times larger or smaller
  const SCALES = { tanh: { max: 3.5, step: 0.05 }, logistic: { max: 12, step: 0.05 } };

  function chosen() {
    const number = (id) => Number($(id).value);
    const centred = state.unit === "logistic" && $("centred").checked;
    const strength = state.unit === "tanh" && $("faint").checked ? FAINT : 1;
    return { unit: state.unit, scale: number("scale"), lag: number("lag"), error: 2 ** number("error"), centred, symmetric: $("symmetric").checked, strength };
  }

  function updateNet() {
    const choice = chosen();
    const { h, d, dW } = net(choice);
    const norms = d.map(norm).reverse();
    const rate = (norms[choice.lag] / norms[0]) ** (1 / choice.lag);
    drawForward(h, UNITS[choice.unit].range);
    drawBackward(norms, rate);
    $("scale-told").textContent = choice.scale.toFixed(2);
    $("lag-told").textContent = choice.lag;
    $("error-told").textContent = `× ${choice.error}`;
    const size = norms[choice.lag] / norms[0];
    const fate = size < 1 / SURVIVES ? "It has vanished." : size > SURVIVES ? "It has exploded." : "It survives.";
    const reading = $("reading");
    Object.assign(reading.dataset, { gradient: norms[choice.lag], weights: norm(dW.flat()), rate });
    reading.innerHTML = `${choice.lag} steps back the gradient is <b>${told(norms[choice.lag])}</b>${choice.error === 1 ? "" : `, ${told(size)} of what it was`}, multiplied by <b>${told(rate)}</b> at each. ${fate} The gradient of the weights, a sum over all steps, is ${told(norm(dW.flat()))}.`;
  }

  function updateMap(repaint) {
    const steps = Number($("steps").value);
    const { start } = state;
    if (repaint) {
      most = Math.max(1, Math.ceil(steps / 5));
      paint($("map"), (u, v) => follow([u, v], steps).norm);
      paint($("key"), (u) => 10 ** (most * u));
      $("key-low").innerHTML = `10<sup>−${most}</sup>`;
      $("key-high").innerHTML = `10<sup>${most}</sup>`;
    }
    const { orbit, norm: size } = follow(start, steps);
    const flip = ([u, v]) => [u, -v];
    const dots = orbit.slice(1).map(flip).map(([u, v]) => `<circle class="step" vector-effect="non-scaling-stroke" r="0.014" cx="${u}" cy="${v}"/>`).join("");
    const rings = ATTRACTORS.map(flip).map(([u, v]) => `<circle class="end" vector-effect="non-scaling-stroke" r="0.045" cx="${u}" cy="${v}"/>`).join("");
    const [u, v] = flip(start);
    $("orbit").innerHTML = `${["under", "orbit"].map((kind) => `<path class="${kind}" vector-effect="non-scaling-stroke" d="${path(orbit.map(flip))}"/>`).join("")}${dots}${rings}<circle class="start" vector-effect="non-scaling-stroke" r="0.04" cx="${u}" cy="${v}"/>`;
    const places = alongCut(start);
    const along = places.map((p) => follow([p, start[1]], steps).norm);
    const { y, yTicks, log } = decades([...along, size], 2);
    const x = scaler(-1, 1, BOX.left, BOX.right);
    const frame = axes({ x, y, xName: "start of unit 1", yName: "‖dh<tspan dy=\"3\" font-size=\"75%\">T</tspan><tspan dy=\"-3\">/dh</tspan><tspan dy=\"3\" font-size=\"75%\">0</tspan><tspan dy=\"-3\">‖</tspan>", xTicks: [-1, -0.5, 0, 0.5, 1], yTicks });
    $("cut").innerHTML = `${frame}<path class="flow" d="${path(along.map((value, i) => [x(places[i]), y(log(value))]))}"/><circle class="dot" r="4.5" cx="${x(start[0])}" cy="${y(log(size))}"/>`;
    $("steps-told").textContent = steps;
    ["first", "second"].forEach((id, i) => {
      $(id).value = start[i];
      $(`${id}-told`).textContent = minus(start[i].toFixed(3));
    });
    const corner = ["lower left", "upper right"][side(start)];
    Object.assign($("map-reading").dataset, { norm: size, end: corner });
    $("map-reading").innerHTML = `From (${start.map((c) => minus(c.toFixed(3))).join(", ")}) the net settles in the <b>${corner}</b> corner. Moving the start a little moves the state after ${steps} steps <b>${told(size)}</b> times as much.`;
  }
  function move(start) {
    state.start = start.map((x) => Math.min(1, Math.max(-1, x)));
    updateMap(false);
  }
  // The start of unit 1 at which the corner changes, at this height: by halving. null where it does not change.
  function crossing(height) {
    let [low, high] = [-1, 1];
    if (side([low, height]) === side([high, height])) return null;
    const left = side([low, height]);
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      if (side([middle, height]) === left) low = middle;
      else high = middle;
    }
    return low;
  }
  // Where the cut is sampled: evenly, at the start itself, and ever more densely towards the watershed.
  function alongCut(start) {
    const places = [...Array.from({ length: 401 }, (_, i) => -1 + i / 200), start[0]];
    const ridge = crossing(start[1]);
    if (ridge !== null) {
      const near = Array.from({ length: 45 }, (_, i) => 10 ** (-12 + i / 4));
      places.push(ridge, ...near.map((x) => ridge - x), ...near.map((x) => ridge + x));
    }
    return places.filter((p) => p >= -1 && p <= 1).sort((a, b) => a - b);
  }
  function watershed() {
    const ridge = crossing(state.start[1]);
    if (ridge !== null) move([ridge, state.start[1]]);
  }

  for (const id of ["scale", "lag", "error", "centred", "symmetric", "faint"]) $(id).addEventListener("input", updateNet);
  for (const radio of document.querySelectorAll("input[name=unit]")) {
    radio.addEventListener("change", () => {
      state.unit = radio.value;
      Object.assign($("scale"), SCALES[state.unit]);
      $("centred").disabled = state.unit !== "logistic";
      $("faint").disabled = state.unit !== "tanh";
      updateNet();
    });
  }
  for (const button of document.querySelectorAll(".preset")) {
    button.addEventListener("click", () => {
      document.querySelector("input[value=tanh]").click();
      for (const id of ["scale", "lag"]) $(id).value = button.dataset[id];
      $("faint").checked = true;
      $("symmetric").checked = false;
      updateNet();
    });
  }
  $("steps").addEventListener("input", () => updateMap(true));
  ["first", "second"].forEach((id, i) => {
    $(id).addEventListener("input", (event) => move(state.start.map((x, k) => (k === i ? Number(event.target.value) : x))));
  });
  $("watershed").addEventListener("click", watershed);
  const plane = $("plane");
  function point(event) {
    const box = plane.getBoundingClientRect();
    move([(2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height]);
  }
  plane.addEventListener("pointerdown", (event) => {
    plane.setPointerCapture(event.pointerId);
    point(event);
  });
  plane.addEventListener("pointermove", (event) => event.buttons && point(event));
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  plane.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const step = event.shiftKey ? 0.002 : 0.05;
    move(state.start.map((x, i) => x + step * arrow[i]));
  });

  $("live").hidden = false;
  updateNet();
  updateMap(true);
  Object.assign(document.body.dataset, { asked: "1", drawn: "1" });
})();
