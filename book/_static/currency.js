// Says what has become due since the page was made, by the reader's own clock. Asks nobody.
(function () {
  "use strict";
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  const today = now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
  const add = (day, text) => {
    const word = document.createElement("strong");
    word.className = "lm-overdue";
    word.textContent = text;
    day.after(" ", word);
  };
  const start = () => {
    document.querySelectorAll("[data-next-due]").forEach((day) => {
      if (today > day.dataset.nextDue) add(day, "overdue");
    });
    document.querySelectorAll("[data-due-from]").forEach((day) => {
      if (today >= day.dataset.dueFrom) add(day, "due now");
    });
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
