// JSON Schemas in words: the type of a value, what is said of it, and the fields inside it.
import { el, paragraphs, required } from "./dom.js";

const OPEN_LEVELS = 3;
const BOUNDS = [
  ["minimum", "≥ "], ["exclusiveMinimum", "> "], ["maximum", "≤ "], ["exclusiveMaximum", "< "],
  ["minLength", "length ≥ "], ["maxLength", "length ≤ "], ["minItems", "items ≥ "], ["maxItems", "items ≤ "],
];

let spec = {};

export const read = (found) => { spec = found; };

export const resolved = (schema) => {
  let found = schema;
  for (let depth = 0; found && found.$ref && depth < 20; depth += 1) {
    found = found.$ref.slice(2).split("/").reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  }
  return found || {};
};

const optionsOf = (schema) => schema.anyOf || schema.oneOf || [];

// The schema without "or null": what a value looks like when it is there.
export const present = (raw) => {
  const schema = resolved(raw);
  const options = optionsOf(schema).filter((option) => resolved(option).type !== "null");
  return options.length === 1 ? present(options[0]) : schema;
};

const nameOf = (raw) => (raw.$ref ? raw.$ref.split("/").pop() : resolved(raw).title || "object");

export const typeOf = (raw) => {
  const schema = resolved(raw);
  const options = optionsOf(schema);
  if (options.length) return [...new Set(options.map(typeOf))].join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const limits = BOUNDS.filter(([key]) => schema[key] !== undefined).map(([key, sign]) => `, ${sign}${schema[key]}`).join("");
  if (schema.type === "array") return `list of ${typeOf(schema.items || {})}${limits}`;
  if (schema.properties) return nameOf(raw);
  const format = schema.format ? ` (${schema.format})` : "";
  return `${[].concat(schema.type || "anything").join(" or ")}${format}${limits}`;
};

const said = (raw) => {
  const schema = resolved(raw);
  const inner = [...optionsOf(schema), ...(schema.allOf || []), ...(schema.items ? [schema.items] : [])];
  return [raw.description, schema.description, ...inner.flatMap((each) => (each.$ref ? [resolved(each).description] : said(each)))];
};

// Everything that is said of a value, wherever it stands: beside it, behind its reference, in its options.
export const notes = (raw) => [...new Set(said(raw).filter(Boolean))];

export const described = (raw) => notes(raw).flatMap(paragraphs);

// The structs that a value can hold: it is one, or a list of them, or one of several.
const structs = (raw, seen = []) => {
  if (raw.$ref && seen.includes(raw.$ref)) return [];
  const schema = resolved(raw);
  if (schema.properties) return [raw];
  const beneath = [schema.items, schema.additionalProperties, ...(schema.allOf || []), ...optionsOf(schema)];
  const known = raw.$ref ? [...seen, raw.$ref] : seen;
  return beneath.filter((each) => each && typeof each === "object").flatMap((each) => structs(each, known));
};

export const fieldsOf = (raw) => structs(raw).flatMap((one) => {
  const schema = resolved(one);
  return Object.entries(schema.properties).map(([name, value]) => ({ name, value, required: (schema.required || []).includes(name) }));
});

// A part that is built when it is first opened.
export const folded = (summary, build) => {
  const node = el("details", { class: "fold", ontoggle: () => {
    if (node.open && node.children.length === 1) node.append(build());
  } }, el("summary", {}, ...[].concat(summary)));
  return node;
};

const field = ({ name, value, required: must }, depth, above) => {
  const fallback = resolved(value).default;
  return el("li", {}, el("code", {}, name), " ", el("span", { class: "type" }, typeOf(value)), must ? required() : null,
    fallback === undefined || fallback === null ? null : el("span", { class: "type" }, `, default ${JSON.stringify(fallback)}`),
    ...notes(value).map((note) => el("div", { class: "note" }, ...paragraphs(note))), tree(value, depth + 1, above));
};

const struct = (raw, depth, above, isOneOfSeveral) => {
  const name = nameOf(raw);
  if (raw.$ref && above.includes(raw.$ref)) return el("p", { class: "type" }, "The fields of ", el("code", {}, name), " again, as above.");
  const chain = raw.$ref ? [...above, raw.$ref] : above;
  const build = () => el("ul", { class: "tree" }, ...fieldsOf(raw).map((each) => field(each, depth, chain)));
  if (depth > OPEN_LEVELS) return folded(["Fields of ", el("code", {}, name)], build);
  return isOneOfSeveral ? el("div", {}, el("p", { class: "type" }, "As ", el("code", {}, name), ":"), build()) : build();
};

// The fields of a value, and theirs, to any depth.
export const tree = (raw, depth = 1, above = []) => {
  const found = structs(raw);
  if (!found.length) return null;
  return el("div", {}, ...found.map((one) => struct(one, depth, above, found.length > 1)));
};
