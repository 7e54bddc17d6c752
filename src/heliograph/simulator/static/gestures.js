// What fingers do to a message: hold to react, swipe to reply, tap twice for a heart. A mouse has the buttons beside it.

const HOLD_MS = 420;
const SLACK = 10;
const FAR = 52;
const FARTHEST = 76;

/** Listen to one message's element. `acts` are {hold(), reply(), love()}. */
export function feel(node, acts) {
  let start = null;
  let timer = null;
  let swiping = false;
  let held = false;

  const stop = () => {
    clearTimeout(timer);
    start = null;
    swiping = false;
    node.classList.remove("swiping", "far");
    node.style.removeProperty("--shift");
  };

  node.addEventListener("pointerdown", (event) => {
    held = false;
    if (event.pointerType === "mouse") return;
    start = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => { held = true; stop(); acts.hold(); }, HOLD_MS);
  });
  node.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [across, along] = [event.clientX - start.x, event.clientY - start.y];
    if (Math.hypot(across, along) > SLACK) clearTimeout(timer);
    if (!swiping && Math.abs(across) > SLACK && Math.abs(across) > Math.abs(along)) {
      swiping = true;
      node.setPointerCapture(event.pointerId);
      node.classList.add("swiping");
    }
    if (!swiping) return;
    const shift = Math.max(-FARTHEST, Math.min(FARTHEST, across));
    // Where the finger is can not stand in a style sheet; setting a property by script is allowed by the policy.
    node.style.setProperty("--shift", `${shift}px`);
    node.classList.toggle("far", Math.abs(shift) >= FAR);
  });
  node.addEventListener("pointerup", () => {
    const reply = swiping && node.classList.contains("far");
    stop();
    if (reply) acts.reply();
  });
  node.addEventListener("pointercancel", stop);
  // The tap that ends a hold must not also press what lies under the finger.
  node.addEventListener("click", (event) => {
    if (!held) return;
    held = false;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  node.addEventListener("dblclick", (event) => {
    if (!event.target.closest("a, button, video, audio")) acts.love();
  });
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a")) return;
    event.preventDefault();
    if (!held) acts.hold();
  });
}
