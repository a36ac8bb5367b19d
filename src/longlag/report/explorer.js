// Controls and charts of the report page. Numbers come from the JSON island; rows are lists, in the order of explorer.py.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("explorer-data").textContent);
  const [METHOD, LAG] = [0, 1];
  const SEED_COST = { passes: 3, flops: 4, seconds: 5 };
  const HEIGHT = 260; // of a chart, in pixels
  const UNITS = { passes: "passes", flops: "operations", seconds: "CPU s" };
  const state = { task: 0, lag: 0, axis: "passes", methods: new Set(data.methods.keys()) };

  const PREFIXES = [["E", 1e18], ["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]];
  function number(value) {
    if (value === null) return "–";
    const [prefix, unit] = PREFIXES.find(([, unit]) => Math.abs(value) >= 0.9995 * unit) || ["", 1];
    return `${Number((value / unit).toPrecision(3))}${prefix && " " + prefix}`;
  }
  const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)} %`);

  // What is chosen, as one object per mark.
  const task = () => data.tasks[state.task];
  const chosen = (rows) => rows.filter((row) => state.methods.has(row[METHOD]));
  const lags = (rows) => [...new Set(rows.map((row) => row[LAG]))].sort((a, b) => a - b);

  function place(lag) {
    const minimal = task().cells.find((cell) => cell[LAG] === lag && cell[2] !== null);
    return minimal ? `${lag}\n(${minimal[2]})` : `${lag}`;
  }

  function cells() {
    return chosen(task().cells).map(([method, lag, minimal, n, attempted, solved, low, high, others, cost, exhausted]) => {
      const [median, first, last, budget] = cost[state.axis];
      const unit = UNITS[state.axis];
      const range = first === null ? "" : `${number(first)} to ${last === null ? `> ${number(budget)}` : number(last)}`;
      return {
        method: data.methods[method].label, lag, place: place(lag), rate: solved / n, low, high,
        attempted, cost: median ?? budget, beyond: median !== null ? "median" : exhausted ? "unsolved with all its sequences" : "more than the budget",
        solved: `${solved} of ${n} seeds`, interval: `${percent(low)} to ${percent(high)} (Wilson, 95 %)`,
        others: others || "none", minimal: minimal ?? "unknown",
        median: median === null ? (budget === null ? "unknown" : `${exhausted ? "unsolved at" : ">"} ${number(budget)} ${unit}`) : `${number(median)} ${unit}`,
        range: range && `${range} ${unit}`,
      };
    });
  }

  function seeds() {
    return chosen(task().seeds).map((row) => ({
      method: data.methods[row[METHOD]].label, place: place(row[LAG]), lag: row[LAG], seed: row[2],
      cost: row[SEED_COST[state.axis]], told: `${number(row[SEED_COST[state.axis]])} ${UNITS[state.axis]}`,
    })).filter((dot) => dot.cost > 0);
  }

  function curves() {
    const runs = chosen(task().curves).filter((row) => row[LAG] === state.lag);
    const points = runs.flatMap(([method, lag, seed, ended, passes, wrong, seconds, perPass]) => {
      const cost = { passes, seconds, flops: passes.map((p) => (perPass === null ? null : p * perPass)) }[state.axis];
      const name = data.methods[method].label;
      return cost.map((x, i) => ({
        method: name, run: `${name} ${seed}`, seed, x, wrong: wrong[i], last: i === cost.length - 1,
        ended: i === cost.length - 1 ? ended : "still running", open: ended !== "solved",
        told: `${number(x)} ${UNITS[state.axis]}`, share: `${Number((100 * wrong[i]).toPrecision(3))} %`,
        n: `${runs.filter((row) => row[METHOD] === method).length} seeds drawn`,
      }));
    });
    return points.filter((point) => point.x > 0 && point.wrong !== null);
  }

  // Specifications of the charts. On a dark page colours that would sink into it are lighter.
  const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  const colourOf = (method) => (dark() ? method.night : method.colour);
  function looks(extra) {
    const shown = data.methods.filter((_, i) => state.methods.has(i));
    const scale = (field) => ({ domain: shown.map((m) => m.label), range: shown.map((m) => (field === "colour" ? colourOf(m) : m[field])) });
    return {
      color: { field: "method", type: "nominal", scale: scale("colour"), legend: null },
      ...(extra.shape && { shape: { field: "method", type: "nominal", scale: scale("shape"), legend: null } }),
      ...(extra.dash && { strokeDash: { field: "method", type: "nominal", scale: scale("dash"), legend: null } }),
    };
  }
  const across = () => ({
    x: {
      field: "place", type: "ordinal", sort: lags(task().cells).map(place), title: "nominal lag T in steps (minimal lag)",
      axis: { labelAngle: 0, labelExpr: "split(datum.value, '\\n')", domain: false, ticks: false, labelPadding: 6 },
    },
    xOffset: { field: "method", type: "nominal", sort: data.methods.map((m) => m.label) },
  });
  const tell = (fields) => Object.entries(fields).map(([field, title]) => ({ field, title, type: "nominal" }));
  const values = (rows) => ({ data: { values: rows } });
  const POINT = { type: "point", filled: true, size: 90, opacity: 1 };

  function successSpec() {
    const y = { field: "rate", type: "quantitative", title: "seeds that solve", scale: { domain: [0, 1] }, axis: { format: "%", tickCount: 5 } };
    return {
      ...values(cells()),
      layer: [
        { mark: { type: "rule", strokeWidth: 1.5, opacity: 0.55 }, encoding: { ...across(), ...looks({}), y: { ...y, field: "low" }, y2: { field: "high" } } },
        {
          mark: POINT,
          encoding: {
            ...across(), ...looks({ shape: true }), y,
            tooltip: tell({ method: "method", lag: "lag", minimal: "minimal lag", solved: "solved", interval: "interval", others: "others ended" }),
          },
        },
      ],
    };
  }

  // A logarithmic axis with room at both ends and a line at each power of ten, or at thirds of one where there are few.
  function decades(costs) {
    const [low, high] = [Math.min(...costs) / 1.6, Math.max(...costs) * 1.6];
    const steps = high / low < 1000 ? [1, 3] : [1];
    const powers = Array.from({ length: 40 }, (_, i) => i - 10).flatMap((power) => steps.map((step) => step * 10 ** power));
    return { scale: { type: "log", nice: false, domain: [low, high] }, axis: { format: "~s", values: powers.filter((v) => v >= low && v <= high) } };
  }

  function costSpec() {
    const drawn = cells().filter((cell) => cell.attempted > 0 && cell.cost > 0);
    const costs = [...drawn, ...seeds()].map((mark) => mark.cost);
    const y = { field: "cost", type: "quantitative", title: `${data.axes[state.axis]} to solve`, ...decades(costs) };
    const told = { method: "method", lag: "lag", median: "median", range: "range of seeds", solved: "solved", interval: "rate" };
    return {
      layer: [
        { ...values(seeds()), mark: { type: "point", filled: true, size: 22, opacity: 0.55 }, encoding: { ...across(), ...looks({}), y, tooltip: tell({ method: "method", lag: "lag", seed: "seed", told: "cost" }) } },
        { ...values(drawn.filter((cell) => cell.beyond === "median")), mark: POINT, encoding: { ...across(), ...looks({ shape: true }), y, tooltip: tell(told) } },
        { ...values(drawn.filter((cell) => cell.beyond !== "median")), mark: { type: "point", filled: false, size: 60, strokeWidth: 1.4 }, encoding: { ...across(), ...looks({ shape: true }), y, tooltip: tell(told) } },
      ],
    };
  }

  function curvesSpec() {
    const points = curves();
    const x = { field: "x", type: "quantitative", title: data.axes[state.axis], ...decades(points.map((point) => point.x)) };
    const y = { field: "wrong", type: "quantitative", title: "sequences wrong", scale: { type: "symlog", constant: data.criterion, domain: [0, 1] }, axis: { values: [0, 0.01, 0.03, 0.1, 0.3, 1], format: "~%" } };
    const [constant, half] = task().lines;
    const levels = [data.criterion, constant, half].filter((level) => level !== null);
    const up = (share) => (HEIGHT * Math.log1p(share / data.criterion)) / Math.log1p(1 / data.criterion);
    const near = constant !== null && half !== null && Math.abs(up(constant) - up(half)) < 30; // two lines of a name
    const answers = near ? [[(constant + half) / 2, "constant,\nhalf-solved"]] : [[constant, "constant\nanswer"], [half, "half-solved\nanswer"]];
    const names = [[data.criterion, "solved\nbelow"], ...answers].filter(([level]) => level !== null);
    const level = { y: { ...y, field: "level" } };
    const told = tell({ method: "method", seed: "seed", told: "after", share: "wrong", ended: "ended", n: "n" });
    const ends = points.filter((point) => point.last);
    const endings = (open) => ({ ...values(ends.filter((point) => point.open === open)), mark: { ...POINT, filled: !open, size: 70, strokeWidth: 1.6 }, encoding: { x, y, ...looks({ shape: true }), tooltip: told } });
    return {
      layer: [
        { ...values(levels.map((value) => ({ level: value }))), mark: { type: "rule", strokeDash: [3, 3], opacity: 0.7, color: "#888" }, encoding: level },
        { ...values(points), mark: { type: "line", strokeWidth: 1.3, opacity: 0.8, aria: false }, encoding: { x, y, ...looks({ dash: true }), detail: { field: "run" } } },
        { ...values(points.filter((point) => !point.last)), mark: { type: "point", filled: true, size: 16, opacity: 0.7, aria: false }, encoding: { x, y, ...looks({}), tooltip: told } },
        endings(false),
        endings(true),
        { // beside the panel: curves begin at the constant answer and may run along any level
          ...values(names.map(([value, name]) => ({ level: value, name }))),
          mark: { type: "text", align: "left", baseline: "middle", x: "width", dx: 6, fontSize: 11, lineBreak: "\n" },
          encoding: { ...level, text: { field: "name" } },
        },
      ],
    };
  }

  const CONFIG = {
    font: "system-ui, sans-serif", background: null, view: { stroke: null },
    axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", grid: true, domain: false, tickSize: 4 },
    axisX: { grid: false },
  };
  const priced = () => [...cells().filter((cell) => cell.attempted > 0), ...seeds()].filter((mark) => mark.cost > 0);
  const CHARTS = { success: [successSpec, cells], cost: [costSpec, priced], curves: [curvesSpec, curves] };

  function signed(method) {
    const sign = Object.assign(document.createElement("span"), { className: "sign", textContent: method.sign });
    sign.style.color = colourOf(method);
    sign.setAttribute("aria-hidden", "true");
    return sign;
  }
  function legend(rows) {
    const there = new Set(rows.map((row) => row.method));
    return data.methods.filter((method) => there.has(method.label)).map((method) => {
      const item = document.createElement("li");
      item.append(signed(method), ` ${method.label}`);
      return item;
    });
  }

  async function draw(name) {
    const [spec, rows] = CHARTS[name];
    const empty = rows().length === 0;
    $(`view-${name}`).hidden = empty;
    $(`none-${name}`).hidden = !empty;
    if (empty) return;
    const words = $(`view-${name}`).dataset.description + `, task ${task().label}; the table below holds the numbers.`;
    const full = { ...spec(), width: "container", height: HEIGHT, autosize: { type: "fit-x", contains: "padding" }, description: words, config: CONFIG };
    $(`view-${name}`).parentElement.querySelector(".legend").replaceChildren(...legend(rows()));
    const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: dark() ? "dark" : "light" } };
    const before = $(`view-${name}`).embedded;
    $(`view-${name}`).embedded = await vegaEmbed($(`view-${name}`), full, options);
    if (before) before.finalize();
    for (const group of $(`view-${name}`).querySelectorAll("g[role]:empty")) group.setAttribute("aria-hidden", "true");
  }

  function tabulate() {
    const body = $("explorer-rows");
    const rows = cells().map((cell) => {
      const row = document.createElement("tr");
      for (const text of [cell.method, cell.lag, cell.solved, cell.interval, cell.attempted ? cell.median : "not attempted", cell.range, cell.others]) {
        row.append(Object.assign(document.createElement("td"), { textContent: text }));
      }
      return row;
    });
    body.replaceChildren(...rows);
    $("explorer-status").textContent = `${task().label}: ${state.methods.size} of ${data.methods.length} methods, cost in ${data.axes[state.axis]}, learning curves at lag ${state.lag}.`;
  }

  let running = Promise.resolve();
  const counted = (word) => { document.body.dataset[word] = String(Number(document.body.dataset[word] || 0) + 1); };
  function update(names) {
    counted("asked");
    tabulate();
    running = running.then(() => Promise.all(names.map(draw))).then(() => counted("drawn"));
  }
  const ALL = Object.keys(CHARTS);

  // Controls.
  function fillLags() {
    const have = lags(task().curves);
    const known = have.length ? have : lags(task().cells);
    const spread = (lag) => new Set(task().curves.filter((row) => row[LAG] === lag).map((row) => row[METHOD])).size;
    state.lag = known.reduce((best, lag) => (spread(lag) > spread(best) ? lag : best), known[0]);
    $("choose-lag").replaceChildren(...known.map((lag) => new Option(lag, lag, false, lag === state.lag)));
  }
  function fillMethods() {
    const here = new Set(task().cells.map((cell) => cell[METHOD]));
    $("choose-methods").replaceChildren(...data.methods.map((method, i) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: i, checked: state.methods.has(i) });
      label.append(box, signed(method), here.has(i) ? method.label : `${method.label} (not run here)`);
      return label;
    }));
  }

  if (data.tasks.length === 0 || typeof vegaEmbed === "undefined") return;
  $("choose-task").replaceChildren(...data.tasks.map((item, i) => new Option(item.label, i)));
  // The task that opens: most methods, and of those the one that tells them apart best, by the spread of their rates.
  const telling = data.tasks.map(({ cells: rows }) => {
    const rates = rows.map((cell) => cell[5] / cell[3]);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    return new Set(rows.map((cell) => cell[METHOD])).size + mean * (1 - mean);
  });
  state.task = telling.indexOf(Math.max(...telling));
  $("choose-task").value = state.task;
  fillLags();
  fillMethods();
  $("choose-task").addEventListener("change", (event) => {
    state.task = Number(event.target.value);
    fillLags();
    fillMethods();
    update(ALL);
  });
  $("choose-lag").addEventListener("change", (event) => {
    state.lag = Number(event.target.value);
    update(["curves"]);
  });
  $("choose-methods").addEventListener("change", (event) => {
    state.methods[event.target.checked ? "add" : "delete"](Number(event.target.value));
    update(ALL);
  });
  for (const [id, every] of [["all-methods", true], ["no-methods", false]]) {
    $(id).addEventListener("click", () => {
      state.methods = new Set(every ? data.methods.keys() : []);
      fillMethods();
      update(ALL);
    });
  }
  for (const radio of document.querySelectorAll("input[name=axis]")) {
    radio.addEventListener("change", () => {
      state.axis = radio.value;
      update(["cost", "curves"]);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    fillMethods();
    update(ALL);
  });
  if (data.seeds_shown.some((shown) => shown < data.seeds)) {
    $("explorer-limits").textContent = `Of up to ${data.seeds} seeds per condition, the first ${data.seeds_shown[0]} are dots and the first ${data.seeds_shown[1]} have curves here; rates, medians and tables count all.`;
  }
  $("explorer").hidden = false;
  update(ALL);
})();
