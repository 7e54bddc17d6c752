// What one can do with a message.

import { attempt, post } from "./api.js";
import { answer } from "./composer.js";
import { copy, speak } from "./dom.js";
import { showMenu } from "./menu.js";
import { here } from "./world.js";
import { findOnWire } from "./wire.js";

const FACES = [["❤️", "Love"], ["😂", "Laugh"], ["😮", "Wow"], ["😢", "Sad"], ["😡", "Angry"], ["👍", "Like"]];
const MORE = ["🔥", "👏", "🎉", "🙏", "💯", "😍", "🤔", "👀", "🙌", "😊", "🥳", "😭", "🤩", "👌", "💛", "☀️", "🍀", "📚"];

const ownOf = (message) => message.reactions.find((one) => one.from === "person")?.emoji;
const same = (one, other) => one?.replace("\uFE0F", "") === other?.replace("\uFE0F", "");

/** React with an emoji; the same one again takes it back. */
const react = (message, emoji) => attempt(() => post("/reactions", { mid: message.mid, emoji: same(ownOf(message), emoji) ? null : emoji }));

function faces(message, from, more) {
  const own = ownOf(message);
  const list = (more ? MORE.map((emoji) => [emoji, emoji]) : FACES).map(([label, name]) =>
    ({ label, name: same(own, label) ? `Take back ${name}` : name, pressed: same(own, label), act: () => react(message, label) }));
  if (!more) list.push({ label: "+", name: "Another emoji", act: () => showMenu(from, [], faces(message, from, true)) });
  return list;
}

async function unsend(message) {
  if (await attempt(() => post("/unsend", { mid: message.mid }))) speak("The message is gone.");
}

function menu(message, from) {
  const mine = message.from === "person";
  showMenu(from, [
    { label: "Reply", act: () => answer(message) },
    message.text && { label: "Copy", act: () => copy(message.text) },
    mine && message.text && !message.postback && { label: "Edit", act: () => answer(message, true) },
    { label: "Show on the wire", act: () => findOnWire(message.mid) },
    { label: "Copy mid", act: () => copy(message.mid) },
    { label: mine ? "Unsend" : "Unsend as the owner", danger: true, act: () => unsend(message) },
  ].filter(Boolean), faces(message, from, false));
}

export const messageActs = {
  menu,
  reply: (message) => answer(message),
  love: (message) => react(message, "❤️"),
  tap: (button) => attempt(() => post("/postbacks", here({ title: button.title, payload: button.payload }))),
};
