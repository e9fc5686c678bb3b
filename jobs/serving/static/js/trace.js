// Where a number came from: release, run, tables at their versions, files with their hashes.
import { get, make, rate, span, whole } from "./theme.js";
import { intervalWords, SEX, valueWords } from "./words.js";

const dialog = document.getElementById("trace");
const body = document.getElementById("trace-body");
const short = (text) => (text ? String(text).slice(0, 12) : "–");
const time = (iso) => (iso ? iso.replace("T", " ").slice(0, 19) : "–");

const facts = (pairs) => make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value ?? "–" })]));

const stage = (number, zh, en, ...children) => make("section", { cls: "stage" },
  make("h3", {}, make("b", { text: number }), zh, make("span", { text: en, lang: "en" })), ...children);

function released(cell, panel, told) {
  const who = [span(cell.period), cell.place_zh, SEX[cell.sex], cell.age_band === "all" ? "全年龄" : `${cell.age_band} 岁`];
  return stage(1, "发布的数字", "Released row",
    make("p", { cls: "headline" }, cell.value === null ? valueWords(cell, panel) : rate(cell.value), make("span", { text: ` ${panel.unit_zh}` })),
    facts([
      ["指标 Measure", panel.title_zh], ["范围 Cell", who.join(" · ")], ["95% 区间", intervalWords(cell) || "–"],
      ["例数 Count", cell.numerator === null ? "–" : `≈ ${whole(cell.numerator)}`],
      ["定义 Definition", `${told.row.measure} ${short(told.row.measure_version)}`],
      ["发布号 Release", told.row.release_id], ["表版本 Table", `release.measure v${told.version}`],
    ]));
}

function ran(step) {
  const run = step.run ?? {};
  return stage(2, "计算它的运行", "Run that made it", facts([
    ["作业 Job", run.job], ["运行号 Run", run.run_id], ["开始 Began (UTC)", time(run.started_at)], ["结束 Ended (UTC)", time(run.ended_at)],
    ["代码 Code", short(run.code)], ["修订 Revision", short(run.revision)], ["读取 Reads", step.inputs.map((i) => `${i.table} v${i.version}`).join(", ")],
  ]));
}

function tables(steps) {
  const rows = steps.slice(1).map((s) => make("tr", { cls: `depth${Math.min(s.depth, 4)}` },
    make("td", { text: s.table }), make("td", { cls: "r", text: `v${s.version}` }), make("td", { text: s.run ? short(s.run.run_id) : "–" })));
  const heads = [["表 Table", ""], ["版本 Version", "r"], ["运行 Run", ""]].map(([text, cls]) => make("th", { text, cls }));
  return stage(3, "输入表及其版本", "Input tables at their Delta versions",
    make("div", { cls: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows))));
}

function files(told) {
  const feeds = told.feeds.map((f) => make("div", { cls: "feed" },
    make("p", { text: `${f.zh} bronze.${f.feed} v${f.version}: ${whole(f.files)} 个文件, ${whole(f.senders)} 家机构, ${whole(f.records)} 行` }),
    make("ul", {}, ...f.examples.slice(0, 2).map((e) => make("li", {},
      make("span", { text: e.file, attrs: { title: e.file } }), make("code", { text: `sha256 ${short(e.file_sha256)}`, attrs: { title: e.file_sha256 ?? "" } }))))));
  return stage(4, "交付的文件", "Delivered files and senders",
    make("p", { cls: "headline" }, whole(told.files), make("span", { text: ` 个文件 files · ${whole(told.senders)} 家机构 institutions` })),
    make("div", { cls: "scroll" }, ...feeds));
}

export async function trace(cell, panel) {
  const keys = { measure: panel.measure, period: cell.period, level: cell.level, place_code: cell.place, sex: cell.sex, age_band: cell.age_band };
  body.replaceChildren(make("p", { text: "…" }));
  if (!dialog.open) dialog.showModal();
  try {
    const told = await get(`/api/trace?${new URLSearchParams(keys)}`);
    body.replaceChildren(released(cell, panel, told), ran(told.steps[0]), tables(told.steps), files(told));
  } catch (error) {
    body.replaceChildren(make("p", { text: `无法追溯: ${error.message}` }));
  }
}
