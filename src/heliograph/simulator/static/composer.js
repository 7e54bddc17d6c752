// Writing: a text, an answer, an edit, and what lies ready to be sent with it.

import { attempt, post, upload } from "./api.js";
import { attachMenu } from "./attach.js";
import { byId, el, icon, onThisOrigin, speak, toast, withIcon } from "./dom.js";
import { keep } from "./keep.js";
import { record } from "./recorder.js";
import { startQuickReplies } from "./quick.js";
import { stay } from "./thread.js";
import { gist, named } from "./words.js";
import { here, onWorld, world } from "./world.js";

const MOST = 10;

let target = null; // {message, edit} that is answered or edited
let staged = []; // uploads that wait to be sent
let place = "";
const drafts = new Map(); // place -> text

/** Answer a message, or edit it; null ends that. */
export function answer(message, edit = false) {
  const wasEdit = target?.edit;
  target = message ? { message, edit } : null;
  byId("answering").hidden = !message;
  if (!message) { if (wasEdit) fill(""); return; }
  byId("answering-text").textContent = edit ? `Editing “${gist(message)}”` : `Answering “${gist(message)}”`;
  if (edit) fill(message.text);
  byId("words").focus();
}

function fill(text) {
  byId("words").value = text;
  drawMode();
}

function drawMode() {
  byId("composer").classList.toggle("full", Boolean(byId("words").value.trim() || staged.length));
}

/** Send attachments at once. */
export async function sendAttachments(attachments) {
  const done = await attempt(() => post("/messages", here({ attachments })));
  if (done) stay(true);
  return done;
}

async function send(event) {
  event.preventDefault();
  const text = byId("words").value.trim();
  if (!text && !staged.length) return byId("words").focus();
  const to = target?.message.mid;
  if (target?.edit) return text ? finish(await attempt(() => post("/edits", { mid: to, text }))) : toast("A message needs a text.");
  if (staged.length && !(await sendStaged(text ? undefined : to))) return undefined;
  if (!text) return finish(true);
  return finish(await attempt(() => post("/messages", here({ text, ...(to ? { reply_to_mid: to } : {}) }))));
}

/** Pictures go together as one message, everything else one by one, as in the app. */
async function sendStaged(replyTo) {
  const images = staged.filter((one) => one.type === "image");
  const groups = [images, ...staged.filter((one) => one.type !== "image").map((one) => [one])].filter((one) => one.length);
  for (const group of groups) {
    const attachments = group.map((one) => ({ type: one.type, url: one.url }));
    const extra = replyTo && group === groups[0] ? { reply_to_mid: replyTo } : {};
    if (!(await attempt(() => post("/messages", here({ attachments, ...extra }))))) return false;
    staged = staged.filter((one) => !group.includes(one));
    drawStaged();
  }
  return true;
}

function finish(done) {
  if (!done) return;
  target = null;
  byId("answering").hidden = true;
  fill("");
  stay(true);
}

/** Take in files: they are uploaded now, and sent with the next press of Send. */
export async function stage(files) {
  const room = MOST - staged.length;
  if (files.length > room) toast(`A message holds at most ${MOST} pictures. The others were left out.`, true);
  const from = place;
  const kept = await Promise.all([...files].slice(0, room).map((file) => attempt(() => upload(file))));
  if (from !== place) return;
  staged.push(...kept.filter(Boolean));
  drawStaged();
  speak(`${staged.length} ready to be sent`);
  byId("send").focus();
}

function drawStaged() {
  const row = byId("staged");
  row.hidden = !staged.length;
  keep(row, staged.map((one) => ({ key: one.id, state: one.id, make: () => stagedItem(one) })));
  drawMode();
}

const stagedItem = (one) =>
  el("li", { class: "staged-item" },
    one.type === "image" ? el("img", { src: onThisOrigin(one.url), alt: "Picture" }) : el("span", { class: "staged-kind" }, icon(one.type === "audio" ? "voice" : one.type), named(one.type)),
    el("button", { type: "button", class: "staged-out", "aria-label": `Leave out this ${named(one.type).toLowerCase()}`, onclick: () => { staged = staged.filter((other) => other !== one); drawStaged(); } }, icon("close")));

/** Each conversation keeps what was being written in it. */
function changePlace() {
  const next = world.account && world.person ? `${world.account.instagram_account_id}:${world.person.id}` : "";
  if (next === place) return;
  if (target?.edit) answer(null);
  drafts.set(place, byId("words").value);
  place = next;
  answer(null);
  staged = [];
  drawStaged();
  fill(drafts.get(place) ?? "");
}

function takeDrops() {
  const phone = byId("phone");
  phone.addEventListener("dragover", (event) => event.preventDefault());
  phone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (world.view === "conversation") stage(event.dataTransfer.files);
  });
  byId("words").addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    stage(event.clipboardData.files);
  });
}

export function startComposer() {
  for (const [id, name] of [["attach", "plus"], ["voice", "voice"], ["heart", "heart"], ["send", "send"], ["answering-stop", "close"]]) withIcon(byId(id), name);
  const words = byId("words");
  byId("composer").addEventListener("submit", send);
  words.addEventListener("input", drawMode);
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    if (event.key === "Escape") answer(null);
  });
  byId("answering-stop").addEventListener("click", () => { answer(null); words.focus(); });
  byId("attach").addEventListener("click", (event) => attachMenu(event.currentTarget));
  byId("heart").addEventListener("click", () => sendAttachments([{ type: "like_heart" }]));
  byId("voice").addEventListener("click", record);
  byId("files").addEventListener("change", (event) => {
    stage([...event.target.files]);
    event.target.value = "";
  });
  takeDrops();
  startQuickReplies();
  onWorld(changePlace);
}
