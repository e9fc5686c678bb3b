// The first page: fetch the panels, draw them, follow what arrives.
import { follow } from "./counters.js";
import { extent, mapOption, OPTION } from "./draw.js";
import { get, make, px, RAMP, rate, span } from "./theme.js";
import { trace } from "./trace.js";
import { intervalWords, summary, tableOf, valueWords } from "./words.js";

const ROTATE_SECONDS = 15;
const charts = new Map();
const panels = new Map();
let map = null;
let current = null;
let turning = true;

function chartIn(element) {
  if (!charts.has(element)) charts.set(element, echarts.init(element, null, { renderer: "canvas" }));
  return charts.get(element);
}

// A text in both languages, or nothing.
function note(element, text) {
  element.hidden = !text;
  if (text) element.replaceChildren(`${text.zh} `, make("span", { text: text.en, lang: "en" }));
}

function showNumber(button, panel) {
  const cell = panel.cells[0];
  const value = cell && cell.value !== null ? [make("span", { cls: "value", text: rate(cell.value) }), make("span", { cls: "unit", text: panel.unit_zh })]
    : [make("span", { cls: "hiddenvalue", text: cell ? valueWords(cell, panel).split(" ")[0] : "–" })];
  const range = cell && cell.low !== null ? `95% ${intervalWords(cell)}` : "";
  button.replaceChildren(make("span", { cls: "what" }, panel.title_zh, make("span", { text: panel.title_en, lang: "en" })), ...value, make("span", { cls: "range" }, make("span", { text: range }), make("span", { text: span(panel.periods[0] ?? "") })));
  button.title = panel.caveat ? `${panel.caveat.zh} ${panel.caveat.en}` : "";
  button.onclick = cell ? () => trace(cell, panel) : null;
}

function showFigure(figure, panel) {
  const [caption, plot] = [figure.querySelector("figcaption"), figure.querySelector(".plot")];
  const own = panel.switched ? `${panel.periods.map(span).join(", ")} · ` : "";
  if (panel.axis !== "period" && !panel.switched) figure.closest(".pair").querySelector(".when").textContent = panel.periods.map(span).join(", ");
  caption.replaceChildren(panel.title_zh, " ", make("span", { text: panel.title_en, lang: "en" }), make("span", { cls: "unit", text: `${own}${panel.unit_zh} ${panel.unit_en}` }));
  note(figure.querySelector(".note"), panel.switched);
  note(figure.querySelector(".caveat"), panel.caveat);
  plot.setAttribute("aria-label", summary(panel));
  figure.querySelector(".as-table").replaceChildren(tableOf(panel, trace));
  const chart = chartIn(plot);
  chart.off("click");
  chart.on("click", (point) => {
    const cell = cellAt(panel, point);
    if (cell) trace(cell, panel);
  });
  if (panel.cells.length) chart.setOption(OPTION[panel.chart](panel), true);
}

function cellAt(panel, point) {
  if (panel.axis === "age_band") {
    const bands = [...new Set(panel.cells.map((c) => c.age_band))];
    return panel.cells.find((c) => c.sex === panel.sexes[point.seriesIndex]?.sex && c.age_band === bands[point.dataIndex]);
  }
  return panel.axis === "sex" ? panel.cells.at(-1 - point.dataIndex) : panel.cells[point.dataIndex];
}

function showMap(name) {
  const panel = panels.get(name);
  current = name;
  const plot = document.getElementById("map");
  document.getElementById("map-title").textContent = panel.title_zh;
  document.getElementById("map-sub").textContent = `${panel.title_en} · ${panel.periods.map(span).join(", ")} · ${panel.unit_zh} ${panel.unit_en}`;
  note(document.getElementById("map-note"), panel.switched);
  note(document.getElementById("map-caveat"), panel.caveat);
  document.getElementById("map-table").replaceChildren(tableOf(panel, trace));
  plot.setAttribute("aria-label", summary(panel));
  for (const tab of document.querySelectorAll("[data-map]")) tab.setAttribute("aria-pressed", String(tab.dataset.map === name));
  legend(panel);
  const chart = chartIn(plot);
  chart.setOption(mapOption(panel, map, "province", plot.getBoundingClientRect()), true);
  chart.off("click");
  chart.on("click", (point) => point.data?.cell && trace(point.data.cell, panel));
}

function legend(panel) {
  const ramp = make("i", { cls: "ramp" });
  ramp.style.background = `linear-gradient(90deg, ${RAMP[panel.name].join(",")})`;
  const [low, high] = panel.cells.some((c) => c.value !== null) ? extent(panel) : [null, null];
  const province = [...panels.values()].find((p) => p.chart === "number" && p.measure === panel.measure)?.cells[0];
  const whole = province && panel.periods.includes(province.period) ? [make("b", { text: `全省 ${rate(province.value)}` })] : [];
  document.getElementById("map-legend").replaceChildren(
    make("span", { cls: "scale" }, make("span", { text: rate(low) }), ramp, make("span", { text: `${rate(high)} ${panel.unit_zh}` }), ...whole),
    make("span", {}, make("i", { cls: "swatch hatch" }), "已隐去（过小） ", make("span", { text: "suppressed", lang: "en" })));
}

async function load() {
  const { panels: names } = await get("/api/screen");
  for (const panel of await Promise.all(names.map((name) => get(`/api/panel/${name}`)))) panels.set(panel.name, panel);
  draw();
}

function draw() {
  for (const button of document.querySelectorAll(".number")) showNumber(button, panels.get(button.dataset.panel));
  for (const figure of document.querySelectorAll("figure[data-panel]")) showFigure(figure, panels.get(figure.dataset.panel));
  showMap(current ?? document.querySelector("[data-map]").dataset.map);
  document.body.dataset.drawn = "yes";
}

function turn() {
  const names = [...document.querySelectorAll("[data-map]")].map((tab) => tab.dataset.map);
  if (turning && !document.getElementById("trace").open && !document.hidden) showMap(names[(names.indexOf(current) + 1) % names.length]);
}

function stopTurning(stop) {
  turning = !stop;
  const button = document.getElementById("rotate");
  button.setAttribute("aria-pressed", String(turning));
  button.firstElementChild.textContent = turning ? "❚❚" : "▶";
  button.lastElementChild.textContent = turning ? "暂停轮播 Pause" : "开始轮播 Rotate";
}

function asTable(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  const card = button.closest(".card");
  for (const table of card.querySelectorAll(".as-table")) table.hidden = !on;
  for (const plot of card.querySelectorAll(".plot")) {
    plot.hidden = on;
    if (!on) charts.get(plot)?.resize();
  }
}

function tick() {
  const now = new Date();
  const pad = (n) => String(n).padStart(2, "0");
  const clock = document.getElementById("clock");
  clock.dateTime = now.toISOString();
  clock.textContent = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())} ${pad(now.getHours())}:${pad(now.getMinutes())}:${pad(now.getSeconds())}`;
}

for (const tab of document.querySelectorAll("[data-map]")) {
  tab.addEventListener("click", () => {
    stopTurning(true);
    showMap(tab.dataset.map);
  });
}
document.getElementById("rotate").addEventListener("click", () => stopTurning(turning));
for (const button of document.querySelectorAll(".to-table")) button.addEventListener("click", () => asTable(button));
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    for (const chart of charts.values()) chart.resize();
    draw();
  }, 200);
});

map = await get("/api/map");
for (const { properties } of map.features) properties.cp = [properties.lon, properties.lat];
echarts.registerMap("province", map);
await load();
follow(load);
tick();
setInterval(tick, 1000);
setInterval(turn, ROTATE_SECONDS * 1000);
