// Opens the HTML reports in the directory PAGES with the browser CHROMIUM, and uses them as a reader would.
//
// Run by `cargo test` (tests/suite/html.rs), which writes the pages, where a browser and the packages of package.json are
// installed. With SHOTS=directory it leaves pictures of the pages there.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const { PAGES, CHROMIUM, SHOTS } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const quiet = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];
const desktop = { width: 1280, height: 900 };
const phone = { width: 375, height: 740 };
const names = readdirSync(PAGES).filter((name) => name.endsWith('.html')).sort();

let browser;
before(async () => { browser = await chromium.launch({ executablePath: CHROMIUM, args: quiet }); });
after(() => browser.close());

/** Opens a page, lets `use` do something with it, and checks that it kept quiet and to itself. */
async function open(name, options, use) {
  const context = await browser.newContext({ viewport: desktop, ...options });
  const page = await context.newPage();
  const faults = [];
  const url = pathToFileURL(join(PAGES, name)).href;
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) faults.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await use(page);
  assert.deepEqual(faults, [], name);
  await context.close();
}

const shown = (page) => page.locator('.group:visible');
const status = (page) => page.locator('#status').textContent();
const choose = (page, name, value) => page.locator(`#filters [name=${name}]`).selectOption(value);
const data = (page, name) => shown(page).evaluateAll((items, key) => items.map((item) => item.dataset[key]), name);

async function shoot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

test('there are pages to open', () => {
  assert.deepEqual(names, ['check.html', 'empty.html', 'hostile.html', 'large.html', 'near.html', 'sample.html']);
});

test('the sample says what was found, and opens by keyboard', () => open('sample.html', {}, async (page) => {
  assert.match(await page.locator('h1').textContent(), /46\.2 % of this text has been said before/);
  assert.equal(await shown(page).count(), 4);
  const first = shown(page).first();
  assert.equal(await first.locator('.pairs').isVisible(), false);
  await first.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  assert.equal(await first.locator('.pairs').isVisible(), true);
  assert.match(await first.locator('.reason').textContent(), /Kept .*repeated-news\.txt:\d+ because it stands first in its document\./);
}));

test('groups are searched, filtered and sorted', () => open('near.html', {}, async (page) => {
  const all = await shown(page).count();
  assert.ok(all > 5);
  await page.getByLabel('Search').fill('harbour ESTUARY');
  assert.equal(await shown(page).count(), 1);
  assert.match(await status(page), /^1 match/);
  await page.getByLabel('Search').fill('not said anywhere');
  assert.equal(await shown(page).count(), 0);
  assert.equal(await page.locator('#none').isVisible(), true);
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.waitForFunction((count) => document.querySelectorAll('.group:not([hidden])').length === count, all);

  await choose(page, 'kind', 'near');
  assert.ok((await data(page, 'kind')).every((kind) => kind !== 'exact'));
  assert.ok((await shown(page).count()) < all);
  await choose(page, 'sort', 'least');
  const least = (await data(page, 'least')).map(Number);
  assert.deepEqual(least, least.toSorted((a, b) => a - b));
  await choose(page, 'most', '0.9');
  assert.ok((await data(page, 'least')).every((value) => Number(value) <= 0.9));

  await page.getByRole('button', { name: 'Clear' }).click();
  await choose(page, 'copies', '3');
  assert.ok((await data(page, 'copies')).every((copies) => Number(copies) >= 3));
  assert.ok((await shown(page).count()) > 0);
  await choose(page, 'unit', 'document');
  assert.ok((await data(page, 'unit')).every((unit) => unit === 'document'));
}));

test('differing words are marked on both sides, and what stands around is shown', () => open('near.html', {}, async (page) => {
  await page.getByLabel('Search').fill('estuary');
  const group = shown(page).first();
  await group.locator('summary').first().click();
  const pair = group.locator('.members > li').first();
  assert.deepEqual(await pair.locator('.side.kept mark:not(.form)').allTextContents(), ['harbour']);
  assert.deepEqual(await pair.locator('.side.gone mark:not(.form)').allTextContents(), ['estuary']);
  assert.ok((await pair.locator('.around').count()) > 0);
  await shoot(page, 'near-open');
}));

test('a source of the table leads to its groups, and the table is sorted', () => open('near.html', {}, async (page) => {
  const rows = page.locator('#table tbody tr');
  await page.locator('#table').getByRole('button', { name: /^source/ }).click();
  const paths = await rows.locator('th').allTextContents();
  assert.deepEqual(paths, paths.toSorted((a, b) => a.localeCompare(b)));
  assert.equal(await page.locator('#table th').first().getAttribute('aria-sort'), 'ascending');
  await page.locator('#table').getByRole('button', { name: /^read/ }).click();
  const read = await rows.locator('td:nth-child(3)').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.value)));
  assert.deepEqual(read, read.toSorted((a, b) => b - a));
  const link = page.locator('#table [data-source]').first();
  const source = await link.getAttribute('data-source');
  await link.click();
  assert.ok((await data(page, 'sources')).every((sources) => sources.includes(` ${source} `)));
  assert.equal(await page.locator('#filters [name=source]').inputValue(), source);
}));

test('a link to a group opens it', () => open('near.html', {}, async (page) => {
  await page.evaluate(() => { location.hash = '#group-3'; });
  await page.locator('#group-3 .reason').waitFor();
  assert.ok(await page.locator('#group-3').isVisible());
}));

test('an empty run says that there is nothing', () => open('empty.html', {}, async (page) => {
  assert.match(await page.locator('h1').textContent(), /Nothing here is said twice/);
  assert.equal(await page.locator('.group').count(), 0);
  assert.ok((await page.locator('.empty:visible').count()) >= 2);
}));

test('a failed check shows its gates', () => open('check.html', {}, async (page) => {
  assert.match(await page.locator('h1').textContent(), /^Failed\. /);
  assert.match(await page.locator('.gates').textContent(), /max-duplicated.*failed.*1 %/s);
}));

test('a large run is shown in part, and more on demand', () => open('large.html', {}, async (page) => {
  assert.ok(readFileSync(join(PAGES, 'large.html')).length < 5_000_000);
  const first = await shown(page).count();
  assert.equal(first, 40);
  await page.getByRole('button', { name: /^Show 40 more of/ }).click();
  assert.equal(await shown(page).count(), 80);
  assert.match(await status(page), /^\d+ of [\d,]+ groups are on this page/);
  assert.equal(await page.locator('.treemap').isVisible(), true);
}));

test('what the corpus says does nothing', () => open('hostile.html', {}, async (page) => {
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  const elements = await page.evaluate(() => ['script', 'img', 'iframe', 'object', 'style', 'base', 'form', 'link', 'meta']
    .map((name) => `${document.getElementsByTagName(name).length} ${name}`));
  assert.deepEqual(elements, ['1 script', '0 img', '0 iframe', '0 object', '1 style', '0 base', '1 form', '1 link', '5 meta']);
  const text = await page.evaluate(() => document.body.textContent);
  assert.match(text, /<script>window\.hacked = 1<\/script>/);
  assert.doesNotMatch(text, /[\0\u202a-\u202e\u2066-\u2069]/);
}));

test('the policy stops scripts and requests that would slip in', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  await page.goto(pathToFileURL(join(PAGES, 'sample.html')).href);
  page.on('requestfinished', (request) => requests.push(request.url()));
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.hacked = true';
    document.body.append(script);
    const image = document.createElement('img');
    image.src = 'http://127.0.0.1:9/x.png';
    image.setAttribute('onerror', 'window.hacked = true');
    document.body.append(image);
  });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(requests, []);
  await context.close();
});

test('printed, what is listed is open, and folded again afterwards', () => open('near.html', {}, async (page) => {
  const opened = () => page.locator('.group > details[open]').count();
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await opened(), await shown(page).count());
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await opened(), 0);
  const pdf = await page.pdf({ format: 'A4', ...(SHOTS && { path: join(SHOTS, 'near.pdf') }) });
  assert.ok(pdf.length > 10_000);
}));

test('without scripts everything is there to read', () => open('near.html', { javaScriptEnabled: false }, async (page) => {
  assert.ok((await shown(page).count()) > 5);
  assert.equal(await page.locator('#filters').isVisible(), false);
  await shown(page).first().locator('summary').first().click();
  assert.equal(await shown(page).first().locator('.pairs').first().isVisible(), true);
}));

for (const name of names) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${name} is accessible, ${colorScheme}`, () => open(name, { colorScheme, bypassCSP: true }, async (page) => {
      for (const fold of await page.locator('.card, .group:visible > details').all().then((folds) => folds.slice(0, 4))) {
        await fold.evaluate((details) => { details.open = true; });
      }
      await shoot(page, `${name.replace('.html', '')}-${colorScheme}`);
      // what is hidden has no faults, and a large page has much of it
      await page.evaluate(() => document.querySelectorAll('.group[hidden]').forEach((group) => group.remove()));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]), []);
    }));
  }
  test(`${name} fits a phone`, () => open(name, { viewport: phone, colorScheme: 'light' }, async (page) => {
    const group = shown(page).first();
    if (await group.count()) await group.locator('summary').first().click();
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(width <= phone.width, `${width} pixels wide`);
    await shoot(page, `${name.replace('.html', '')}-phone`);
  }));
}
