// What many operations ask for, entered once: the token, and headers such as the community. Kept until the tab is closed.
import { el } from "./dom.js";
import { notes } from "./schema.js";

const MANY = 3;
const inputs = new Map();

const operationsOf = (spec) => Object.values(spec.paths).flatMap((item) => Object.values(item));

const kept = (name, value) => {
  try {
    if (value === undefined) return sessionStorage.getItem(`gridloom:${name}`) || "";
    if (value) sessionStorage.setItem(`gridloom:${name}`, value);
    else sessionStorage.removeItem(`gridloom:${name}`);
  } catch { /* storage is switched off in this browser: the value lives as long as the page */ }
  return value || "";
};

// Of a document: each header that is shared, by its name in lower case.
const found = (spec) => {
  const headers = new Map();
  for (const scheme of Object.values(spec.components?.securitySchemes || {})) {
    if (scheme.type === "http" || scheme.type === "oauth2") headers.set("authorization", { name: "Authorization", label: "Token", secret: true, hint: "Sent as Authorization: Bearer …" });
    else if (scheme.type === "apiKey" && scheme.in === "header") headers.set(scheme.name.toLowerCase(), { name: scheme.name, label: scheme.name, secret: true, hint: "Another way to sign in; one is enough." });
  }
  const asked = new Map();
  for (const each of operationsOf(spec).flatMap((operation) => operation.parameters || [])) {
    if (each.in === "header" && each.required) asked.set(each.name.toLowerCase(), [...(asked.get(each.name.toLowerCase()) || []), each]);
  }
  for (const [key, list] of asked) {
    const hint = list[0].description || notes(list[0].schema || {})[0] || `${list.length} operations ask for it.`;
    if (list.length >= MANY && !headers.has(key)) headers.set(key, { name: list[0].name, label: list[0].name, secret: false, hint });
  }
  return headers;
};

// The fields, for the side of the page.
export const sharedFields = (spec) => {
  inputs.clear();
  const fields = [...found(spec)].map(([key, header]) => {
    const input = el("input", {
      id: `shared-${key}`, type: header.secret ? "password" : "text", autocomplete: "off", spellcheck: "false",
      "aria-describedby": `about-${key}`, oninput: () => kept(key, input.value.trim()),
    });
    input.value = kept(key);
    inputs.set(key, { input, header });
    return el("div", { class: "field" }, el("label", { for: input.id }, header.label), input, el("small", { id: `about-${key}` }, header.hint));
  });
  if (!fields.length) return null;
  return el("fieldset", {}, el("legend", {}, "For every call from this page"), ...fields, el("small", {}, "Kept in this tab only, for all documentation pages."));
};

export const isShared = (name) => inputs.has(name.toLowerCase());

export const sharedInput = (name) => inputs.get(name.toLowerCase())?.input;

export const sharedValue = (name) => sharedInput(name)?.value.trim() || "";

// The headers that sign a call in. Operations that are open to all get none: a stale token would close them.
export const signedIn = (spec, operation) => {
  const headers = {};
  const names = new Set((operation.security || spec.security || []).flatMap(Object.keys));
  for (const name of names) {
    const scheme = spec.components?.securitySchemes?.[name] || {};
    const header = scheme.type === "apiKey" ? scheme.name : "Authorization";
    const value = sharedValue(header);
    if (value) headers[header] = header === "Authorization" ? `Bearer ${value.replace(/^bearer\s+/i, "")}` : value;
  }
  return headers;
};
