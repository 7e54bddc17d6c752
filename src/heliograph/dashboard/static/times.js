// Times in the reader's zone, relative ones kept fresh. The server wrote the same in UTC.
{
  const steps = [[60, "minute", 60], [3600, "hour", 24], [86400, "day", 30], [2592000, "month", 12], [31536000, "year", Infinity]];
  const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

  const said = (seconds) => {
    const size = Math.abs(seconds);
    let found = "";
    for (const [length, name, most] of steps) {
      if (size < length) break;
      const number = Math.floor(size / length);
      found = `${number} ${name}${number === 1 ? "" : "s"}`;
      if (number < most) break;
    }
    if (!found) return seconds >= 0 ? "a moment ago" : "in a moment";
    return seconds > 0 ? `${found} ago` : `in ${found}`;
  };

  const hour = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
  const clock = (moment) => {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(moment).setHours(0, 0, 0, 0)) / 86400000);
    if (days === 0) return hour.format(moment);
    return days === 1 ? `${hour.format(moment)} yesterday` : `${day.format(moment)}, ${hour.format(moment)}`;
  };

  const refresh = (inside) => {
    for (const time of inside.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      const words = "clock" in time.dataset ? clock(moment) : said((Date.now() - moment) / 1000);
      if (time.textContent !== words) time.textContent = words;
      time.title = exact.format(moment);
    }
  };

  refresh(document);
  setInterval(() => refresh(document), 20000);
  document.addEventListener("htmx:load", (event) => refresh(event.target.parentElement ?? document));
}
