// Recording a voice message. Without a microphone there is a sample to send instead.

import { attempt, upload } from "./api.js";
import { sendAttachments } from "./composer.js";
import { byId, el } from "./dom.js";
import { voice, wav } from "./samples.js";

const LONGEST_MS = 60_000;

const part = (words, ...buttons) => {
  const row = byId("recording");
  row.hidden = false;
  row.replaceChildren(el("span", { class: "recording-words", role: "status" }, ...words), ...buttons);
  row.querySelector(".primary")?.focus();
};

const close = () => {
  byId("recording").hidden = true;
  byId("words").focus();
};

const button = (text, act, primary = false) => el("button", { type: "button", class: `button${primary ? " primary" : " quiet"}`, text, onclick: act });

async function sendSound(file) {
  close();
  await attempt(async () => {
    const kept = await upload(file);
    await sendAttachments([{ type: "audio", url: kept.url }]);
  });
}

/** Ask for the microphone and record until told to stop. */
export async function record() {
  let stream;
  try {
    if (!navigator.mediaDevices) throw new Error("no microphone");
    part(["Waiting for the microphone…"], button("Cancel", close));
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    part(["No microphone here. You can send a sample."], button("Cancel", close), button("Send a sample", () => sendSound(voice()), true));
    return;
  }
  if (byId("recording").hidden) {
    stop(stream);
    return;
  }
  listen(stream);
}

const stop = (stream) => stream.getTracks().forEach((one) => one.stop());

function listen(stream) {
  const chunks = [];
  const recorder = new MediaRecorder(stream);
  const began = Date.now();
  const time = el("span", { text: "0:00" });
  let wanted = false;
  const timer = setInterval(() => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds * 1000 >= LONGEST_MS) end(true);
  }, 250);
  const end = (send) => {
    wanted = send;
    if (recorder.state !== "inactive") recorder.stop();
  };
  recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
  recorder.addEventListener("stop", async () => {
    clearInterval(timer);
    stop(stream);
    if (!wanted) close();
    else await attempt(async () => sendSound(await asWav(new Blob(chunks, { type: recorder.mimeType }))));
  });
  recorder.start();
  part([el("i", { class: "recording-dot" }), "Recording ", time], button("Cancel", () => end(false)), button("Send", () => end(true), true));
  byId("recording").onkeydown = (event) => { if (event.key === "Escape") end(false); };
}

/** Browsers record in formats that Instagram does not take; WAV it does. */
async function asWav(blob) {
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await blob.arrayBuffer());
    return wav(sound.getChannelData(0), sound.sampleRate);
  } finally {
    context.close();
  }
}
