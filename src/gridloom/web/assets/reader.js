// Reads the OpenAPI document of this server and shows it: groups, operations, parameters, bodies, answers, and a way to try them.
"use strict";

const root = document.getElementById("reader");
let spec;

const el = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

const resolved = (schema) => {
  let found = schema;
  for (let depth = 0; found && found.$ref && depth < 20; depth += 1) {
    found = found.$ref.slice(2).split("/").reduce((at, step) => at[step.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  }
  return found || {};
};

const typeOf = (raw) => {
  const schema = resolved(raw);
  const options = schema.anyOf || schema.oneOf;
  if (options) return options.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return `list of ${typeOf(schema.items || {})}`;
  const bounds = [["minimum", "≥"], ["maximum", "≤"], ["maxLength", "up to"]].filter(([key]) => schema[key] !== undefined);
  const format = schema.format ? ` (${schema.format})` : "";
  return `${[].concat(schema.type || "anything").join(" or ")}${format}${bounds.map(([key, sign]) => ` ${sign} ${schema[key]}`).join("")}`;
};

const fieldsOf = (raw, seen = []) => {
  const schema = resolved(raw);
  const parts = [...(schema.allOf || []), ...(schema.anyOf || []), ...(schema.oneOf || [])];
  const inner = schema.items ? [schema.items] : parts;
  if (!schema.properties) return inner.flatMap((part) => (seen.includes(part.$ref) ? [] : fieldsOf(part, [...seen, part.$ref])));
  return Object.entries(schema.properties).map(([name, value]) => ({ name, value, required: (schema.required || []).includes(name) }));
};

const tree = (schema, depth = 0, seen = []) => {
  const fields = depth > 5 ? [] : fieldsOf(schema);
  if (!fields.length) return null;
  return el("ul", { class: "tree" }, ...fields.map(({ name, value, required }) => {
    const label = [el("code", {}, name), " ", el("span", { class: "type" }, typeOf(value)), required ? el("span", { class: "req", title: "required" }, " *") : null];
    const note = resolved(value).description;
    const inside = seen.includes(value.$ref) ? null : tree(value, depth + 1, [...seen, value.$ref]);
    return el("li", {}, ...label, note ? el("div", { class: "type" }, note) : null, inside);
  }));
};

const parameters = (list) => {
  if (!list.length) return null;
  const rows = list.map((each) => el("tr", {},
    el("th", { scope: "row" }, el("code", {}, each.name), each.required ? el("span", { class: "req" }, " *") : null),
    el("td", {}, each.in), el("td", {}, typeOf(each.schema || {}), tree(each.schema || {})), el("td", {}, (each.schema && resolved(each.schema).description) || "")));
  return el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, ...rows)));
};

const section = (title, ...children) => children.some(Boolean) ? el("section", {}, el("h3", {}, title), ...children.filter(Boolean)) : null;

const trial = (method, path, operation) => {
  const list = operation.parameters || [];
  const inputs = new Map(list.map((each) => [each, el("input", { "aria-label": each.name, placeholder: `${each.name}${each.required ? " *" : ""} (${each.in})` })]));
  const json = operation.requestBody && operation.requestBody.content["application/json"];
  const body = json ? el("textarea", { rows: 5, "aria-label": "body", placeholder: "JSON" }) : null;
  const shown = el("pre", { hidden: true });
  const send = async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    const headers = {};
    let address = path;
    for (const [each, input] of inputs) {
      if (each.in === "path") address = address.replace(`{${each.name}}`, encodeURIComponent(input.value));
      else if (input.value && each.in === "query") query.append(each.name, input.value);
      else if (input.value) headers[each.name] = input.value;
    }
    const token = document.getElementById("token").value.trim();
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body && body.value) headers["Content-Type"] = "application/json";
    shown.hidden = false;
    shown.textContent = "…";
    try {
      const answer = await fetch(address + (query.size ? `?${query}` : ""), { method, headers, body: body && body.value ? body.value : undefined });
      const text = await answer.text();
      let pretty = text;
      try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
      shown.textContent = `${answer.status} ${answer.statusText}\n\n${pretty.slice(0, 50000)}`;
    } catch (error) {
      shown.textContent = String(error);
    }
  };
  return el("form", { onsubmit: send }, ...inputs.values(), body, el("p", {}, el("button", { type: "submit" }, "Send")), shown);
};

const operationCard = (method, path, operation) => {
  const verb = method.toUpperCase();
  const body = operation.requestBody ? Object.entries(operation.requestBody.content)[0] : null;
  const fill = (card) => {
    if (card.dataset.filled || !card.open) return;
    card.dataset.filled = "yes";
    const answers = Object.entries(operation.responses).map(([status, answer]) => {
      const content = Object.values(answer.content || {})[0];
      return el("details", {}, el("summary", {}, el("b", {}, status), ` ${answer.description} `, content ? el("span", { class: "type" }, typeOf(content.schema)) : null), content ? tree(content.schema) : null);
    });
    card.append(el("div", {},
      operation.description ? el("p", {}, operation.description) : null,
      operation["x-scope"] ? el("p", {}, "Scope: ", el("code", {}, operation["x-scope"])) : null,
      section("Parameters", parameters(operation.parameters || [])),
      body ? section("Body", el("p", { class: "type" }, body[0]), tree(body[1].schema)) : null,
      section("Answers", ...answers), section("Try it", trial(verb, path, operation))));
  };
  return el("details", { class: "op", id: operation.operationId, ontoggle: (event) => fill(event.target) },
    el("summary", {}, el("span", { class: `verb ${verb}` }, verb), el("span", { class: `path${operation.deprecated ? " old" : ""}` }, path), el("span", { class: "type" }, operation.summary)));
};

const show = () => {
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = (operation.tags || [])[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationCard(method, path, operation));
    }
  }
  const filter = (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of root.querySelectorAll("details.op")) {
      const text = card.querySelector("summary").textContent.toLowerCase();
      card.hidden = !words.every((word) => text.includes(word));
    }
  };
  const sections = [...groups].map(([tag, cards]) => el("section", {}, el("h2", { id: `tag-${tag}` }, tag), ...cards));
  const links = [...groups].map(([tag, cards]) => el("li", {}, el("a", { href: `#tag-${tag}` }, tag), el("small", {}, ` ${cards.length}`)));
  root.replaceChildren(
    el("div", { class: "side" }, el("input", { type: "search", placeholder: "Find an operation", "aria-label": "Find an operation", oninput: filter }), el("ul", {}, ...links),
      el("label", {}, "Token for trying", el("input", { id: "token", type: "password", autocomplete: "off" }))),
    el("div", {}, el("h1", {}, spec.info.title, " ", el("small", {}, spec.info.version)), el("p", {}, el("a", { href: root.dataset.document }, "openapi.json")), ...sections));
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
};

fetch(root.dataset.document)
  .then((answer) => answer.json())
  .then((found) => { spec = found; show(); })
  .catch((error) => { root.replaceChildren(el("p", {}, `The document cannot be read: ${error}`)); });
