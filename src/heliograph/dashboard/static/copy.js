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
      // Some of it is shown once only: it stands there whole, selected, and the page says what to do.
      const shown = button.closest(".block")?.querySelector("code") ?? words;
      if (shown === words) words.textContent = button.dataset.copy;
      getSelection().selectAllChildren(shown);
      document.dispatchEvent(new CustomEvent("not-copied"));
      return;
    }
    button.classList.add("copied");
    words.textContent = "Copied";
    document.getElementById("heard").textContent = "Copied";
    setTimeout(() => {
      words.textContent = before;
      button.classList.remove("copied");
      document.getElementById("heard").textContent = "";
    }, 1500);
  });
}
