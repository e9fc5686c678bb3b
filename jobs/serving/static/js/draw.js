// Chart options, one function a kind of chart: a panel from the server in, an ECharts option out.
import { between, COLOUR, FONT, hatch, px, RAMP, rate, SERIES, span, STILL } from "./theme.js";
import { SEX, tip } from "./words.js";

const base = () => ({
  animation: !STILL, animationDuration: 700, animationDurationUpdate: 600,
  textStyle: { fontFamily: FONT, color: COLOUR.soft, fontSize: px(13) },
  aria: { enabled: false },
});

const tooltip = (panel, cellOf) => ({
  confine: false, appendTo: "body", padding: [px(9), px(13)], transitionDuration: 0.15,
  backgroundColor: "rgba(6,24,56,0.96)", borderColor: "rgba(132,178,255,0.45)", borderWidth: 1,
  formatter: (point) => {
    const cell = cellOf(point);
    return cell ? tip(cell, panel) : "";
  },
});

const axis = (more) => ({
  axisLine: { lineStyle: { color: "rgba(132,178,255,0.35)" } }, axisTick: { show: false },
  axisLabel: { color: COLOUR.soft, fontSize: px(13), hideOverlap: true },
  splitLine: { lineStyle: { color: COLOUR.line } }, ...more,
});

// Least and greatest value shown; equal ones are widened so that a ramp has a middle.
export function extent(panel) {
  const values = panel.cells.map((c) => c.value).filter((v) => v !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

// A map cell for every city; a province-wide view colours all cities alike.
export const cellOfCity = (panel, code) => (panel.level === "province" ? panel.cells[0] : panel.cells.find((c) => c.place === code));

// A degree of longitude is shorter than one of latitude: by the cosine of the latitude.
function squeeze(map) {
  const latitudes = map.features.map((f) => f.properties.lat);
  return Math.cos((latitudes.reduce((sum, v) => sum + v, 0) / latitudes.length) * Math.PI / 180);
}

// The largest size at which the map fits a box, in pixels of its longer side, and its shape.
function fit(map, box) {
  const points = map.features.flatMap((f) => f.geometry.coordinates.flat(Infinity));
  const side = (odd) => points.reduce(([a, b], v, i) => (i % 2 === odd ? [Math.min(a, v), Math.max(b, v)] : [a, b]), [Infinity, -Infinity]);
  const [[west, east], [south, north]] = [side(0), side(1)];
  const shape = ((east - west) * squeeze(map)) / (north - south);
  return Math.max(1, shape) * Math.min((box.width * 0.97) / shape, box.height * 0.93);
}

export function mapOption(panel, map, name, box) {
  const [low, high] = extent(panel);
  const hidden = hatch();
  const data = map.features.map(({ properties: city }) => {
    const cell = cellOfCity(panel, city.code);
    const shown = cell && cell.value !== null;
    const share = shown ? (cell.value - low) / (high - low) : 0;
    const dark = shown && share > 0.52;
    const area = shown ? between(RAMP[panel.name], share) : hidden;
    const label = panel.level === "province" ? "" : shown ? rate(cell.value) : cell ? "–" : "";
    return {
      name: city.code, value: shown ? cell.value : NaN, cell, itemStyle: { areaColor: area },
      label: { formatter: `{n|${city.name.replace(/市$/, "")}}\n{v|${label}}`, rich: labelStyle(dark) },
      emphasis: { label: { rich: labelStyle(dark) } },
    };
  });
  const place = { map: name, nameProperty: "code", aspectScale: squeeze(map), layoutSize: fit(map, box) };
  const below = [
    { ...place, silent: true, layoutCenter: ["50%", "51.6%"], itemStyle: { areaColor: "#072350", borderColor: "#1d62b8", borderWidth: px(1), shadowColor: "rgba(60,160,255,0.45)", shadowBlur: px(34) } },
  ];
  return {
    ...base(), tooltip: { trigger: "item", ...tooltip(panel, (point) => point.data && point.data.cell) }, geo: below,
    series: [{
      type: "map", ...place, layoutCenter: ["50%", "50%"], data,
      selectedMode: false, label: { show: true, color: COLOUR.text },
      itemStyle: { borderColor: "rgba(214,236,255,0.75)", borderWidth: px(1.1) },
      emphasis: { itemStyle: { areaColor: null, borderColor: COLOUR.gold, borderWidth: px(2.4), shadowBlur: px(16), shadowColor: "rgba(255,207,125,0.55)" }, label: { show: true } },
    }],
  };
}

const labelStyle = (dark) => ({
  n: { color: dark ? "#04142e" : "#ffffff", fontSize: px(16), fontWeight: 600, lineHeight: px(20), align: "center", fontFamily: FONT },
  v: { color: dark ? "#0a2a55" : "#e4f2ff", fontSize: px(15), lineHeight: px(19), align: "center", fontFamily: FONT },
});

// Upright line from low to high at each point: the 95% interval.
function whiskers(cells, colour, at) {
  return {
    type: "custom", silent: true, z: 3, data: cells.map((c, i) => [at(c, i), c.low, c.high]),
    renderItem: (_, api) => {
      if (Number.isNaN(api.value(1)) || api.value(1) === null) return null;
      const [x, low] = api.coord([api.value(0), api.value(1)]);
      const high = api.coord([api.value(0), api.value(2)])[1];
      const cap = px(5);
      const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: px(1.6), opacity: 0.85 } });
      return { type: "group", children: [line(x, low, x, high), line(x - cap, low, x + cap, low), line(x - cap, high, x + cap, high)] };
    },
  };
}

export function lineOption(panel) {
  const colour = SERIES[panel.measure];
  const cells = panel.cells;
  return {
    ...base(), tooltip: { trigger: "item", ...tooltip(panel, (point) => cells[point.dataIndex]) },
    grid: { left: px(6), right: px(18), top: px(14), bottom: px(2), containLabel: true },
    xAxis: axis({ type: "category", data: cells.map((c) => span(c.period)), boundaryGap: true }),
    yAxis: axis({ type: "value", scale: true, boundaryGap: ["15%", "45%"], splitNumber: 3 }),
    series: [
      { type: "line", data: cells.map((c) => c.value), symbol: "circle", symbolSize: px(11), lineStyle: { width: px(3), color: colour }, itemStyle: { color: colour, borderColor: "#06183a", borderWidth: px(2) } },
      { type: "scatter", data: cells.map((c) => c.high ?? c.value), silent: true, symbolSize: 1, color: "transparent",
        label: { show: true, position: "top", distance: px(4), color: COLOUR.text, fontSize: px(16), fontWeight: 600, fontFamily: FONT, formatter: (p) => rate(cells[p.dataIndex].value) } },
      whiskers(cells, colour, (_, i) => i),
    ],
  };
}

export function ageOption(panel) {
  const bands = [...new Set(panel.cells.map((c) => c.age_band))];
  const hidden = bands.filter((b) => panel.cells.some((c) => c.age_band === b && c.status === "suppressed"));
  const find = (sex, band) => panel.cells.find((c) => c.sex === sex && c.age_band === band);
  const lines = panel.sexes.map(({ sex, zh }) => ({
    type: "line", name: zh, sex, data: bands.map((b) => find(sex, b)?.value ?? null), symbol: "circle", symbolSize: px(6), connectNulls: false,
    lineStyle: { width: px(2.4) }, color: COLOUR.sex[sex],
  }));
  return {
    ...base(), tooltip: { trigger: "item", ...tooltip(panel, (point) => find(panel.sexes[point.seriesIndex]?.sex, bands[point.dataIndex])) },
    legend: { top: 0, right: 0, itemWidth: px(16), itemHeight: px(8), data: lines.map((l) => l.name), textStyle: { color: COLOUR.text, fontSize: px(13), fontFamily: FONT } },
    grid: { left: px(6), right: px(8), top: px(28), bottom: px(2), containLabel: true },
    xAxis: [axis({ type: "category", data: bands, axisLabel: { color: COLOUR.soft, fontSize: px(12), interval: 3, formatter: (b) => b.replace(/^0(\d)-.*/, "$1").replace(/-.*/, "") } })],
    yAxis: [axis({ type: "value", min: 0, splitNumber: 3 }), { type: "value", min: 0, max: 1, show: false }],
    series: [...lines, ...(hidden.length ? hiddenBars(bands, hidden) : [])],
  };
}

// Hatched columns over the age bands that are hidden for at least one sex.
const hiddenBars = (bands, hidden) => [{
  type: "bar", yAxisIndex: 1, silent: true, barWidth: "100%", z: 0, animation: false,
  itemStyle: { color: hatch(), opacity: 0.6 }, data: bands.map((b) => (hidden.includes(b) ? 1 : null)),
}];

export function intervalOption(panel) {
  const cells = [...panel.cells].reverse();
  const shape = (c) => ({ value: [c.value, SEX[c.sex]], itemStyle: { color: COLOUR.sex[c.sex] } });
  return {
    ...base(), tooltip: { trigger: "item", ...tooltip(panel, (point) => cells[point.dataIndex]) },
    grid: { left: px(4), right: px(20), top: px(14), bottom: px(2), containLabel: true },
    xAxis: axis({ type: "value", min: 0, splitNumber: 3 }),
    yAxis: axis({ type: "category", data: cells.map((c) => SEX[c.sex]), axisLabel: { color: COLOUR.text, fontSize: px(14) }, splitLine: { show: false } }),
    series: [
      { type: "custom", silent: true, z: 2, encode: { x: [1, 2], y: 0 }, data: cells.map((c, i) => [i, c.low, c.high]),
        renderItem: (params, api) => {
          const cell = cells[params.dataIndex];
          const [left, y] = api.coord([api.value(1), api.value(0)]);
          if (cell.value === null) {
            const at = api.coord([0, api.value(0)]);
            return { type: "text", style: { x: at[0] + px(8), y: at[1], text: cell.status === "suppressed" ? "已隐去（过小）" : "不可估计", fill: COLOUR.soft, font: `${px(13)}px ${FONT}`, verticalAlign: "middle" } };
          }
          const right = api.coord([api.value(2), api.value(0)])[0];
          const style = { stroke: COLOUR.sex[cell.sex], lineWidth: px(3), opacity: 0.8, lineCap: "round" };
          return { type: "line", shape: { x1: left, y1: y, x2: right, y2: y }, style };
        } },
      { type: "scatter", symbolSize: px(13), z: 3, data: cells.map(shape),
        label: { show: true, position: "top", distance: px(5), color: COLOUR.text, fontSize: px(14), fontWeight: 600, fontFamily: FONT, formatter: (p) => (cells[p.dataIndex].value === null ? "" : rate(cells[p.dataIndex].value)) } },
    ],
  };
}

export const OPTION = { line: lineOption, age: ageOption, interval: intervalOption };
