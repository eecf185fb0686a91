// Reads the OpenAPI document of this server and shows it: sections, operations, parameters, bodies, answers, and a way to try them.
import { beyond, el, paragraphs, required } from "./dom.js";
import { described, folded, notes, read, tree, typeOf } from "./schema.js";
import { sharedFields } from "./shared.js";
import { trial } from "./trial.js";

const root = document.getElementById("reader");

// "SharingOperations" -> "Sharing operations"; abbreviations and the rest stay as they are.
const heading = (tag) => {
  const spaced = tag.replace(/([a-z0-9])([A-Z])(?=[a-z])/g, (_, before, letter) => `${before} ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

const anchor = (tag) => `tag-${tag.replace(/[^\p{L}\p{N}]+/gu, "-")}`;

const section = (title, ...children) => (children.some(Boolean) ? el("section", {}, el("h4", {}, title), ...children.filter(Boolean)) : null);

const parameters = (list) => {
  if (!list.length) return null;
  const rows = list.map((each) => {
    const schema = each.schema || {};
    const told = [...new Set([each.description, ...notes(schema)].filter(Boolean))];
    return el("tr", {}, el("th", { scope: "row" }, el("code", {}, each.name), each.required ? required() : null),
      el("td", {}, each.in), el("td", {}, el("span", { class: "type" }, typeOf(schema)), ...told.flatMap(paragraphs), tree(schema)));
  });
  const head = ["Name", "Where", "What"].map((title) => el("th", { scope: "col" }, title));
  return el("table", { class: "parameters" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
};

const contents = (content) => Object.entries(content || {}).flatMap(([media, { schema = {} }]) => [
  el("p", { class: "type" }, `${media}: ${typeOf(schema)}`), ...described(schema), tree(schema)]).filter(Boolean);

const answers = (responses) => Object.entries(responses).map(([status, answer]) => {
  const title = [el("b", {}, status), ` ${answer.description}`];
  return answer.content ? folded(title, () => el("div", {}, ...contents(answer.content))) : el("p", { class: "bare" }, ...title);
});

const inside = (spec, verb, path, operation) => el("div", {},
  ...paragraphs(beyond(operation.summary, operation.description)),
  operation["x-scope"] ? el("p", {}, "Scope: ", el("code", {}, operation["x-scope"])) : null,
  section("Parameters", parameters(operation.parameters || [])),
  operation.requestBody ? section("Body", ...contents(operation.requestBody.content)) : null,
  section("Answers", ...answers(operation.responses)),
  section("Try it", trial(spec, verb, path, operation)));

const operationCard = (spec, method, path, operation) => {
  const verb = method.toUpperCase();
  const fill = () => {
    if (!card.open) return;
    if (card.children.length === 1) card.append(inside(spec, verb, path, operation));
    history.replaceState(null, "", `#${encodeURIComponent(card.id)}`);
  };
  const old = operation.deprecated;
  const card = el("details", { class: "op", id: operation.operationId, ontoggle: fill },
    el("summary", {}, el("h3", {}, el("span", { class: `verb ${verb}` }, verb), " ", el("span", { class: `path${old ? " old" : ""}` }, path)),
      old ? el("small", {}, "deprecated") : null, el("span", { class: "type" }, operation.summary)));
  return card;
};

const grouped = (spec) => {
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = (operation.tags || [])[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationCard(spec, method, path, operation));
    }
  }
  return [...groups].map(([tag, cards]) => ({
    cards,
    block: el("section", { "aria-labelledby": anchor(tag) }, el("h2", { id: anchor(tag), tabindex: "-1" }, heading(tag)), ...cards),
    link: el("li", {}, el("a", { href: `#${anchor(tag)}` }, heading(tag)), el("small", {}, ` ${cards.length}`)),
  }));
};

// Shows what has all the words, and the headings of what is shown. Without words: everything.
const filtered = (groups, text, status) => {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { cards, block, link } of groups) {
    for (const card of cards) {
      const found = `${card.id} ${card.querySelector("summary").textContent}`.toLowerCase();
      card.hidden = !wanted.every((word) => found.includes(word));
    }
    const left = cards.filter((card) => !card.hidden).length;
    block.hidden = link.hidden = left === 0;
    count += left;
  }
  status.textContent = wanted.length ? `${count} found` : "";
};

const named = () => {
  try { return document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
};

const show = (spec) => {
  const groups = grouped(spec);
  const status = el("small", { role: "status" });
  const search = el("input", { type: "search", id: "search", oninput: () => filtered(groups, search.value, status) });
  // What the address names is shown, opened, and where the keyboard goes on.
  const visit = () => {
    const target = named();
    if (!target) return;
    if (target.closest("[hidden]")) { search.value = ""; filtered(groups, "", status); }
    const isCard = target.matches("details.op");
    if (isCard) {
      target.open = true;
      target.dispatchEvent(new Event("toggle")); // filled now: the page must be long enough to scroll
    }
    (isCard ? target.querySelector("summary") : target).focus({ preventScroll: true });
    target.scrollIntoView();
  };
  root.replaceChildren(
    el("div", { class: "side" },
      el("div", { class: "field", role: "search" }, el("label", { for: "search" }, "Find an operation"), search, status),
      sharedFields(spec), el("nav", { "aria-label": "Sections" }, el("ul", {}, ...groups.map(({ link }) => link)))),
    el("div", { class: "content" }, el("h1", {}, spec.info.title, " ", el("small", {}, spec.info.version)), ...paragraphs(spec.info.description),
      el("p", {}, el("a", { href: root.dataset.document }, "openapi.json")), ...groups.map(({ block }) => block)));
  root.removeAttribute("aria-busy");
  visit();
  window.addEventListener("hashchange", visit);
};

fetch(root.dataset.document)
  .then((answer) => answer.json())
  .then((spec) => { read(spec); show(spec); })
  .catch((error) => { root.replaceChildren(el("p", { role: "alert" }, `The document cannot be read: ${error}`)); });
