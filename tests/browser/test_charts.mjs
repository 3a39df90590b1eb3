// Charts of any series: chosen by name or pattern, from an alert or an event, kept in the address.
import assert from 'node:assert/strict';
import { browserTest, card, eventually, param, ready } from './harness.mjs';

const config = 'self_interval: 1s\nsystem: {enabled: false}\nalerts:\n  - {name: full, series: "app.disk{*}", above: 90, severity: critical}\n  - {name: long, series: app.queue, above: 1e9}\n';

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
	'limits of rules, and the events about a series alone, stand on its chart': async (t) => {
		await feed(t.daemon);
		await push(t.daemon, [{ series: 'app.disk{m=/srv}', v: 97 }]);
		await eventually('the alert', async () => (await (await fetch(`${t.daemon.url}/api/events?kind=alert&subject=app.*`)).json()).events.length === 1);
		await open(t, '?last=15m&chart=app.disk{*}&chart=app.queue');
		await t.page.locator('#charts').scrollIntoViewIfNeeded();
		const said = (title) => card(t.page, title).locator('.plot').getAttribute('aria-label');
		await eventually('limit and events', async () => /Limits: full at 90\. 2 events, the last at [\d:]+: full: app\.disk\{m=\/srv\} is 97, above 90\./.test(await said('app.disk{*}')));
		assert.match(await said('app.queue'), /Limits: long at 1 G\. 1 event, the last at [\d:]+: auspex .* started\./);
	},
	'charts in sight ask together, and of a range that goes on only for its end': async (t) => {
		await eventually('samples', async () => (await (await fetch(`${t.daemon.url}/api/series/query?key=auspex.rss_bytes&start=-15m&step=1s`)).json()).points.length > 2);
		await open(t, '?last=1m');
		await t.page.locator('#daemon').scrollIntoViewIfNeeded();
		await eventually('charts', async () => (await t.page.locator('#daemon .plot[aria-label]').count()) > 5);
		const questions = () => t.record.requests.map((u) => new URL(u)).filter((u) => u.pathname === '/api/series/query' && u.searchParams.get('key').startsWith('auspex.'));
		const wide = (u) => (Date.parse(u.searchParams.get('end')) - Date.parse(u.searchParams.get('start'))) / 1000;
		assert.ok(questions().some((u) => u.searchParams.getAll('key').length > 8 && wide(u) >= 60), 'the whole range of many at once');
		t.record.requests.length = 0;
		await eventually('asked again', async () => questions().length >= 2);
		const again = questions().filter((u) => wide(u) < 20);
		assert.ok(again.length && again.every((u) => u.searchParams.getAll('key').length > 8), questions().map(String).join('\n'));
	},
	'a click keeps the moment on all charts and in the address, Escape lets it go': async (t) => {
		await feed(t.daemon);
		await open(t, '?last=15m&chart=app.disk{*}&chart=app.queue');
		await t.page.locator('#charts').scrollIntoViewIfNeeded();
		const plot = card(t.page, 'app.disk{*}').locator('.plot');
		await eventually('both charts', async () => (await t.page.locator('#charts .plot[aria-label]').count()) === 2);
		const box = await plot.boundingBox();
		await t.page.mouse.click(box.x + box.width * 0.6, box.y + 50);
		await t.page.mouse.move(5, 5);
		await eventually('it is in the address', async () => (await param(t.page, 'at')) !== null);
		assert.equal(await t.page.locator('#charts .cursor.pinned:visible').count(), 2);
		await t.page.reload();
		await ready(t.page);
		await t.page.locator('#charts').scrollIntoViewIfNeeded();
		await eventually('it is kept', async () => (await t.page.locator('#charts .cursor.pinned:visible').count()) === 2);
		await plot.focus();
		await t.page.keyboard.press('Escape');
		await eventually('it is let go', async () => (await param(t.page, 'at')) === null && (await t.page.locator('#charts .cursor:visible').count()) === 0);
		assert.deepEqual(t.record.errors, []);
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
