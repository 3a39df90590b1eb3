// The host's section: figures, charts by area, cores, who it was now and then, and nothing of what the machine lacks.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { browserTest, card, Daemon, eventually, freePort, param, ready } from './harness.mjs';

const config = 'self_interval: 1s\nalerts:\n  - {name: hot, series: system.cpu.percent, above: 1e6}\n  - {name: busy mode, series: "system.cpu.mode{mode=user}", above: 95, severity: critical}\n';

async function open({ daemon, page }, query) {
	await page.goto(`${daemon.url}/${query || '?last=5m'}`);
	await ready(page);
	await page.locator('#system .tile').first().waitFor();
}
const tile = (page, title) => page.locator(`#system .tile:has(dt:text-is("${title}")) dd`).first().textContent();
const label = (page, title) => card(page, title).locator('.plot').first().getAttribute('aria-label');
const charted = (page, title) => eventually(`${title} is drawn`, async () => (await card(page, title).locator('.plot[aria-label]').count()) > 0);

await browserTest({
	'the figures follow the stream, without a question each': async (t) => {
		await open(t);
		await t.page.route('**/api/series/query?*', (route) => route.abort());
		const figures = () => t.page.locator('#system .tiles').textContent(), first = await figures();
		await eventually('another second is told', async () => (await figures()) !== first);
	},
	'the section comes first and tells the last second': async (t) => {
		await open(t);
		assert.equal(await t.page.locator('main .page:visible').first().getAttribute('id'), 'system');
		await eventually('a share of CPU', async () => /^[\d.]+ %$/.test(await tile(t.page, 'CPU')));
		assert.match(await tile(t.page, 'Load'), /^\d+\.\d\d$/);
		await charted(t.page, 'CPU Time');
		assert.match(await label(t.page, 'CPU Time'), /^CPU Time: User [\d.]+ %, .*Limits: busy mode at 95 %\./);
		await eventually('what it has', async () => /^\d+ cores?, [\d.]+ GB of memory$/.test(await t.page.locator('#system .lead').textContent()));
		assert.deepEqual(t.record.errors, []);
	},
	'each core has a row, told in words, too': async (t) => {
		await open(t);
		const strip = t.page.locator('.heat-plot');
		await strip.waitFor();
		await eventually('it is told', async () => /^Cores: \d+ cores?; busiest now core \d+ with \d+ %/.test(await strip.getAttribute('aria-label')));
		await strip.focus();
		await t.page.keyboard.press('ArrowDown');
		await eventually('a core is read', async () => /\d\d:\d\d:\d\d core 0 /.test(await t.page.locator('.card.inner .readout').textContent()));
	},
	'who uses most now, and who did at a moment that is looked at': async (t) => {
		await open(t);
		const rows = () => t.page.locator('.process-tables table').first().locator('tbody tr').count();
		await eventually('somebody', async () => (await rows()) > 0);
		const about = t.page.locator('.card.processes .about');
		assert.match(await about.textContent(), /^now, \d+ processes$/);
		await open(t, `?last=5m&at=${new Date(Date.now() - 120e3).toISOString()}`);
		await t.page.locator('.card.processes.past').waitFor();
		await t.page.getByText('Nobody was noted down at that time.').waitFor();
		await t.page.getByRole('button', { name: 'Back to now' }).first().click();
		await eventually('the present', async () => /^now, /.test(await about.textContent()) && (await param(t.page, 'at')) === null);
		assert.deepEqual(t.record.errors, []);
	},
	'dragging zooms all charts of the host, and a hover is read on all': async (t) => {
		await open(t);
		await charted(t.page, 'CPU Time');
		await charted(t.page, 'Load');
		const box = await card(t.page, 'CPU Time').locator('.plot').first().boundingBox();
		await t.page.mouse.move(box.x + box.width - 30, box.y + 60);
		await eventually('both tell the time', async () => (await t.page.locator('#system .cursor:visible').count()) >= 3);
		await t.page.mouse.down();
		await t.page.mouse.move(box.x + box.width / 2, box.y + 60, { steps: 4 });
		await t.page.mouse.up();
		await eventually('a range', async () => (await param(t.page, 'from')) !== null);
	},
	'odd names of processes and interfaces are text': async (t) => {
		const odd = '<img src=x onerror=document.title=1>';
		await t.page.route('**/api/system/processes?*', (route) => route.fulfill({ json: { t: Date.now() / 1000, source: 'now', total: 1, sort: 'cpu', processes: [{ pid: 1, name: odd, cpu_percent: 1, rss_bytes: 1, cmdline: `"${odd}` }] } }));
		await t.page.route('**/api/series?match=*', (route) => route.fulfill({ json: { series: ['system.network.rx_bytes', ...[odd, 'b', 'lo'].map((i) => `system.interface.rx_bytes{interface="${i}"}`)].map((key) => ({ key, t: Date.now() / 1000, v: 1 })) } }));
		await t.page.goto(`${t.daemon.url}/?last=5m`);
		await t.page.locator('.area-pick').getByText(odd, { exact: true }).waitFor();
		await t.page.locator('.who').getByText(odd, { exact: true }).first().waitFor();
		assert.equal(await t.page.locator('#system img').count(), 0);
	},
	'what the machine lacks is not shown, and without the host there is no section': async (t) => {
		await t.page.route('**/api/series?match=*', (route) => route.fulfill({ json: { series: [{ key: 'system.load1', t: Date.now() / 1000, v: 1 }] } }));
		await open(t);
		assert.deepEqual(await t.page.locator('#system .area:visible > summary h3').allTextContents(), ['Processor', 'Processes']);
		const bare = await new Daemon(await freePort(), 'system: {enabled: false}\n').start();
		try {
			const page = await t.context.newPage();
			await page.goto(bare.url);
			await ready(page);
			assert.equal(await page.locator('#system:visible, nav a[href="#system"]:visible').count(), 0);
		} finally {
			await bare.stop();
		}
	},
	'both themes fit a phone and a desk': async ({ daemon, open: openMore }) => {
		const shots = path.join(process.env.MESON_BUILD_ROOT || '/tmp', 'screenshots');
		fs.mkdirSync(shots, { recursive: true });
		for (const [colorScheme, width] of [['light', 390], ['dark', 390], ['light', 1280], ['dark', 1920]]) {
			const t = await openMore({ colorScheme, viewport: { width, height: 900 } });
			await open({ daemon, page: t.page });
			await eventually('cores', async () => /busiest/.test(await t.page.locator('.heat-plot').getAttribute('aria-label')));
			await t.page.screenshot({ path: path.join(shots, `system-${colorScheme}-${width}.png`) });
			assert.ok(await t.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${width} is too narrow`);
			assert.deepEqual(t.record.errors, []);
			await t.context.close();
		}
	},
}, { config });
