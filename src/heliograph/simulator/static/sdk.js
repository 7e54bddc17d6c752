// A stand-in for Facebook's SDK for JavaScript: the login of it, in the shapes of the original, against the simulator.
// Where it was loaded from is where it logs in.
(() => {
  "use strict";

  const base = new URL(document.currentScript.src).origin;
  const POPUP = "popup=yes,width=640,height=760";
  const DEFAULT_TYPES = ["token", "signed_request", "graph_domain"];
  const GRACE_MS = 2000;
  let settings = null;
  let session = null;

  function settled() {
    if (!settings) throw new Error("FB.init must be called before anything else.");
    return settings;
  }

  // The answer of the dialog or of the status call, as authResponse has it.
  function authResponse(told) {
    if (told.access_token) {
      const made = {
        accessToken: told.access_token,
        userID: userOf(told.signed_request),
        expiresIn: Number(told.expires_in),
        signedRequest: told.signed_request,
        graphDomain: told.graph_domain || "facebook",
        data_access_expiration_time: Number(told.data_access_expiration_time),
      };
      if (told.granted_scopes) made.grantedScopes = told.granted_scopes;
      if (told.code) made.code = told.code;
      return made;
    }
    return told.code ? { userID: null, expiresIn: null, code: told.code } : null;
  }

  function userOf(signedRequest) {
    const text = (signedRequest || ".").split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return text ? JSON.parse(atob(text)).user_id : null;
  }

  function keep(made) {
    session = made && made.accessToken ? made : null;
    if (!settings.cookie) return;
    const age = session ? session.expiresIn : 0;
    const value = session ? session.signedRequest : "";
    document.cookie = `fbsr_${settings.appId}=${value}; path=/; max-age=${age}; samesite=lax`;
  }

  function login(callback, options = {}) {
    const { appId, version } = settled();
    const id = `f${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
    const relay = new URLSearchParams({ cb: id, origin: location.origin, relation: "opener" });
    const asked = options.response_type ? options.response_type.split(/[\s,]+/) : [];
    const types = options.override_default_response_type ? asked : [...DEFAULT_TYPES, ...asked];
    if (options.return_scopes) types.push("granted_scopes");
    const query = new URLSearchParams({
      client_id: appId,
      display: "popup",
      response_type: types.join(","),
      redirect_uri: `${base}/x/connect/xd_arbiter/?version=46#${relay}`,
      sdk: "joey",
    });
    for (const name of ["scope", "config_id", "auth_type"]) if (options[name]) query.set(name, options[name]);
    if (options.extras) query.set("extras", JSON.stringify(options.extras));
    const popup = window.open(`${base}/${version}/dialog/oauth?${query}`, id, POPUP);

    let watch = 0;
    let late = 0;
    function done(response) {
      clearInterval(watch);
      clearTimeout(late);
      removeEventListener("message", heard);
      if (callback) callback(response);
    }
    function heard(event) {
      // Only our own popup, from our own origin, with the answer to this very call.
      if (event.origin !== base || event.source !== popup || event.data?.cb !== id) return;
      const told = event.data.answer;
      const made = authResponse(told);
      keep(made);
      done({ authResponse: made, status: made ? "connected" : "not_authorized" });
    }
    addEventListener("message", heard);
    watch = setInterval(() => {
      if (popup && !popup.closed) return;
      // The popup closes itself after its answer, which may still be on its way.
      clearInterval(watch);
      late = setTimeout(() => done({ authResponse: null, status: "unknown" }), GRACE_MS);
    }, 500);
  }

  async function ask(path) {
    const answer = await fetch(`${base}${path}?${new URLSearchParams({ client_id: settled().appId })}`, {
      credentials: "include",
    });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    return answer.json();
  }

  async function getLoginStatus(callback) {
    const told = await ask("/x/oauth/status");
    const made = told.answer ? authResponse(told.answer) : null;
    keep(made);
    callback({ authResponse: made, status: told.status });
  }

  async function logout(callback) {
    await ask("/x/oauth/logout");
    keep(null);
    if (callback) callback({ authResponse: null, status: "unknown" });
  }

  // FB.api(path, [method], [params], callback)
  async function api(path, ...more) {
    const callback = more.find((one) => typeof one === "function");
    const method = more.find((one) => typeof one === "string") || "get";
    const params = more.find((one) => typeof one === "object") || {};
    const query = new URLSearchParams({ ...params, method });
    if (session && !query.has("access_token")) query.set("access_token", session.accessToken);
    const answer = await fetch(`${base}/${settled().version}/${path.replace(/^\//, "")}?${query}`);
    const told = await answer.json();
    if (callback) callback(told);
  }

  window.FB = {
    init(given) {
      if (!given.appId || !given.version) throw new Error("FB.init needs appId and version.");
      settings = given;
      if (given.status) getLoginStatus(() => {});
    },
    login,
    logout,
    getLoginStatus,
    api,
    getAuthResponse: () => session,
    getAccessToken: () => session && session.accessToken,
    getUserID: () => session && session.userID,
    XFBML: { parse() {} },
    AppEvents: { logPageView() {} },
  };
  if (window.fbAsyncInit) setTimeout(() => window.fbAsyncInit());
})();
