// Charts of any series: chosen by name or pattern, from an alert or an event, kept in the address.
import assert from 'node:assert/strict';
import { browserTest, card, eventually, param, ready } from './harness.mjs';

const config = 'self_interval: 1s\nalerts:\n  - {name: full, series: "app.disk{*}", above: 90, severity: critical}\n  - {name: long, series: app.queue, above: 1e9}\n';

async function push(daemon, samples) {
	const answer = await fetch(`${daemon.url}/api/push`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ samples }) });
	assert.equal((await answer.json()).accepted, samples.length);
}
/** Ten minutes of two disks and a queue. */
const feed = (daemon) => push(daemon, Array.from({ length: 10 }, (_, i) => Date.now() / 1000 - 600 + i * 60).flatMap((t, i) => [
	{ series: 'app.disk{m=/}', t, v: 50 + i }, { series: 'app.disk{m=/srv}', t, v: 80 + i }, { series: 'app.queue', t, v: 7 }]));

async function open({ daemon, page }, query) {
	await page.goto(`${daemon.url}/${query || ''}`);
	await ready(page);
}
const titles = (page) => page.locator('#charts .card.half h3').allTextContents();
const legend = (page, title) => card(page, title).locator('.key-item').allTextContents();

await browserTest({
	'a series is offered, chosen, kept in the address, and removed': async (t) => {
		await feed(t.daemon);
		await open(t, '?last=15m');
		await t.page.locator('#charts').getByRole('button', { name: 'app.queue' }).click();
		await eventually('its chart', async () => (await titles(t.page)).join() === 'app.queue');
		await eventually('its value', async () => (await legend(t.page, 'app.queue')).join() === 'Value7');
		assert.equal(await param(t.page, 'chart'), 'app.queue');
		await t.page.reload();
		await ready(t.page);
		await eventually('the same chart', async () => (await titles(t.page)).join() === 'app.queue');
		await t.page.getByRole('button', { name: 'Remove the chart of app.queue' }).click();
		assert.deepEqual([await titles(t.page), await param(t.page, 'chart')], [[], null]);
		assert.deepEqual(t.record.errors, []);
	},
	'a pattern is one chart with a line each': async (t) => {
		await feed(t.daemon);
		await open(t, '?last=15m');
		const input = t.page.getByLabel('Series (* stands for any characters)', { exact: true }).first();
		await input.fill('app.disk{*}');
		await input.press('Enter');
		await eventually('both lines', async () => (await legend(t.page, 'app.disk{*}')).join() === 'm=/59,m=/srv89');
		const label = await card(t.page, 'app.disk{*}').locator('.plot').getAttribute('aria-label');
		assert.match(label, /^app\.disk\{\*\}: m=\/ 59, m=\/srv 89\./);
	},
	'counters are shown per second, bytes as bytes': async (t) => {
		await open(t, '?last=15m&chart=auspex.http_requests&chart=auspex.rss_bytes');
		await t.page.locator('#charts').scrollIntoViewIfNeeded();
		await eventually('a rate', async () => /^Value[\d.]+\/s$/.test((await legend(t.page, 'auspex.http_requests')).join()));
		await eventually('a size', async () => /^Value[\d.]+ MB$/.test((await legend(t.page, 'auspex.rss_bytes')).join()));
	},
	'what nobody knows is said': async (t) => {
		await open(t, '?chart=no.such.series');
		await t.page.locator('#charts').scrollIntoViewIfNeeded();
		await card(t.page, 'no.such.series').getByText('No samples in this range.').waitFor();
		assert.deepEqual(t.record.errors, []);
	},
	'an alert and an event lead to the chart of what they are about': async (t) => {
		await feed(t.daemon);
		await push(t.daemon, [{ series: 'app.disk{m=/srv}', v: 97 }]);
		await open(t, '?last=15m');
		await card(t.page, 'Active Alerts').getByRole('link', { name: 'app.disk{m=/srv}' }).click();
		await eventually('the chart is in sight', async () => {
			const box = await card(t.page, 'app.disk{m=/srv}').boundingBox();
			return box && box.y > 0 && box.y < 900;
		});
		await t.page.getByRole('button', { name: /^Remove the chart/ }).click();
		await t.page.locator('.event', { hasText: 'is 97, above 90' }).click();
		await t.page.locator('.event-detail').getByRole('link', { name: 'app.disk{m=/srv}' }).click();
		await eventually('its chart again', async () => (await titles(t.page)).join() === 'app.disk{m=/srv}');
		await t.page.getByRole('button', { name: 'Show the time around it' }).click();
		await eventually('half an hour', async () => Date.parse(await param(t.page, 'to')) - Date.parse(await param(t.page, 'from')) === 30 * 60e3);
	},
	'the section that is read is marked in the bar, and an address leads to it': async (t) => {
		await open(t);
		const here = () => t.page.locator('nav [aria-current]').allTextContents();
		await eventually('the first', async () => (await here()).join() === 'Alerts');
		await t.page.getByRole('navigation').getByRole('link', { name: 'Timeline' }).click();
		await eventually('the third', async () => (await here()).join() === 'Timeline');
		await t.page.goto('about:blank');
		await open(t, '#charts');
		await eventually('the charts', async () => (await here()).join() === 'Charts');
	},
}, { config });
