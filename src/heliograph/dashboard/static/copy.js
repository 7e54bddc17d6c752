// What is marked data-copy is copied by a click.
{
  const put = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Over plain http browsers have no clipboard for us; the old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("not copied");
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const words = button.querySelector("span");
    if (button.classList.contains("copied")) return;
    const before = words.textContent;
    try {
      await put(button.dataset.copy);
    } catch {
      return;
    }
    button.classList.add("copied");
    words.textContent = "Copied";
    setTimeout(() => {
      words.textContent = before;
      button.classList.remove("copied");
    }, 1500);
  });
}
