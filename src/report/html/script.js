'use strict';
// Hides what was not searched for. Everything is in the page before.
(() => {
  const byId = (id) => document.getElementById(id);
  const [controls, filter, failedOnly, found] =
    ['controls', 'part-filter', 'failed-only', 'found'].map(byId);
  const textOf = (element) => element.textContent.toLowerCase();
  let index = null;

  // The texts are collected when they are first needed: a page may have many rows.
  const parts = () => index ??= [...document.querySelectorAll('.part')].map((element) => ({
    element,
    file: element.closest('.file'),
    isFailed: element.dataset.outcome === 'failed',
    title: textOf(element.querySelector('summary')) + ' ' + textOf(element.closest('.file').querySelector('h3')),
    tables: [...element.querySelectorAll('table')].map((table) => ({
      table,
      heading: table.previousElementSibling,
      rows: [...table.tBodies[0].rows].map((row) => ({ row, text: textOf(row) })),
    })),
  }));

  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (text) => words.every((word) => text.includes(word));
    const shownFiles = new Set();
    let shown = 0;
    for (const part of parts()) {
      // A part whose title matches is shown whole, any other with the rows that match.
      const isWhole = matches(part.title);
      let count = 0;
      for (const { table, heading, rows } of part.tables) {
        const before = count;
        for (const { row, text } of rows) {
          row.hidden = !(isWhole || matches(text));
          count += row.hidden ? 0 : 1;
        }
        table.hidden = heading.hidden = count === before;
      }
      const isShown = (isWhole || count > 0) && (!failedOnly.checked || part.isFailed);
      part.element.hidden = !isShown;
      if (isShown) {
        shown += 1;
        shownFiles.add(part.file);
        if (words.length > 0 && !isWhole) part.element.open = true;
      }
    }
    for (const file of document.querySelectorAll('.file')) file.hidden = !shownFiles.has(file);
    const isAll = words.length === 0 && !failedOnly.checked;
    found.textContent = isAll ? '' : shown + ' of ' + parts().length + ' parts';
  };

  let timer = 0;
  filter.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  });
  failedOnly.addEventListener('change', apply);
  controls.addEventListener('submit', (event) => event.preventDefault());

  // A link to a part opens it, and shows it if it was hidden.
  const reveal = () => {
    const part = byId(decodeURIComponent(location.hash.slice(1)));
    if (!part?.matches('.part')) return;
    if (part.hidden) {
      filter.value = '';
      failedOnly.checked = false;
      apply();
    }
    part.open = true;
    part.scrollIntoView();
  };
  addEventListener('hashchange', reveal);

  // `/` goes to the filter, unless it is typed somewhere.
  addEventListener('keydown', (event) => {
    const isTyped = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox';
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyped || byId('report').hidden) return;
    event.preventDefault();
    filter.focus();
  });
  controls.hidden = false;
  reveal();
})();
