// Quick replies: above the field, gone after the next message.

import { attempt, post } from "./api.js";
import { byId, el } from "./dom.js";
import { keep, rove } from "./keep.js";
import { here } from "./world.js";

const SAMPLES = { user_phone_number: "+49 30 901820", user_email: "maya@example.com" };

/** Show those of the last message, if it offers any. */
export function drawQuickReplies(last) {
  const offered = last?.from === "business" ? last.quick_replies : [];
  const row = byId("quick-replies");
  row.hidden = !offered.length;
  keep(row, offered.map((one, index) => ({ key: `${last.mid} ${index}`, state: one, make: () => chip(one) })));
}

function chip(one) {
  // A telephone number or an address comes from the person's profile; its text is its payload.
  const title = one.title ?? SAMPLES[one.content_type] ?? one.content_type;
  return el("button", {
    type: "button", class: "quick-reply", text: title,
    onclick: () => attempt(() => post("/messages", here({ text: title, quick_reply_payload: one.payload ?? title }))),
  });
}

export const startQuickReplies = () => rove(byId("quick-replies"), ".quick-reply", { across: true });
