// The range of time: in the address, by buttons, by dragging on a chart, and back again; cursors of all charts in step.
import assert from 'node:assert/strict';
import { browserTest, eventually, param, ready, run } from './harness.mjs';

const config = 'self_interval: 1s\n';
const pressed = (page) => page.locator('.range button[aria-pressed=true]').allTextContents();

async function open({ daemon, page }, query) {
	await page.goto(`${daemon.url}/${query || ''}`);
	await ready(page);
}
/** Until the first chart has a line. */
async function charted(page) {
	await page.locator('#daemon').scrollIntoViewIfNeeded();
	await eventually('charts are drawn', async () => (await page.locator('#daemon .plot[aria-label]').count()) > 5);
}

await browserTest({
	'a choice goes into the address, and back takes it out': async (t) => {
		await open(t);
		assert.deepEqual(await pressed(t.page), ['1h']);
		await t.page.getByRole('button', { name: 'Last 24h' }).click();
		assert.equal(await param(t.page, 'last'), '24h');
		assert.deepEqual(await pressed(t.page), ['24h']);
		await t.page.goBack();
		await eventually('1h is chosen again', async () => (await pressed(t.page))[0] === '1h');
		assert.equal(await param(t.page, 'last'), null);
	},
	'an address opens the range it names': async (t) => {
		await open(t, '?from=2026-11-20T10:00:00Z&to=2026-11-20T11:00:00Z');
		assert.deepEqual(await pressed(t.page), []);
		assert.equal(await t.page.locator('.range-more summary').textContent(), '20 Nov 10:00 – 11:00');
		await t.page.getByText('No runs: 20 Nov 10:00 – 11:00.').waitFor();
		await t.page.getByText('No events: 20 Nov 10:00 – 11:00.').waitFor();
	},
	'nonsense in the address is the default': async (t) => {
		for (const query of ['?last=99y', '?from=x&to=y', '?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z']) {
			await open(t, query);
			assert.deepEqual(await pressed(t.page), ['1h'], query);
		}
		assert.deepEqual(t.record.errors, []);
	},
	'own times, earlier, later, out and in': async (t) => {
		await open(t);
		await t.page.locator('.range-more summary').click();
		await t.page.getByLabel('From', { exact: true }).fill('2026-11-20T10:00');
		await t.page.getByLabel('To', { exact: true }).fill('2026-11-20T12:00');
		await t.page.getByRole('button', { name: 'Show', exact: true }).click();
		assert.equal(await param(t.page, 'from'), '2026-11-20T10:00:00.000Z');
		await t.page.getByRole('button', { name: 'Earlier' }).click();
		assert.equal(await param(t.page, 'from'), '2026-11-20T09:00:00.000Z');
		await t.page.getByRole('button', { name: 'Later' }).click();
		await t.page.getByRole('button', { name: 'Zoom out' }).click();
		assert.deepEqual([await param(t.page, 'from'), await param(t.page, 'to')], ['2026-11-20T09:00:00.000Z', '2026-11-20T13:00:00.000Z']);
		await t.page.getByRole('button', { name: 'Zoom in' }).click();
		assert.equal(await param(t.page, 'to'), '2026-11-20T12:00:00.000Z');
	},
	'dragging on a chart zooms all of them, a double click goes back': async (t) => {
		await open(t, '?last=15m');
		await charted(t.page);
		const plot = t.page.locator('#daemon .plot').first();
		const box = await plot.boundingBox();
		await t.page.mouse.move(box.x + box.width * 0.5, box.y + 40);
		await t.page.mouse.down();
		await t.page.mouse.move(box.x + box.width - 3, box.y + 50, { steps: 5 });
		await t.page.mouse.up();
		await eventually('a range is chosen', async () => (await param(t.page, 'from')) !== null);
		const width = Date.parse(await param(t.page, 'to')) - Date.parse(await param(t.page, 'from'));
		assert.ok(width > 5 * 60e3 && width < 11 * 60e3, `${width} ms of 15 minutes`);
		await plot.dblclick({ position: { x: box.width * 0.5, y: 50 } });
		await eventually('the default is back', async () => (await param(t.page, 'from')) === null);
	},
	'the selector shows the range, and moves, stretches and draws it': async (t) => {
		await open(t, '?last=24h');
		const strip = await t.page.locator('.selector').boundingBox(), chosen = t.page.getByRole('slider', { name: 'Range of time' });
		const share = async () => { const b = await chosen.boundingBox(); return [b.x - strip.x, b.x + b.width - strip.x].map((x) => Math.round((x / strip.width) * 100)); };
		const drag = async (from, to) => {
			await t.page.mouse.move(strip.x + strip.width * from, strip.y + 20);
			await t.page.mouse.down();
			await t.page.mouse.move(strip.x + strip.width * to, strip.y + 20, { steps: 5 });
			await t.page.mouse.up();
		};
		const days = async () => (Date.parse(await param(t.page, 'to')) - Date.parse(await param(t.page, 'from'))) / 86400e3;
		assert.deepEqual(await share(), [86, 100]); // a day of seven
		await drag(0.95, 0.5);
		await eventually('a range of its own', async () => (await param(t.page, 'from')) !== null);
		assert.ok(Math.abs((await days()) - 1) < 0.05, 'moved, not stretched');
		await eventually('the frame is there', async () => Math.abs((await share())[0] - 41) <= 1);
		await drag((await share())[0] / 100, 0.1);
		await eventually('stretched to the left', async () => Math.abs((await days()) - 3.2) < 0.2);
		await drag(0.8, 0.9);
		await eventually('drawn anew', async () => Math.abs((await days()) - 0.7) < 0.1);
		await drag(0.85, 1);
		await eventually('at the end it is live again', async () => (await param(t.page, 'last')) !== null && (await param(t.page, 'from')) === null);
		await chosen.focus();
		await t.page.keyboard.press('ArrowLeft');
		await eventually('moved by key', async () => (await param(t.page, 'from')) !== null);
		assert.match(await chosen.getAttribute('aria-valuetext'), /–/);
		assert.deepEqual(t.record.errors, []);
	},
	'the cursors of all charts move together, by mouse and by key': async (t) => {
		await open(t, '?last=15m');
		await charted(t.page);
		await eventually('samples', async () => (await (await fetch(`${t.daemon.url}/api/series/query?key=auspex.rss_bytes&start=-15m&step=1s`)).json()).points.length > 6);
		await t.page.reload();
		await ready(t.page);
		await charted(t.page);
		const readouts = () => t.page.locator('#daemon .readout').evaluateAll((all) => all.map((e) => e.textContent.slice(0, 8)));
		const plot = t.page.locator('#daemon .plot').first();
		await plot.focus();
		await t.page.keyboard.press('ArrowLeft');
		await eventually('all tell the same time', async () => {
			const times = (await readouts()).filter(Boolean);
			return times.length > 5 && new Set(times).size <= 2 && /^\d\d:\d\d:\d\d$/.test(times[0]);
		});
		await t.page.keyboard.press('Escape');
		assert.equal((await readouts()).filter(Boolean).length, 0);
	},
	'a chart without samples says so, and events mark the others': async (t) => {
		await t.daemon.send(run('a'));
		await open(t, '?last=15m');
		await charted(t.page);
		const label = await t.page.locator('#daemon .plot').first().getAttribute('aria-label');
		assert.match(label, /^Memory: Resident [\d.]+ MB, Private [\d.]+ (MB|kB)\. 1 event, the last at [\d:]+: auspex .* started\. Arrow keys/);
		await open(t, '?from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00Z');
		await t.page.locator('#daemon').scrollIntoViewIfNeeded();
		await t.page.locator('#daemon').getByText('No samples in this range.').first().waitFor();
		assert.deepEqual(t.record.errors, []);
	},
	'the daemon says what is wrong with it, and the cure': async (t) => {
		await open(t);
		await t.page.locator('#daemon dd', { hasText: 'Well' }).waitFor();
	},
}, { config });
