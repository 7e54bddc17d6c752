// What things are called, and words that become links.

import { el, webLink } from "./dom.js";

export const NAMES = {
  image: "Picture", video: "Video", audio: "Voice message", file: "File", like_heart: "❤️", story_mention: "Mentioned the account in a story",
  share: "Shared post", ig_post: "Shared post", ig_reel: "Shared reel", reel: "Shared reel", ig_story: "Shared story", story: "Shared story",
  ephemeral: "View-once picture", fallback: "Link", unsupported_type: "Unsupported message",
};

export const named = (type) => NAMES[type] ?? `Attachment (${type})`;

/** One line for a message, in a list or a quotation. */
export function gist(said) {
  if (!said || said.deleted) return "a message that is gone";
  if (said.text) return said.text;
  if (said.template) return "Card";
  const types = (said.attachments ?? []).map((one) => one.type ?? one);
  if (types.length > 1 && types.every((one) => one === "image")) return `${types.length} pictures`;
  return types.length ? named(types[0]) : "Message";
}

/** The last line of a conversation, with who said it. */
export const preview = (last) => (last ? `${last.from === "person" ? "You: " : ""}${gist(last)}` : "No messages yet");

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"]+/gi;
const AFTER = /[.,;:!?'")\]]+$/;

/** A text as nodes: plain words, and links for what looks like an address. Nothing in it is ever markup. */
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const words = found[0].replace(AFTER, "");
    const href = webLink(words.toLowerCase().startsWith("www.") ? `https:${"//"}${words}` : words);
    if (!href) continue;
    nodes.push(text.slice(from, found.index), el("a", { href, target: "_blank", rel: "noopener noreferrer", text: words }));
    from = found.index + words.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter(Boolean);
}
