// Trying an operation: a field for whatever it takes, and its answer as text or as a file to save.
import { el, required } from "./dom.js";
import { fieldsOf, present, typeOf } from "./schema.js";
import { isShared, sharedInput, sharedValue, signedIn } from "./shared.js";

const SHOWN_CHARACTERS = 50000;
const FORMS = ["multipart/form-data", "application/x-www-form-urlencoded"];
const isFile = (schema) => schema.type === "string" && (schema.format === "binary" || schema.contentMediaType !== undefined);

const choice = (values, must) => el("select", { required: must }, el("option", { value: "" }, "–"), ...values.map((value) => el("option", { value }, String(value))));

// One labelled field. `values()` gives what was entered: texts or files, none when it was left empty.
const control = (name, raw, must, where) => {
  const schema = present(raw);
  const inner = schema.type === "array" ? present(schema.items || {}) : schema;
  const several = schema.type === "array";
  let input;
  let values = () => (input.value === "" ? [] : [input.value]);
  if (isFile(inner)) {
    input = el("input", { type: "file", multiple: several, required: must });
    values = () => [...input.files];
  } else if (inner.type === "object") {
    input = el("textarea", { rows: 3, required: must, spellcheck: "false", placeholder: "JSON" });
  } else if (several) {
    input = el("input", { required: must, autocomplete: "off", placeholder: "several: separated by commas" });
    values = () => input.value.split(",").map((each) => each.trim()).filter(Boolean);
  } else if (schema.enum || schema.type === "boolean") {
    input = choice((schema.enum || [true, false]).filter((value) => value !== null), must);
  } else {
    input = el("input", { required: must, autocomplete: "off" });
  }
  input.setAttribute("name", name);
  const label = el("label", { class: "field" }, el("span", {}, el("code", {}, name), must ? required() : null, el("small", {}, ` ${where}${where ? ", " : ""}${isFile(inner) ? "file" : typeOf(raw)}`)), input);
  return { name, where, label, values };
};

// A filter of the form filter[name]=value gets a field for each name.
const controlsOf = (each) => (each.style === "deepObject"
  ? fieldsOf(each.schema).map(({ name, value, required: must }) => control(`${each.name}[${name}]`, value, must, each.in))
  : [control(each.name, each.schema || {}, each.required, each.in)]);

const bodyOf = (operation) => {
  const content = operation.requestBody?.content || {};
  const form = FORMS.find((media) => content[media]);
  if (form) {
    const fields = fieldsOf(content[form].schema).map(({ name, value, required: must }) => control(name, value, must, ""));
    const encoded = () => {
      const data = form === FORMS[0] ? new FormData() : new URLSearchParams();
      for (const each of fields) for (const value of each.values()) data.append(each.name, value);
      return data;
    };
    return { nodes: fields.map((each) => each.label), body: encoded, headers: () => ({}) };
  }
  const media = Object.keys(content)[0];
  if (!media) return { nodes: [], body: () => undefined, headers: () => ({}) };
  const text = el("textarea", { rows: 6, spellcheck: "false", name: "body" });
  const label = el("label", { class: "field" }, el("span", {}, "Body", el("small", {}, ` ${media}`)), text);
  return { nodes: [label], body: () => text.value || undefined, headers: () => (text.value ? { "Content-Type": media } : {}) };
};

const sizeOf = (bytes) => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

const fileName = (answer) => {
  const disposition = answer.headers.get("content-disposition") || "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  try {
    if (encoded) return decodeURIComponent(encoded[1]);
  } catch { /* not encoded after all: the plain name is looked for */ }
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] || "answer";
};

const saveLink = (answer, blob, type) => {
  // The type is taken off: a file that was opened rather than saved must not run as a page of this site.
  const address = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const name = fileName(answer);
  return el("p", {}, el("a", { href: address, download: name, class: "save" }, `Save ${name}`), ` ${sizeOf(blob.size)}, ${type || "type unknown"}`);
};

const answered = async (answer) => {
  const type = (answer.headers.get("content-type") || "").split(";")[0].trim().toLowerCase();
  const blob = await answer.blob();
  if (!blob.size) return [el("p", {}, "No content.")];
  const isJson = /[/+]json$/.test(type);
  if (!isJson && !type.startsWith("text/")) return [saveLink(answer, blob, type)];
  const text = await blob.text();
  let pretty = text;
  try { if (isJson) pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON after all: shown as it is */ }
  const shown = el("pre", { tabindex: "0", role: "region", "aria-label": "Body of the answer" }, pretty.slice(0, SHOWN_CHARACTERS));
  const isCut = pretty.length > SHOWN_CHARACTERS;
  const isAttached = (answer.headers.get("content-disposition") || "").startsWith("attachment");
  return [isCut ? el("p", {}, `The first ${SHOWN_CHARACTERS} of ${pretty.length} characters:`) : null, shown, isCut || isAttached ? saveLink(answer, blob, type) : null].filter(Boolean);
};

const request = (spec, method, path, operation, controls, sharedNames, body) => {
  const query = new URLSearchParams();
  const headers = { ...signedIn(spec, operation), ...body.headers() };
  let address = path;
  for (const each of controls) {
    const values = each.values();
    if (each.where === "path") address = address.replace(`{${each.name}}`, () => encodeURIComponent(values.join(",")));
    else if (each.where === "query") values.forEach((value) => query.append(each.name, value));
    else if (each.where === "header" && values.length) headers[each.name] = values.join(",");
  }
  for (const name of sharedNames) if (sharedValue(name)) headers[name] = sharedValue(name);
  return [address + (query.size ? `?${query}` : ""), { method, headers, body: body.body() }];
};

export const trial = (spec, method, path, operation) => {
  const list = operation.parameters || [];
  const shared = list.filter((each) => each.in === "header" && isShared(each.name));
  const controls = list.filter((each) => !shared.includes(each)).flatMap(controlsOf);
  const body = bodyOf(operation);
  const status = el("p", { class: "status", role: "status" });
  const result = el("div", {});
  const send = async (event) => {
    event.preventDefault();
    for (const link of result.querySelectorAll("a.save")) URL.revokeObjectURL(link.href);
    result.replaceChildren();
    const missing = shared.find((each) => each.required && !sharedValue(each.name));
    if (missing) {
      status.textContent = `${missing.name} is needed: enter it once under “For every call from this page”.`;
      sharedInput(missing.name).focus();
      return;
    }
    status.textContent = "Sending …";
    try {
      const answer = await fetch(...request(spec, method, path, operation, controls, shared.map((each) => each.name), body));
      const nodes = await answered(answer);
      status.textContent = `${answer.status} ${answer.statusText}`.trim();
      result.replaceChildren(...nodes);
    } catch (error) {
      status.textContent = `No answer: ${error.message}`;
    }
  };
  const notice = shared.length ? el("p", { class: "type" }, "Sent along: ", ...shared.flatMap((each, at) => [at ? ", " : "", el("code", {}, each.name)]), ", entered once for the whole page.") : null;
  return el("form", { onsubmit: send }, ...controls.map((each) => each.label), ...body.nodes, notice, el("p", {}, el("button", { type: "submit" }, "Send")), status, result);
};
