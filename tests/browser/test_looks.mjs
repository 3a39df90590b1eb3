// Both themes and three widths: nothing runs over the edge, and screenshots to look at in $MESON_BUILD_ROOT/screenshots.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { browserTest, cells, Daemon, eventually, failedRun, freePort, ready, run } from './harness.mjs';

const shots = path.join(process.env.MESON_BUILD_ROOT || fs.mkdtempSync(path.join(os.tmpdir(), 'auspex-shots-')), 'screenshots');
fs.mkdirSync(shots, { recursive: true });

const commands = ['curl -fsS https://api.example.com/v1/orders/sync?since=2026-11-20T00:00:00Z&page=7', 'make integration-test',
	'psql -c "select refresh()" warehouse', 'x'.repeat(400)];
const runs = commands.flatMap((c, i) => [run(c, { total_duration_seconds: 0.02 * i }), failedRun(c, i + 1, 12.5)]);

const widthOver = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b));

const cases = {};
for (const colorScheme of ['light', 'dark']) {
	for (const width of [1280, 768, 390]) {
		cases[`${colorScheme} at ${width}: fits`] = async ({ daemon, open }) => {
			await daemon.send(...runs);
			const { page, context, record } = await open({ colorScheme, viewport: { width, height: 900 } });
			await page.goto(daemon.url);
			await ready(page);
			await page.screenshot({ path: path.join(shots, `retry-${colorScheme}-${width}.png`), fullPage: true });
			assert.ok((await widthOver(page)) <= 0, 'wider than the window');
			assert.equal((await ground(page)) < 300, colorScheme === 'dark', 'ground of the theme');
			assert.equal((await cells(page, 'Recent Operations')).length, 8);
			assert.deepEqual(record.errors, []);
			await context.close();
		};
	}
}
for (const colorScheme of ['light', 'dark']) {
	for (const width of [1440, 768, 390]) {
		cases[`all sections, ${colorScheme} at ${width}: fit`] = async ({ open }) => {
			const daemon = await new Daemon(await freePort(), 'self_interval: 1s\nalerts:\n  - {name: hot, series: "app.t*", above: 10}\n').start();
			try {
				await daemon.send(...runs);
				const { page, context, record } = await open({ colorScheme, viewport: { width, height: 900 } });
				await page.goto(`${daemon.url}/?last=15m&chart=auspex.rss_bytes&chart=retry.*`);
				await ready(page);
				for (const id of ['timeline', 'charts', 'daemon']) await page.locator(`#${id}`).scrollIntoViewIfNeeded();
				await eventually('charts are drawn', async () => (await page.locator('#daemon .plot[aria-label]').count()) > 2);
				await page.screenshot({ path: path.join(shots, `all-${colorScheme}-${width}.png`), fullPage: true });
				assert.ok((await widthOver(page)) <= 0, 'wider than the window');
				assert.deepEqual(record.errors, []);
				await context.close();
			} finally {
				await daemon.stop();
			}
		};
	}
}
cases['the theme follows the system while the page is open'] = async ({ daemon, page }) => {
	await page.goto(daemon.url);
	await ready(page);
	const light = await ground(page);
	await page.emulateMedia({ colorScheme: 'dark' });
	assert.ok((await ground(page)) < light);
};
cases['the keyboard reaches the content, and focus is seen'] = async ({ daemon, page }) => {
	await page.goto(daemon.url);
	await ready(page);
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
	assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
};
cases['a screen reader finds landmarks, a status and tables with headings'] = async ({ daemon, page }) => {
	await daemon.send(run('a'));
	await page.setViewportSize({ width: 390, height: 800 });
	await page.goto(daemon.url);
	await ready(page);
	for (const role of ['banner', 'main', 'contentinfo', 'status']) assert.equal(await page.getByRole(role).count(), 1, role);
	const region = page.getByRole('region', { name: 'Recent Operations' });
	assert.equal(await region.getByRole('columnheader').count(), 5);
	assert.equal(await region.getByRole('cell', { name: '✓ Success' }).count(), 1);
};
await browserTest(cases);
