// A step that is pushed becomes a change on the timeline and a mark on the chart with its third point, while the page is looked at.
import assert from 'node:assert/strict';
import { browserTest, card, eventually, ready } from './harness.mjs';

const MINUTE = 60;
const SERIES = 'app.latency';

async function push(daemon, ...samples) {
	const answer = await fetch(`${daemon.url}/api/push`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ samples }) });
	assert.equal((await answer.json()).accepted, samples.length);
}
const changes = async (daemon) => (await (await fetch(`${daemon.url}/api/events?kind=change_point&subject=${SERIES}`)).json()).events;
const said = (page) => card(page, SERIES).locator('.plot').getAttribute('aria-label');
/** The newest stored value is v: all before it has been watched. */
const stored = (daemon, v) => eventually(`${v} is stored`, async () => {
	const { points } = await (await fetch(`${daemon.url}/api/series/query?key=${SERIES}&start=-1h&step=1s`)).json();
	return JSON.stringify(points[points.length - 1]).includes(String(v));
});

await browserTest({
	'a step of three points': async ({ daemon, page, record }) => {
		const begin = Math.floor(Date.now() / 1000) - 45 * MINUTE, at = (i) => begin + i * MINUTE;
		await push(daemon, ...Array.from({ length: 40 }, (_, i) => ({ series: SERIES, t: at(i), v: 10 + (i * 7 % 5) / 10 })));
		await page.goto(`${daemon.url}/?last=1h&chart=${SERIES}`);
		await ready(page);
		await page.locator('#charts').scrollIntoViewIfNeeded();
		await eventually('its chart', async () => /^app\.latency: /.test(await said(page)));
		await push(daemon, { series: SERIES, t: at(40), v: 50.25 }, { series: SERIES, t: at(41), v: 50.5 });
		await stored(daemon, 50.5);
		assert.deepEqual(await changes(daemon), [], 'two points are no step');
		assert.doesNotMatch(await said(page), /the mean is/);

		await push(daemon, { series: SERIES, t: at(42), v: 50 });
		await eventually('its event', async () => (await changes(daemon)).length === 1);
		const [event] = await changes(daemon);
		assert.equal(event.t, at(40));
		assert.match(event.title, /^app\.latency: the mean is 50\.25 instead of 10\.2 \(\+393 %\)$/);
		assert.equal((typeof event.detail === 'string' ? JSON.parse(event.detail) : event.detail).n_after, 3);
		await eventually('its mark', async () => /the last at [\d:]+: app\.latency: the mean is 50\.25 instead of 10\.2/.test(await said(page)));
		await page.locator('#timeline').scrollIntoViewIfNeeded();
		await page.locator('.event', { hasText: 'the mean is 50.25' }).waitFor();
		assert.deepEqual(record.errors, []);
	},
}, { config: 'self_interval: 1s\nsystem: {enabled: false}\n' });
