// The button: Meta's SDK opens the dialog in a popup and gives back a code, which goes to our server and nowhere else.
const button = document.getElementById("login");
const told = document.getElementById("told");
const { appId, version, configId, scope, authType, formToken } = button.dataset;

window.fbAsyncInit = () => {
  FB.init({ appId, version, cookie: false, xfbml: false });
  button.disabled = false;
};
if (window.FB) window.fbAsyncInit();

async function send(code) {
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": formToken },
      body: JSON.stringify({ code }),
    });
    const { problem } = await answer.json();
    if (problem) told.textContent = problem;
    else location.assign("/pages");
  } catch {
    // No connection, or an answer that is not our server's.
    told.textContent = "The login could not be finished. Check the connection, then log in again.";
  }
}

button.addEventListener("click", () => {
  told.textContent = "";
  const wanted = configId ? { config_id: configId } : { scope };
  if (authType) wanted.auth_type = authType;
  // FB.login takes no asynchronous function, and must be called in the click itself: popups are blocked otherwise.
  FB.login(
    ({ authResponse }) => {
      if (authResponse?.code) send(authResponse.code);
      else told.textContent = "You cancelled the login. Nothing was connected; you can begin again.";
    },
    { ...wanted, response_type: "code", override_default_response_type: true },
  );
});
