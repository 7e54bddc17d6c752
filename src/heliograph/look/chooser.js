// Searching the chooser while one types: lines that do not have every word are hidden. Nothing is asked of the server.
for (const chooser of document.querySelectorAll("[data-chooser]")) {
  const box = chooser.querySelector(".chooser-search input");
  if (!box || box.value) continue;
  const lines = [...chooser.querySelectorAll("[data-line]")];
  const count = chooser.querySelector("[data-count]");
  const folded = chooser.querySelector("details");
  const open = folded && folded.open;
  box.form.querySelector("button").hidden = true;
  const look = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let seen = 0;
    for (const line of lines) {
      line.hidden = !words.every((word) => line.dataset.line.includes(word));
      const choice = line.querySelector("input");
      if (choice && line.hidden) choice.checked = false;
      seen += line.hidden ? 0 : 1;
    }
    if (folded) folded.open = words.length ? folded.querySelector("[data-line]:not([hidden])") !== null : open;
    count.textContent = words.length ? `${seen} of ${lines.length}` : "";
  };
  box.addEventListener("input", look);
  box.form.addEventListener("submit", (event) => event.preventDefault());
}
