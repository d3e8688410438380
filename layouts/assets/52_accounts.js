// The administrator's form and buttons: small JSON posts that answer with what was wrong, if anything was.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const FIELDS = [["name", "Name", "text"], ["login", "Login", "text"], ["password", "Password (10 characters or more)", "password"],
    ["actor", "Person (e-mail address, for reps)", "text"], ["teams", "Teams of a manager (commas; empty: every team)", "text"]];

  async function send(fields) {
    const answer = await fetch("/accounts", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });
    const told = await answer.json().catch(() => ({ error: "the server did not answer" }));
    if (!answer.ok) throw new Error(told.error);
  }
  fv.post = (el) => send(JSON.parse(el.dataset.fields)).catch((error) => { el.title = error.message; });
  fv.accountForm = function (slot) {
    const form = document.createElement("form");
    form.className = "form";
    for (const [name, title, type] of FIELDS) {
      form.insertAdjacentHTML("beforeend", `<label for="new-${name}">${title}</label><input id="new-${name}" name="${name}" type="${type}" autocomplete="${type === "password" ? "new-password" : "off"}" maxlength="120">`);
    }
    form.insertAdjacentHTML("beforeend", '<label for="new-role">Role</label><select id="new-role" name="role"><option>manager<option>officer<option>rep<option>administrator</select><button>Add account</button><p class="said" role="status"></p>');
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      const said = form.querySelector(".said");
      try {
        await send({ action: "add", ...Object.fromEntries(new FormData(form)) });
        form.reset();
        said.textContent = "Added.";
      } catch (error) { said.textContent = error.message; }
    });
    slot.append(form);
  };
})();
