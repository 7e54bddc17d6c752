// How a message looks in the phone.

import { el, icon, onThisOrigin, times } from "./dom.js";
import { feel } from "./gestures.js";
import { attachment, pictures } from "./media.js";
import { cards } from "./cards.js";
import { gist, linked } from "./words.js";

/**
 * One message as a list item, without its marks. `context` is what the conversation around it makes of it: {name};
 * `acts` are {menu(message, node), reply(message), love(message), tap(button), jump(mid)}.
 */
export function bubble(message, context, acts) {
  const mine = message.from === "person";
  const who = mine ? "You" : context.name;
  const body = el("div", { class: "said-body" }, ...parts(message, acts));
  const node = el("div", {
    class: `said${mine ? " mine" : ""}`, role: "group", tabindex: "-1", "data-mid": message.mid,
    "aria-label": `${who}, ${times.clock(message.timestamp)}: ${gist(message)}`,
    "aria-description": "Enter opens what you can do",
  },
    quote(message, mine, context, acts),
    el("div", { class: "said-row" }, body, tools(message, acts)));
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || !["Enter", " ", "ContextMenu"].includes(event.key)) return;
    event.preventDefault();
    acts.menu(message, node);
  });
  feel(node, { hold: () => acts.menu(message, node), reply: () => acts.reply(message), love: () => acts.love(message) });
  return el("li", { class: `entry${mine ? " mine" : ""}` }, node);
}

/** What changes while a message is read, or its film runs: reactions and the words under it. */
export function dress(node, message, context, { turn, note }) {
  const words = JSON.stringify([message.reactions, turn, note]);
  if (node.dataset.marks === words) return;
  node.dataset.marks = words;
  node.classList.toggle("turn", turn);
  for (const mark of node.querySelectorAll(".reactions, .note")) mark.remove();
  node.firstChild.append(...[reactions(message, context), note ? el("span", { class: "note", text: note }) : null].filter(Boolean));
}

function parts(message, acts) {
  const found = [];
  const images = message.attachments.filter((one) => one.type === "image" && !one.payload?.sticker_id);
  if (images.length > 1) found.push(pictures(images));
  for (const one of message.attachments) if (images.length < 2 || !images.includes(one)) found.push(attachment(one));
  if (message.text) {
    const lone = /^(\p{Extended_Pictographic}(\uFE0F|\u200D|\p{Emoji_Modifier})*){1,3}$/u.test(message.text);
    found.push(el("div", { class: lone ? "bubble lone" : "bubble", title: times.dayClock(message.timestamp), dir: "auto" }, ...linked(message.text)));
  }
  if (message.template) found.push(cards(message.template, acts));
  return found.length ? found : [el("div", { class: "bubble soft", text: "An empty message" })];
}

/** What a mouse or a keyboard finds beside a message; fingers hold and swipe instead. */
const tools = (message, acts) =>
  el("div", { class: "said-tools" },
    el("button", { type: "button", class: "tool", tabindex: "-1", "aria-label": "React, and more", "aria-haspopup": "menu", onclick: (event) => acts.menu(message, event.currentTarget) }, icon("face")),
    el("button", { type: "button", class: "tool", tabindex: "-1", "aria-label": "Reply", onclick: () => acts.reply(message) }, icon("reply")));

function quote(message, mine, context, acts) {
  const target = message.quoted;
  if (!target) return message.reply_to ? el("span", { class: "quoted", text: "Answer to a message" }) : null;
  if (target.story_id) {
    return el("div", { class: "quoted story-quote" },
      el("span", { text: mine ? "You answered their story" : "Answered the story" }),
      el("img", { src: onThisOrigin(target.url), alt: "The story", loading: "lazy", onerror: (event) => event.target.replaceWith("The story is over") }));
  }
  const said = target.from === "person" ? (mine ? "You answered yourself" : "Answered you") : mine ? `You answered ${context.name}` : "Answered themselves";
  return el("button", { type: "button", class: "quoted", tabindex: "-1", onclick: () => acts.jump(target.mid) },
    el("span", { class: "quoted-who", text: said }), el("span", { class: "quoted-words", text: gist(target) }));
}

function reactions(message, context) {
  if (!message.reactions.length) return null;
  const words = message.reactions.map((one) => `${one.emoji} from ${one.from === "person" ? "you" : context.name}`).join(", ");
  return el("span", { class: "reactions", role: "img", "aria-label": `Reactions: ${words}`, title: words, text: message.reactions.map((one) => one.emoji).join(" ") });
}

/** The small words under a message. `lastOf` tells whether it is the last of its side, `last` whether it is the last of all. */
export function remarks(message, lastOf, last) {
  const mine = message.from === "person";
  return [
    message.edited && "Edited",
    message.postback && "Tapped",
    message.quick_reply_payload !== null && mine && "Quick reply",
    message.source === "app" && "Written in the app",
    message.tag === "HUMAN_AGENT" ? "Human agent" : message.tag,
    lastOf && mine && message.seen && "Seen",
    last && mine && !message.seen && "Sent",
    last && !mine && message.seen && "Seen by you",
  ].filter(Boolean).join(" · ");
}
