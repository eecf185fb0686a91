// Elements and prose. Texts only ever become text nodes, so nothing that a document says can be markup.

export const el = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

// "a `name` in a sentence" -> nodes, the names as code.
export const words = (text) =>
  text.split(/(`[^`]+`)/).filter(Boolean).map((part) => (/^`[^`]+`$/.test(part) ? el("code", {}, part.slice(1, -1)) : part));

// Prose -> paragraphs; a blank line ends one, a single line break is a space.
export const paragraphs = (text) =>
  (text || "").split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean).map((part) => el("p", {}, ...words(part)));

// A description without the summary that it opens with.
export const beyond = (summary, description) => {
  const told = (description || "").trim();
  const opening = (summary || "").trim().replace(/\.$/, "");
  if (!opening || !told.startsWith(opening)) return told;
  const rest = told.slice(opening.length);
  return /^(\.\s|\.?$|\s*\n)/.test(rest) ? rest.replace(/^\.?\s*/, "") : told;
};

export const required = () => el("span", { class: "req" }, " required");
