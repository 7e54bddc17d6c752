// Templates: cards in a row that scrolls, each with its buttons.

import { el, webLink } from "./dom.js";
import { source } from "./media.js";

/** A generic template as a row of cards, a button template as one card of words. */
export function cards(template, acts) {
  if (template.template_type === "button") {
    return el("div", { class: "card" }, el("div", { class: "card-words", text: template.text, dir: "auto" }), buttons(template.buttons, acts));
  }
  const all = template.elements.map((one, index) => card(one, index, template.elements.length, acts));
  if (all.length === 1) return all[0];
  return el("div", { class: "cards", role: "group", "aria-label": `${all.length} cards`, tabindex: "0" }, all);
}

function card(one, index, count, acts) {
  const words = el("div", { class: "card-words" }, el("strong", { text: one.title, dir: "auto" }),
    one.subtitle ? el("span", { class: "soft small", text: one.subtitle, dir: "auto" }) : null);
  const src = one.image_url ? source(one.image_url) : null;
  const picture = src
    ? el("img", { src, alt: "", loading: "lazy", onerror: (event) => event.target.remove() }) : null;
  const href = one.default_action ? webLink(one.default_action.url) : null;
  const face = href ? el("a", { class: "card-face", href, target: "_blank", rel: "noopener noreferrer" }, picture, words) : [picture, words];
  return el("div", { class: "card", role: "group", "aria-label": `Card ${index + 1} of ${count}` }, face, buttons(one.buttons, acts));
}

const buttons = (given, acts) => (given ?? []).map((one) => cardButton(one, acts));

function cardButton(button, acts) {
  if (button.type !== "web_url") {
    return el("button", { type: "button", class: "card-button", text: button.title, onclick: () => acts.tap(button) });
  }
  const href = webLink(button.url);
  return href
    ? el("a", { class: "card-button", href, target: "_blank", rel: "noopener noreferrer", text: `${button.title} ↗`, "aria-label": `${button.title}, opens a new tab` })
    : el("span", { class: "card-button", text: button.title });
}
