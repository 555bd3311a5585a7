// Leads from each page to the same page of other versions, where the site is published among them.
// Frozen pages keep this script for ever: it reads no more of versions.json than it needs.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.content_root || "./";
  const FRONT = "book/index.html";
  const root = new URL(ROOT, location.href);
  const folder = root.pathname.split("/").filter(Boolean).pop() || "";
  // Elsewhere there is no list, and asking for one would be an error in the console.
  if (!/^https?:$/.test(location.protocol) || !/^(latest|dev|v\d{4}\.\d{2}\.\d+)$/.test(folder)) return;

  const page = (() => {
    const name = decodeURI(location.pathname.slice(root.pathname.length));
    return name.endsWith("/") ? name + "index.html" : name || FRONT;
  })();

  const make = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  // Links to the same page elsewhere keep the place on it, also when that changes.
  const links = [];
  const aim = () => links.forEach(([link, target, same]) => {
    link.href = target + (same ? location.hash : "");
  });
  const linkTo = (there, into, text) => {
    const same = (there.pages || []).includes(page);
    const link = make("a", {}, text);
    links.push([link, new URL("../" + into + "/" + (same ? page : FRONT), root).href, same]);
    return { link, same };
  };

  const entry = (there, into, name, note, isHere) => {
    const { link, same } = linkTo(there, into, make("span", { className: "lm-version-name" }, name));
    const notes = [note, isHere || same ? "" : "without this page"].filter(Boolean).join(" · ");
    link.append(make("span", { className: "lm-version-note" }, notes));
    if (isHere) link.setAttribute("aria-current", "true");
    return make("li", {}, link);
  };

  const closeable = (menu) => {
    const summary = menu.querySelector("summary");
    addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      summary.focus();
    });
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
    return menu;
  };

  const switcher = (all, newest, here) => {
    const place = document.querySelector(".lm-version");
    if (!place) return;
    const items = all.versions.map((one) => entry(
      one, one === newest ? "latest" : one.folder, one.version,
      [one === newest ? "newest" : "", one.date].filter(Boolean).join(" · "), one === here));
    if (all.dev) items.push(entry(
      all.dev, all.dev.folder, "unreleased",
      [all.dev.date, all.dev.commit && "commit " + all.dev.commit].filter(Boolean).join(" · "), all.dev === here));
    const list = make("ul", {}, ...items);
    const summary = make("summary", {}, make("span", { className: "lm-version-label" }, "Version "),
      here === all.dev ? "unreleased" : here.version);
    const nav = make("nav", {}, closeable(make("details", {}, summary, list)));
    nav.setAttribute("aria-label", "Version");
    place.replaceChildren(nav);
  };

  const banner = (newest, here) => {
    const article = document.querySelector("article.bd-article, .bd-search-container");
    if (!article || !newest || here === newest) return;
    const isDev = here.folder === "dev";
    const what = isDev ? "an unreleased version" : "version " + here.version;
    const { link, same } = linkTo(newest, "latest", "");
    link.textContent = same ? "Read this page in the newest version" : "Go to the newest version, which lacks this page";
    const text = `This is ${what}. The newest ${isDev ? "release " : ""}is ${newest.version}, of `;
    const day = make("span", { className: "lm-nowrap" }, newest.date);
    const box = make("aside", { className: "lm-outdated" }, make("p", {}, text, day, ". ", link, "."));
    box.setAttribute("aria-label", "Outdated version");
    article.prepend(box);
  };

  const show = (all) => {
    const newest = all.versions.find((one) => one.is_latest);
    const here = folder === "latest" ? newest : [...all.versions, all.dev].find((one) => one && one.folder === folder);
    if (!here) return;
    switcher(all, newest, here);
    banner(newest, here);
    aim();
    addEventListener("hashchange", aim);
  };

  fetch(new URL("../versions.json", root), { cache: "no-cache" })
    .then((answer) => answer.ok ? answer.json() : null)
    .then((all) => { if (all) show(all); })
    .catch(() => {});
})();
