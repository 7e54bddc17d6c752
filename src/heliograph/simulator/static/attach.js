// Everything that can be sent besides words.

import { attempt, upload } from "./api.js";
import { sendAttachments, stage } from "./composer.js";
import { ask } from "./dialogs.js";
import { byId, toast } from "./dom.js";
import { showMenu } from "./menu.js";
import { record } from "./recorder.js";
import * as samples from "./samples.js";

/** Make a file, upload it, and send it as an attachment of some type. */
async function sendMade(make, shape) {
  toast("Sending…");
  await attempt(async () => {
    const kept = await upload(await make());
    await sendAttachments([shape(kept)]);
  });
}

const plain = (kept) => ({ type: kept.type, url: kept.url });
const someId = () => String(Math.floor(Math.random() * 9e15) + 1e16);

async function sharePost() {
  const told = await ask("Share a post", [{ name: "title", label: "What it says", value: "New in the window: sea charts", max: 2200 }], "Share a post");
  if (told) await sendMade(samples.picture, (kept) => ({ type: "ig_post", url: kept.url, payload: { ig_post_media_id: someId(), title: told.title } }));
}

async function shareReel() {
  const told = await ask("Share a reel", [{ name: "title", label: "What it says", value: "One minute by the sea", max: 2200 }], "Share a reel");
  if (told) await sendMade(samples.video, (kept) => ({ type: "ig_reel", url: kept.url, payload: { reel_video_id: someId(), title: told.title } }));
}

const STICKERS = [["☀️", "Sun"], ["🌊", "Wave"], ["⛵", "Boat"], ["🐚", "Shell"], ["📚", "Books"], ["🎈", "Balloon"], ["👍", "Thumb up"], ["🥳", "Party"]];

const stickers = (from) =>
  showMenu(from, [], STICKERS.map(([emoji, name], index) => ({
    label: emoji, name: `Sticker: ${name}`,
    act: () => sendMade(() => samples.sticker(emoji), (kept) => ({ type: "image", url: kept.url, payload: { sticker_id: 369239263222800 + index } })),
  })));

async function several() {
  stage(await Promise.all([0, 1, 2].map(() => samples.picture())));
}

/** The menu behind the plus. */
export function attachMenu(from) {
  showMenu(from, [
    { icon: "pictures", label: "Choose pictures or files", act: () => byId("files").click() },
    { icon: "picture", label: "A sample picture", act: async () => stage([await samples.picture()]) },
    { icon: "pictures", label: "Three sample pictures", act: several },
    { icon: "video", label: "A sample video", act: () => sendMade(samples.video, plain) },
    { icon: "voice", label: "Record a voice message", act: record },
    { icon: "voice", label: "A sample voice message", act: () => sendMade(samples.voice, plain) },
    { icon: "file", label: "A sample PDF file", act: () => sendMade(samples.pdf, plain) },
    { icon: "sticker", label: "A sticker", act: () => stickers(from) },
    { icon: "heart", label: "A heart", act: () => sendAttachments([{ type: "like_heart" }]) },
    { icon: "post", label: "Share a post", act: sharePost },
    { icon: "reel", label: "Share a reel", act: shareReel },
    { icon: "once", label: "A view-once picture", act: () => sendAttachments([{ type: "ephemeral" }]) },
  ]);
}
