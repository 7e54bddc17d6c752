// Attachments: pictures, videos, voices, files, and what people share.

import { el, icon, onThisOrigin, webLink } from "./dom.js";
import { named } from "./words.js";

const gone = (words) => el("span", { class: "gone", text: `${words}: no longer available` });
const orGone = (words) => (event) => event.target.replaceWith(gone(words));

/** The address of a file, on the origin of this page; null for what is no address of http. */
export const source = (url) => webLink(new URL(onThisOrigin(url ?? ""), location.origin).href);

function image(url, words, extra = {}) {
  const src = source(url);
  return src ? el("img", { src, alt: words, loading: "lazy", draggable: "false", onerror: orGone(words), ...extra }) : gone(words);
}

function film(url, words, extra = {}) {
  const src = source(url);
  return src ? el("video", { src, controls: true, preload: "metadata", playsinline: true, "aria-label": words, onerror: orGone(words), ...extra }) : gone(words);
}

/** A link that opens the file by itself. */
function opens(url, properties, ...children) {
  const href = source(url);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer", ...properties }, ...children) : el("span", properties, ...children);
}

const MAKE = {
  image: (one) => one.payload?.sticker_id
    ? image(one.url, "Sticker", { class: "sticker" })
    : opens(one.url, { class: "picture", "aria-label": "Open the picture" }, image(one.url, "Picture")),
  video: (one) => film(one.url, "Video", { class: "picture" }),
  audio: (one) => el("div", { class: "bubble voice" }, icon("voice"),
    el("audio", { src: source(one.url), controls: true, preload: "metadata", "aria-label": "Voice message", onerror: orGone("Voice message") })),
  file: (one) => opens(one.url, { class: "bubble file" }, icon("file"), el("span", { text: "PDF file" })),
  story_mention: (one) => el("div", { class: "picture upright" }, image(one.url, "Story that mentions the account"),
    el("span", { class: "over", text: "You mentioned them in your story" })),
};

const SHARED = { share: "post", ig_post: "post", ig_reel: "reel", reel: "reel", ig_story: "post", story: "post" };

/** One attachment. */
export function attachment(one) {
  if (one.type === "like_heart") return el("div", { class: "heart", role: "img", "aria-label": "Heart", text: "❤️" });
  if (one.type === "ephemeral") return el("div", { class: "bubble once" }, icon("once"), el("span", { text: "View once" }));
  if (SHARED[one.type]) return shared(one);
  if (MAKE[one.type] && one.url) return MAKE[one.type](one);
  return el("div", { class: "bubble" }, named(one.type));
}

/** Several pictures of one message, as a grid. */
export const pictures = (images) =>
  el("div", { class: "pictures", role: "group", "aria-label": `${images.length} pictures` }, images.map((one) => attachment(one)));

/** A post or a reel: its picture, its words. A share may carry no address at all. */
function shared(one) {
  const url = one.url ?? one.payload?.url ?? one.payload?.story_media_url;
  const title = one.payload?.title ?? "";
  const kind = SHARED[one.type];
  const picture = url ? [kind === "reel"
    ? film(url, "Reel")
    : opens(url, { "aria-label": "Open the post" }, image(url, "Post"))] : [];
  return el("div", { class: "shared" }, el("span", { class: "shared-kind" }, icon(kind), named(one.type)), ...picture,
    title ? el("span", { class: "shared-title", text: title, dir: "auto" }) : null);
}
