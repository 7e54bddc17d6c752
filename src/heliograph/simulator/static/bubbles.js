// How a message looks in the phone.

import { el, onThisOrigin, times } from "./dom.js";

/** A picture, or a word in its place when its link no longer works. */
const picture = (url, words) =>
  el("img", { src: onThisOrigin(url), alt: words, loading: "lazy", onerror: (event) => event.target.replaceWith(`${words} (no longer available)`) });

const MEDIA = {
  image: (url) => picture(url, "Picture"),
  video: (url) => el("video", { src: onThisOrigin(url), controls: true, preload: "metadata" }),
};
const NAMES = { audio: "Voice message", file: "File", share: "Shared post", ig_reel: "Shared reel", ephemeral: "View-once picture" };

/** One message as a list item. `acts` are {menu(message, button), reply(message), tap(button)}; `context` knows the thread around it. */
export function bubble(message, context, acts) {
  const mine = message.from === "person";
  const node = el("li", { class: `said${mine ? " mine" : ""}${context.turn ? " turn" : ""}` });
  if (message.deleted) {
    node.append(el("span", { class: "bubble gone", text: mine ? "You unsent a message" : "Unsent by the business" }));
    return node;
  }
  const quoted = quote(message, context);
  if (quoted) node.append(quoted);
  for (const one of message.attachments) node.append(media(one, message, acts));
  if (message.text) node.append(handle(message, acts, { class: "bubble", text: message.text }));
  if (message.template) node.append(...cards(message.template, acts));
  if (message.reactions.length) {
    const faces = message.reactions.map((one) => one.emoji).join(" ");
    node.append(el("span", { class: "reactions", text: faces, "aria-label": `Reactions: ${faces}` }));
  }
  const notes = remarks(message, mine, context);
  if (notes) node.append(el("span", { class: "note", text: notes, title: times.dayClock(message.timestamp) }));
  return node;
}

/** The part of a message that opens its menu: by click, Enter, or the context menu key. */
function handle(message, acts, properties, ...children) {
  const who = message.from === "person" ? "You" : "Business";
  const node = el("button", {
    type: "button", "aria-haspopup": "menu", title: times.dayClock(message.timestamp),
    "aria-label": message.text ? `${who}: ${message.text}` : `${who}: attachment`, ...properties,
    onclick: () => acts.menu(message, node),
    oncontextmenu: (event) => { event.preventDefault(); acts.menu(message, node); },
  }, ...children);
  swipe(node, () => acts.reply(message));
  return node;
}

/** Swipe to reply: a finger that moves sideways, not up or down. */
function swipe(node, act) {
  let start = null;
  node.addEventListener("touchstart", (event) => { start = event.touches[0]; }, { passive: true });
  node.addEventListener("touchend", (event) => {
    const end = event.changedTouches[0];
    const [across, along] = [Math.abs(end.clientX - start.clientX), Math.abs(end.clientY - start.clientY)];
    if (across > 48 && along < 24) act();
  }, { passive: true });
}

function quote(message, context) {
  const target = message.reply_to;
  if (!target) return null;
  const words = target.story_id ? "Answer to a story" : `Answer to “${context.text(target.mid)}”`;
  return el("span", { class: "quoted", text: words });
}

function media(one, message, acts) {
  if (one.type === "like_heart") return handle(message, acts, { class: "bubble", text: "❤️" });
  if (one.type === "story_mention") {
    return handle(message, acts, { class: "picture" }, one.url ? picture(one.url, "Your story") : "Your story");
  }
  const make = MEDIA[one.type];
  if (make && one.url) return handle(message, acts, { class: "picture" }, make(one.url));
  return handle(message, acts, { class: "bubble", text: NAMES[one.type] ?? `Attachment (${one.type})` });
}

function cards(template, acts) {
  const elements = template.template_type === "button" ? [{ title: template.text, buttons: template.buttons }] : template.elements;
  return elements.map((one) =>
    el("div", { class: "card" },
      one.image_url ? el("img", { src: one.image_url, alt: "", loading: "lazy" }) : null,
      el("div", { class: "card-words" },
        template.template_type === "button" ? one.title : el("strong", { text: one.title }),
        one.subtitle ? el("span", { class: "soft small", text: one.subtitle }) : null),
      (one.buttons ?? []).map((button) => cardButton(button, acts))));
}

function cardButton(button, acts) {
  if (button.type === "web_url") {
    return el("a", { class: "card-button", href: button.url, target: "_blank", rel: "noreferrer noopener", text: button.title });
  }
  return el("button", { type: "button", class: "card-button", text: button.title, onclick: () => acts.tap(button) });
}

function remarks(message, mine, context) {
  const parts = [];
  if (message.edited) parts.push("edited");
  if (message.attachments.some((one) => one.type === "story_mention")) parts.push("you mentioned the account in your story");
  if (message.postback) parts.push("tapped");
  if (message.quick_reply_payload !== null && mine) parts.push("quick reply");
  if (message.source === "app") parts.push("written in the app");
  if (message.tag) parts.push(message.tag);
  if (context.last && mine) parts.push(message.seen ? "Seen" : "Sent");
  return parts.join(" · ");
}
