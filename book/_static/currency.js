// Says what has become due since the page was made, by the reader's own clock. Asks nobody.
(function () {
  "use strict";
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  const today = now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
  const start = () => document.querySelectorAll("[data-next-due]").forEach((day) => {
    if (today <= day.dataset.nextDue) return;
    const word = document.createElement("strong");
    word.className = "lm-overdue";
    word.textContent = day.dataset.overdue;
    day.after(" ", word);
  });
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
