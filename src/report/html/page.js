// What the page does besides being read: filter, sort, open what is linked to. Without it everything is there to read.
'use strict';
(() => {
  const PAGE = 40;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  const theme = $('#theme');
  const dark = () => {
    const chosen = document.documentElement.style.colorScheme;
    return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  };
  const nameTheme = () => { theme.textContent = dark() ? 'Light' : 'Dark'; };
  theme.hidden = false;
  theme.addEventListener('click', () => {
    document.documentElement.style.colorScheme = dark() ? 'light' : 'dark';
    nameTheme();
  });
  nameTheme();

  const list = $('#list');
  const form = $('#filters');
  const groups = list ? [...list.children].map((item) => ({ item, ...item.dataset })) : [];
  let shown = PAGE;

  const text = (group) => (group.text ??= group.item.textContent.toLowerCase());
  const matches = (group, wanted) =>
    (!wanted.unit || group.unit === wanted.unit) &&
    (!wanted.kind || group.kind === wanted.kind || group.kind === 'mixed') &&
    (!wanted.source || group.sources.includes(` ${wanted.source} `)) &&
    Number(group.copies) >= Number(wanted.copies) &&
    Number(group.least) <= Number(wanted.most) &&
    wanted.words.every((word) => text(group).includes(word));

  const descending = (name) => (a, b) => b[name] - a[name] || a.number - b.number;
  const ascending = (name) => (a, b) => a[name] - b[name] || a.number - b.number;
  const orders = {
    copies: descending('copies'), bytes: descending('bytes'), least: ascending('least'), number: ascending('number'),
  };

  const total = $('#status')?.textContent;
  const show = () => {
    const wanted = Object.fromEntries(new FormData(form));
    wanted.words = wanted.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = groups.filter((group) => matches(group, wanted)).sort(orders[wanted.sort]);
    const visible = new Set(found.slice(0, shown));
    for (const group of groups) group.item.hidden = !visible.has(group);
    list.append(...found.map((group) => group.item));
    $('#none').hidden = found.length > 0;
    const more = found.length - visible.size;
    $('#next').hidden = more <= 0;
    $('#next').textContent = `Show ${Math.min(more, PAGE)} more of ${more}`;
    $('#status').textContent = found.length === groups.length ? total : `${found.length} match. ${total}`;
  };
  const again = () => { shown = PAGE; show(); };

  const ofSource = (source) => {
    const choice = form?.elements.source;
    if (!choice || !$$('option', choice).some((option) => option.value === source)) return;
    form.reset();
    choice.value = source;
    again();
    choice.focus({ preventScroll: true });
    $('#groups').scrollIntoView();
  };

  // A link to a group opens it, wherever it is in the list.
  const openLinked = () => {
    const item = location.hash.startsWith('#group-') && document.getElementById(location.hash.slice(1));
    if (!item) return;
    item.hidden = false;
    $('details', item).open = true;
    item.scrollIntoView();
  };

  if (form) {
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', again);
    form.addEventListener('reset', () => setTimeout(again));
    $('#next').addEventListener('click', () => {
      const first = $$('.group:not([hidden])').length;
      shown += PAGE;
      show();
      $('summary', $$('.group:not([hidden])')[first])?.focus();
    });
    show();
    addEventListener('hashchange', openLinked);
    openLinked();
  }
  for (const link of $$('[data-source]')) link.addEventListener('click', () => ofSource(link.dataset.source));

  for (const head of $$('#table thead th')) {
    $('button', head).addEventListener('click', () => {
      const down = head.ariaSort ? head.ariaSort === 'ascending' : head.dataset.sort === 'number';
      for (const other of $$('#table thead th')) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const value = (row) => row.children[head.cellIndex].dataset.value;
      const order = head.dataset.sort === 'number' ? (a, b) => value(a) - value(b) : (a, b) => value(a).localeCompare(value(b));
      const body = $('#table tbody');
      body.append(...[...body.rows].sort((a, b) => (down ? order(b, a) : order(a, b))));
    });
  }

  // On paper there is nothing to click: what is listed is printed open, and folded again afterwards.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = $$('.card, .group:not([hidden]) > details').filter((fold) => !fold.open);
    for (const fold of folded) fold.open = true;
  });
  addEventListener('afterprint', () => { for (const fold of folded) fold.open = false; });
})();
