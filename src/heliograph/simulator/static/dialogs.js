// A small form in a dialog of its own: Escape and Cancel give nothing back.

import { el } from "./dom.js";

/**
 * Ask for some lines of text. `fields` are {name, label, value?, optional?, list?}.
 * Resolves to {name: text}, or null when the reader thought better of it.
 */
export function ask(title, fields, act) {
  const inputs = fields.map((one) =>
    el("input", { class: "field", id: `ask-${one.name}`, name: one.name, value: one.value, required: !one.optional, maxlength: one.max ?? 200, autocomplete: "off" }));
  const from = document.activeElement;
  return new Promise((resolve) => {
    const form = el("form", { method: "dialog", class: "dialog-form", onsubmit: () => { node.returnValue = "yes"; } },
      el("h2", { id: "dialog-title", text: title }),
      fields.map((one, index) => el("div", { class: "dialog-field" }, el("label", { for: `ask-${one.name}`, text: one.label }), inputs[index])),
      el("div", { class: "dialog-acts" },
        el("button", { type: "button", class: "button", text: "Cancel", onclick: () => node.close() }),
        el("button", { type: "submit", class: "button primary", value: "yes", text: act })));
    const node = el("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, form);
    node.addEventListener("close", () => {
      node.remove();
      if (from?.isConnected) from.focus();
      resolve(node.returnValue === "yes" ? Object.fromEntries(inputs.map((one) => [one.name, one.value.trim()])) : null);
    });
    document.body.append(node);
    node.showModal();
    inputs[0].focus();
    inputs[0].select();
  });
}
