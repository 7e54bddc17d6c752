// The popup's last page: what the dialog answered goes to the page that opened it, to its origin only.
const told = new URLSearchParams(location.hash.slice(1));
const [cb, origin] = [told.get("cb"), told.get("origin")];
for (const name of ["cb", "origin", "relation"]) told.delete(name);
if (window.opener && origin) {
  window.opener.postMessage({ cb, answer: Object.fromEntries(told) }, origin);
  window.close();
}
