// Looks at the console with Chromium: `console.js RECIPACK PLATFORM [PICTURES]`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { resolve } from "node:path";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [recipack, platform, pictures] = process.argv.slice(2).map((path) => path && resolve(path));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const began = Date.now();
const told = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${what}`);

const launched = (rules) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", ...rules],
  });

/** A console on a platform of its own. */
async function started(name, options = [], cwd = ".") {
  const own = resolve(`${name}.db`);
  copyFileSync(platform, own);
  const env = { ...process.env, RECIPACK_PLATFORM: own };
  const child = spawn(recipack, ["console", "--in", "local:tarnbeck", ...options], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const url = line.replace("the console is at ", "");
  const json = (...words) =>
    JSON.parse(execFileSync(recipack, [...words, "--json"], { cwd, env, stdio: ["ignore", "pipe", "ignore"] }));
  return {
    url,
    json,
    origin: new URL(url).origin,
    /** How the connector is shared, as the command line tells it. */
    shared: () => {
      const { connector } = json("catalog", "show", "Parcel Tracker", "--in", "local:tarnbeck");
      return connector.shared === null ? "not shared" : `${connector.shared} ${connector.visibility}`;
    },
    running: (customer) => json("recipe", "list", "--running", "--in", `local:${customer}`).recipes.length,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.equal((await ended)[0], 143);
    },
  };
}

/** What axe and the width of the page say, narrow and wide, light and dark. */
async function looked(page, name, picture) {
  for (const width of [320, 640, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const wide = over > 0 ? await page.evaluate(() => [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(-3).map((one) => one.outerHTML.slice(0, 200)).join("\n")) : "";
    assert.ok(over <= 0, `${name}: ${over} px too wide at ${width}: ${wide}`);
    for (const colorScheme of width === 640 ? ["light"] : ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { violations, passes } = await page.evaluate(async (source) => {
        if (!window.axe) window.eval(source);
        const { violations, passes } = await window.axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        });
        const told = ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" | ")}`;
        return { violations: violations.map(told), passes: passes.length };
      }, axe);
      assert.deepEqual(violations, [], `${name} at ${width}, ${colorScheme}`);
      assert.ok(passes > 20, `axe looked at next to nothing on ${name}`);
      if (pictures && picture?.[0] === width && picture[1] === colorScheme) {
        await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: picture[2] ?? false });
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** The story of a shared connector. `hand` does what a person does; `see` looks at each page. */
async function story(served, page, hand, see) {
  const heading = async (text) =>
    assert.equal(await page.locator("h1").innerText(), text);
  await heading("Shared connectors");
  await see("connectors", [1280, "light"]);

  await hand.press("Look at the update of Parcel Tracker");
  await heading("Update Parcel Tracker to v2?");
  await see("update", [1280, "dark", true]);
  await hand.tick("4 running recipes may run another version from then on");
  await hand.press("Update it");
  await heading("Customers run v2 of Parcel Tracker");
  await see("updated");
  assert.equal(served.shared(), "2 open");

  await hand.press("Parcel Tracker");
  await see("connector", [1280, "light", true]);
  await hand.press("Switch version");
  await see("switch");
  await hand.press("Look at what it means");
  await heading("Switch Parcel Tracker to v1?");
  await hand.tick("4 running recipes may run another version from then on");
  await hand.press("Switch it");
  assert.equal(served.shared(), "1 open");

  await hand.press("Parcel Tracker");
  await hand.press("Remove");
  await heading("Share Parcel Tracker no longer?");
  await see("refused", [320, "light"]);
  for (const [customer, left] of [["alder", 2], ["birch", 0]]) {
    await hand.press("Show the running recipes");
    await see(`running-${left}`);
    await hand.press(`Stop those of local:${customer}`);
    await see(`stop-${left}`);
    await hand.press("Stop 2 recipes");
    assert.equal(served.running("alder") + served.running("birch"), left);
    await hand.press("Parcel Tracker");
    await hand.press("Remove");
  }
  await see("remove", [1280, "light"]);
  await hand.type("Type the title to remove the connector", "parcel tracker");
  await hand.press("Remove it");
  await see("other-title");
  assert.equal(served.shared(), "1 open");
  await hand.type("Type the title to remove the connector", "Parcel Tracker");
  await hand.press("Remove it");
  await heading("Parcel Tracker is shared no longer");
  assert.equal(served.shared(), "not shared");

  await hand.press("Parcel Tracker");
  await hand.press("Share with customers");
  await see("share", [1280, "light"]);
  await hand.press("Look at what it means");
  await heading("Share v2 of Parcel Tracker with customers?");
  await see("look");
  await hand.press("Share it");
  await see("shared");
  assert.equal(served.shared(), "2 open");
}

/** A package for customers, from the boxes to the file. */
async function packed(served, page, hand, see) {
  const rules = (document) => document.connectors.map(({ connector, rule }) => `${connector}: ${rule}`);
  const decided = () => rules(served.json("export", "--to", "customers", "--list"));
  const unticked = decided();
  assert.ok(unticked.includes("Parcel Tracker: shared-left-out"), unticked);
  await page.goto(`${served.origin}/package`);
  await see("package");
  await hand.press("customers");
  await see("target");
  await hand.press("Choose connectors");
  const box = page.getByRole("checkbox", { name: "Parcel Tracker" });
  assert.equal(await box.isChecked(), false, "customers have it");
  await see("unticked", [1280, "light"]);
  await hand.tick("Parcel Tracker");
  await hand.press("Look at the change");
  await see("against", [1280, "dark", true]);
  assert.match(await page.locator("main").innerText(), /customers would have Parcel Tracker twice/);
  await hand.press("Save the manifest");
  await see("saved");
  assert.ok(decided().includes("Parcel Tracker: shared-included"));
  await hand.press("Back to customers");
  await hand.press("Choose connectors");
  await hand.tick("Parcel Tracker", false);
  await hand.press("Look at the change");
  await hand.press("Save the manifest");
  assert.deepEqual(decided(), unticked);
  await hand.press("Package");
  await hand.press("Choose what it takes");
  await see("assets");
  await hand.press("Cancel");
  await hand.press("customers");
  await hand.press("Make the package");
  await see("made");
  assert.equal(await page.locator("h1").innerText(), "The package for customers is made");
  served.json("export", "--to", "customers", "-o", "same.zip");
  assert.deepEqual(readFileSync("project/kestrel-orders-customers.zip"), readFileSync("project/same.zip"));
}

/** That package goes to two customers. */
async function imported(served, page, hand, see) {
  for (const customer of ["alder", "birch"]) {
    const address = `local:${customer}`;
    const before = served.json("history", address).revisions.length;
    await page.goto(`${served.origin}/import`);
    await see(`import-${customer}`);
    await page.locator("#package").selectOption("kestrel-orders-customers.zip");
    await hand.type("Workspace", address);
    await hand.type("Folder", "Second");
    await hand.press("Look at what it would do");
    assert.equal(await page.locator("h1").innerText(), `Import kestrel-orders-customers.zip into ${address}?`);
    await see(customer === "alder" ? "plan" : "plan-again", customer === "alder" && [1280, "light"]);
    for (const box of await page.locator("main input[type=checkbox]").all()) await box.check();
    await hand.press("Import it");
    await page.locator("h1", { hasText: `Imported into ${address}` }).waitFor();
    await see(`imported-${customer}`);
    const { revisions } = served.json("history", address);
    assert.equal(revisions.length, before + 1);
  }
}

const byClicks = (page) => ({
  press: (text) => page.locator("main :is(a, button)").filter({ hasText: new RegExp(`^${text}$`) }).last().click({ timeout: 5000 }),
  tick: (text, ticked = true) => page.locator(`label:has-text("${text}") input`).setChecked(ticked),
  type: (text, what) => page.getByLabel(text).fill(what),
});

/** Nothing but keys: Tab until the thing has the focus, which is to be seen. */
const byKeys = (page) => {
  const reach = async (tag, text) => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate(() => {
        const at = document.activeElement;
        const words = at.labels?.[0]?.innerText ?? at.innerText;
        const main = at.closest("main") !== null;
        return { tag: at.tagName, words: words?.trim(), main, outline: getComputedStyle(at).outlineStyle };
      });
      if (found.main && found.words?.startsWith(text) && tag.includes(found.tag)) {
        // A crumb and a button may have the same words; the first is as good.
        assert.notEqual(found.outline, "none", `the focus is not seen on ${text}`);
        return;
      }
    }
    assert.fail(`Tab does not lead to ${text}`);
  };
  const away = async (key) => {
    await Promise.all([page.waitForEvent("load"), page.keyboard.press(key)]);
  };
  return {
    press: async (text) => {
      await reach(["A", "BUTTON"], text);
      await away("Enter");
    },
    tick: async (text) => {
      await reach(["INPUT"], text);
      await page.keyboard.press("Space");
    },
    type: async (text, what) => {
      await reach(["INPUT"], text);
      await page.keyboard.type(what);
    },
  };
};

const browser = await launched([]);

{
  const served = await started("without");
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(served.url);
  await story(served, page, byClicks(page), async () => {});
  await served.stop();
  const project = await started("package", [], "project");
  await page.goto(project.url);
  await packed(project, page, byClicks(page), async () => {});
  await imported(project, page, byClicks(page), async () => {});
  await project.stop();
  told("both stories without JavaScript");
}

{
  const served = await started("with");
  const context = await browser.newContext({ deviceScaleFactor: 1 });
  const page = await context.newPage();
  const noise = [];
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== served.origin) noise.push(request.url());
  });
  await page.goto(served.url);
  let pages = 0;
  const see = async (name, picture) => {
    pages += 1;
    await looked(page, name, picture);
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  await story(served, page, byClicks(page), see);
  // What went wrong in a form is answered with its status, which Chromium notes.
  assert.deepEqual(noise.filter((line) => !line.includes("422 (Unprocessable")), []);

  // The page before, and a tab whose plan is not what is there any more.
  await page.goto(`${served.origin}/`);
  await page.locator('main a:text-is("Switch")').click();
  await page.locator("button:text-is('Look at what it means')").click();
  const other = await context.newPage();
  await other.goto(page.url());
  for (const [tab, wanted] of [[page, 200], [other, 409]]) {
    const box = tab.locator("input[type=checkbox]");
    if (await box.count()) await box.check();
    const [answer] = await Promise.all([
      tab.waitForResponse((response) => response.request().method() === "GET" || response.status() === 409),
      tab.locator("main form button").click(),
    ]);
    assert.equal(answer.status(), wanted);
  }
  await looked(other, "stale");
  assert.equal(served.shared(), "1 open");
  await page.goBack();
  assert.equal(await page.locator("h1").innerText(), "Switch Parcel Tracker to v1?");
  await served.stop();
  const project = await started("package-with", [], "project");
  await page.goto(project.url);
  await packed(project, page, byClicks(page), see);
  await imported(project, page, byClicks(page), see);
  await project.stop();
  told(`both stories with JavaScript, ${pages} pages looked at with axe-core`);
}

{
  const served = await started("keys");
  const page = await (await browser.newContext()).newPage();
  await page.goto(served.url);
  await story(served, page, byKeys(page), async () => {});
  await served.stop();
  const project = await started("package-keys", [], "project");
  await page.goto(project.url);
  await packed(project, page, byKeys(page), async () => {});
  await imported(project, page, byKeys(page), async () => {});
  await project.stop();
  told("both stories by keys");
}
await browser.close();

{
  // A page of another site, and another name for this machine.
  const served = await started("attacked");
  const { port } = new URL(served.url);
  const evil = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<iframe src="${served.origin}/"></iframe>
      <form method="post" action="${served.origin}${path}"><input name="plan" value="x"><button>go</button></form>`);
  });
  evil.listen(0, "127.0.0.1");
  await once(evil, "listening");
  let path = "/";
  const attacked = await launched([`--host-resolver-rules=MAP *.example 127.0.0.1`]);
  const context = await attacked.newContext();
  const own = await context.newPage();
  await own.goto(served.url);
  path = `${new URL(await own.locator('main a:text-is("Update")').evaluate((link) => link.href)).pathname}`;

  const rebound = await context.newPage();
  const answer = await rebound.goto(`http://evil.example:${port}/`);
  assert.equal(answer.status(), 421);

  for (const host of ["evil.example", "127.0.0.1"]) {
    const page = await context.newPage();
    const refused = [];
    page.on("console", (message) => refused.push(message.text()));
    await page.goto(`http://${host}:${evil.address().port}/`);
    const framed = await page.frames()[1].locator("body").innerText().catch(() => "");
    assert.ok(!framed.includes("Parcel Tracker"), "it can be framed");
    assert.ok(refused.some((line) => line.includes("frame")), refused.join("\n"));
    const [posted] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === "POST"),
      page.locator("button").click(),
    ]);
    assert.equal(posted.status(), 403);
  }
  assert.equal(served.shared(), "1 open");
  await attacked.close();
  evil.close();
  evil.closeAllConnections();
  await served.stop();
  told("pages of other sites get nothing");
}
