// One small menu at a time, by mouse and by keyboard.

import { el, icon } from "./dom.js";

let open = null;

export function closeMenu() {
  if (!open) return;
  const { node, from } = open;
  open = null;
  node.remove();
  if (from.hasAttribute("aria-haspopup")) from.setAttribute("aria-expanded", "false");
  if (from.isConnected) from.focus({ preventScroll: true });
}

/** Show `entries` ({label, act, icon?, danger?}) beside the element `from`; `faces` is a row of small ones on top. */
export function showMenu(from, entries, faces = []) {
  closeMenu();
  const item = (one, extra = {}) =>
    el("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => { closeMenu(); one.act(); }, ...extra }, one.icon ? icon(one.icon) : null, one.label);
  const node = el("div", { class: "menu", role: "menu", "aria-label": "What to do" },
    faces.length ? el("div", { class: "menu-faces", role: "group", "aria-label": "Emoji" },
      faces.map((one) => item(one, { "aria-label": one.name, class: one.pressed ? "pressed" : undefined }))) : null,
    entries.map((one) => item(one, { class: one.danger ? "danger" : undefined })));
  node.addEventListener("keydown", move);
  document.body.append(node);
  place(node, from.getBoundingClientRect());
  if (from.hasAttribute("aria-haspopup")) from.setAttribute("aria-expanded", "true");
  open = { node, from };
  node.querySelector("button").focus();
}

function place(node, from) {
  const { width, height } = node.getBoundingClientRect();
  const left = Math.min(Math.max(8, from.right - width), innerWidth - width - 8);
  const below = from.bottom + 4;
  const above = from.top - height - 4;
  const top = Math.min(Math.max(8, below + height > innerHeight - 8 ? above : below), innerHeight - height - 8);
  // Positions are computed, so they can not stand in a style sheet; CSSOM is allowed by the policy.
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function move(event) {
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu();
    return;
  }
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll("button")];
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target)) closeMenu();
});
addEventListener("resize", closeMenu);
