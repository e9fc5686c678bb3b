// What a cell says in words: value, interval, why it is empty; the same for tooltips, tables and screen readers.
import { make, rate, span, whole } from "./theme.js";

export const SEX = { all: "合计", male: "男", female: "女" };

export function valueWords(cell, panel) {
  if (cell.value !== null) return `${rate(cell.value)} ${panel.unit_zh}`;
  return cell.status === "suppressed" ? "已隐去（过小） suppressed" : "不可估计 not estimable";
}

export const intervalWords = (cell) => (cell.low === null ? "" : `${rate(cell.low)}–${rate(cell.high)}`);

export function cellName(cell, panel) {
  if (panel.axis === "place") return cell.place_zh;
  if (panel.axis === "period") return span(cell.period);
  if (panel.axis === "age_band") return cell.age_band;
  return SEX[cell.sex];
}

export function tip(cell, panel, ...more) {
  const box = make("div", { cls: "tip" });
  const who = [panel.axis === "place" ? `${cell.place_zh} ${cell.place_en}` : cell.place_zh, span(cell.period)];
  if (cell.sex !== "all") who.push(SEX[cell.sex]);
  if (cell.age_band !== "all") who.push(`${cell.age_band} 岁`);
  box.append(make("b", { text: who.join(" · ") }), make("div", { cls: "v", text: valueWords(cell, panel) }));
  if (cell.low !== null) box.append(make("p", { text: `95% 区间 interval ${intervalWords(cell)}` }));
  if (cell.standardised !== null) box.append(make("p", { text: `年龄标化 (中国 2020) standardised ${rate(cell.standardised)}` }));
  if (cell.numerator !== null) box.append(make("p", { text: `例数 count ≈ ${whole(cell.numerator)}` }));
  if (cell.unstable) box.append(make("p", { text: "例数少于 30,不稳定 unstable" }));
  box.append(...more);
  return box;
}

// One sentence for a screen reader: what is drawn, from lowest to highest.
export function summary(panel) {
  const shown = panel.cells.filter((c) => c.value !== null).sort((a, b) => a.value - b.value);
  const head = `${panel.title_zh} ${panel.title_en}, ${panel.unit_en}, ${panel.periods.map(span).join(", ")}`;
  if (!shown.length) return `${head}: no value shown`;
  const say = (c) => `${cellName(c, panel)}${panel.axis === "age_band" ? ` ${SEX[c.sex]}` : ""} ${rate(c.value)}`;
  const hidden = panel.suppressed ? `; ${panel.suppressed} suppressed` : "";
  return `${head}: ${shown.length} values, lowest ${say(shown[0])}, highest ${say(shown.at(-1))}${hidden}`;
}

// The same cells as a table; each value leads to where it came from.
export function tableOf(panel, trace) {
  const several = panel.sexes.length > 1 && panel.axis !== "sex";
  const first = { place: "地区 Place", period: "年 Year", age_band: "年龄 Age", sex: "性别 Sex" }[panel.axis];
  const heads = [first, ...(several ? ["性别 Sex"] : []), "率 Rate", "95% 区间"];
  const head = make("tr", {}, ...heads.map((text) => make("th", { text, attrs: { scope: "col" } })));
  const rows = panel.cells.map((cell) => {
    const link = make("button", { text: cell.value === null ? valueWords(cell, panel) : rate(cell.value), attrs: { type: "button" } });
    link.addEventListener("click", () => trace(cell, panel));
    return make("tr", {},
      make("th", { text: cellName(cell, panel), attrs: { scope: "row" } }),
      ...(several ? [make("td", { text: SEX[cell.sex] })] : []),
      make("td", { cls: cell.value === null ? "none" : "" }, link),
      make("td", { text: intervalWords(cell) }));
  });
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
  table.setAttribute("aria-label", `${panel.title_zh} ${panel.title_en}`);
  return table;
}
