// Files made on the spot, so that every kind of message can be tried without looking for one.

const RATE = 16_000;

const draw = (width, height, paint) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  paint(canvas.getContext("2d"), width, height);
  return canvas;
};

const png = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));

/** A sun over the sea, in colours of its own; `share` from 0 to 1 is how high the sun stands. */
function seaside(hue, share) {
  return (pen, width, height) => {
    const sky = pen.createLinearGradient(0, 0, 0, height * 0.7);
    sky.addColorStop(0, `hsl(${hue} 60% 78%)`);
    sky.addColorStop(1, `hsl(${hue + 30} 80% 92%)`);
    pen.fillStyle = sky;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = `hsl(${(hue + 190) % 360} 85% 62%)`;
    pen.beginPath();
    pen.arc(width * (0.3 + 0.4 * share), height * (0.6 - 0.35 * share), width * 0.12, 0, 7);
    pen.fill();
    pen.fillStyle = `hsl(${hue} 35% 42%)`;
    pen.fillRect(0, height * 0.68, width, height);
  };
}

/** A picture, another one each time. */
export const picture = () => png(draw(640, 480, seaside(Math.random() * 360, Math.random())));

/** An emoji as a sticker: a picture with nothing behind it. */
export const sticker = (emoji) => png(draw(256, 256, (pen) => {
  pen.font = "190px sans-serif";
  [pen.textAlign, pen.textBaseline] = ["center", "middle"];
  pen.fillText(emoji, 128, 140);
}));

const FRAMES = 20;
const FRAME_MS = 50;

/** A second of sunrise, filmed from a canvas. */
export async function video() {
  if (!globalThis.MediaRecorder) throw new Error("This browser can not make a video. Choose one from your files instead.");
  const canvas = draw(320, 240, seaside(205, 0));
  const chunks = [];
  const recorder = new MediaRecorder(canvas.captureStream(25));
  recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve));
  recorder.start();
  for (let frame = 0; frame < FRAMES; frame += 1) {
    seaside(205, frame / FRAMES)(canvas.getContext("2d"), 320, 240);
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
  recorder.stop();
  await ended;
  return new Blob(chunks, { type: recorder.mimeType.split(";")[0] });
}

/** A few notes, hummed. */
export function voice() {
  const notes = [392, 440, 523, 440, 392];
  const each = RATE * 0.3;
  const sound = new Float32Array(notes.length * each);
  notes.forEach((pitch, index) => {
    for (let at = 0; at < each; at += 1) {
      const time = at / RATE;
      sound[index * each + at] = Math.sin(2 * Math.PI * pitch * time) * Math.sin((Math.PI * at) / each) * 0.3;
    }
  });
  return wav(sound, RATE);
}

/** Sound as a WAV file, which Instagram carries. */
export function wav(sound, rate) {
  const view = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const words = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  words(0, "RIFF");
  view.setUint32(4, 36 + sound.length * 2, true);
  words(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, rate, 4], [28, rate * 2, 4], [32, 2, 2], [34, 16, 2]].forEach(([at, value, size]) =>
    size === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true));
  words(36, "data");
  view.setUint32(40, sound.length * 2, true);
  sound.forEach((one, index) => view.setInt16(44 + index * 2, Math.max(-1, Math.min(1, one)) * 0x7fff, true));
  return new Blob([view], { type: "audio/wav" });
}

/** One page with one line. */
export function pdf() {
  const text = "BT /F 18 Tf 40 90 Td (A sample file of the simulator) Tj ET";
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 340 180]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    `<</Length ${text.length}>>stream\n${text}\nendstream`, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let body = "%PDF-1.4\n";
  const places = objects.map((one, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj${one}endobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const table = `xref\n0 6\n0000000000 65535 f \n${places.join("")}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF`;
  return new Blob([body, table], { type: "application/pdf" });
}
