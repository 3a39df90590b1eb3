// The timeline: filters, details, keys, live events, and ten thousand events in a handful of rows.
import assert from 'node:assert/strict';
import { browserTest, eventually, failedRun, param, ready, run } from './harness.mjs';

const config = 'system: {enabled: false}\nself_interval: 60s\nalerts:\n  - {name: hot, series: "app.t*", above: 10, severity: critical}\n';
const rows = (page) => page.locator('.event:not(.day) .what').allTextContents();

async function open({ daemon, page }, query) {
	await page.goto(`${daemon.url}/${query || ''}`);
	await ready(page);
	await page.locator('#timeline').scrollIntoViewIfNeeded();
}

const total = async (daemon) => {
	let n = 0, query = '';
	for (;;) {
		const page = await (await fetch(`${daemon.url}/api/events?limit=1000&kind=run_failed${query}`)).json();
		n += page.events.length;
		if (!page.more) return n;
		query = `&before=${page.events[page.events.length - 1].id}`;
	}
};

await browserTest({
	'events stand newest first, with their day, and open': async (t) => {
		await t.daemon.send(failedRun('first', 1, 1));
		await eventually('its event', async () => (await total(t.daemon)) === 1);
		await open(t);
		await eventually('rows', async () => (await rows(t.page)).length >= 2);
		const all = await rows(t.page);
		assert.equal(all[0], "1 run of 'first' failed");
		assert.match(all[all.length - 1], /started$/);
		assert.equal(await t.page.locator('.event.day').count(), 1);
		await t.page.locator('.event', { hasText: 'first' }).click();
		await t.page.locator('.event-detail').getByText('run failed').waitFor();
		await t.page.locator('.events').press('ArrowDown');
		await t.page.locator('.event-detail').getByText(/started$/).waitFor();
		await t.page.keyboard.press('Escape');
		assert.equal(await t.page.locator('.event-detail').count(), 0);
	},
	'filters narrow it and stay in the address': async (t) => {
		await t.daemon.send(failedRun('alpha', 1, 1), failedRun('beta', 1, 1));
		await eventually('their events', async () => (await total(t.daemon)) === 2);
		await open(t);
		await t.page.getByLabel('Kind of event').selectOption('run_failed');
		await eventually('two are left', async () => (await rows(t.page)).length === 2);
		await t.page.getByLabel('Search in events').fill('alp');
		await eventually('one is left', async () => (await rows(t.page)).join() === "1 run of 'alpha' failed");
		assert.deepEqual([await param(t.page, 'kind'), await param(t.page, 'search')], ['run_failed', 'alp']);
		await t.page.reload();
		await ready(t.page);
		await eventually('the same one', async () => (await rows(t.page)).join() === "1 run of 'alpha' failed");
		await t.page.getByLabel('Search in events').fill('nobody');
		await t.page.getByText('No event matches.').waitFor();
	},
	'a new event appears by itself': async (t) => {
		await open(t);
		await t.daemon.send(failedRun('fresh', 1, 1));
		await eventually('it is on top', async () => (await rows(t.page))[0] === "1 run of 'fresh' failed");
		assert.deepEqual(t.record.errors, []);
	},
	'ten thousand events: few rows in the document, each in its place, the last one reached': async (t) => {
		await t.daemon.addPastEvents(10000);
		await eventually('ten thousand events', async () => (await total(t.daemon)) === 10000);
		await open(t, '?last=24h&kind=run_failed');
		const box = t.page.locator('.events');
		await eventually('the first thousand', async () => /^1000\+ events$/.test(await t.page.locator('.said').textContent()));
		await eventually('all of them', async () => {
			await box.evaluate((e) => { e.scrollTop = e.scrollHeight; });
			return (await t.page.locator('.said').textContent()) === '10000 events';
		});
		await box.evaluate((e) => { e.scrollTop = e.scrollHeight; });
		await eventually('the oldest', async () => (await rows(t.page)).some((r) => r === "1 run of 'job 0' failed"));
		assert.ok((await t.page.locator('.event').count()) < 80);
		for (const share of [0.1, 0.5, 0.77]) {
			await box.evaluate((e, s) => { e.scrollTop = e.scrollHeight * s; }, share);
			await eventually('rows fill the box', () => box.evaluate((e) => {
				const inside = [...e.querySelectorAll('.event')].map((r) => r.getBoundingClientRect()).sort((a, b) => a.top - b.top);
				const frame = e.getBoundingClientRect();
				return inside[0].top <= frame.top && inside[inside.length - 1].bottom >= frame.bottom && inside.every((r, i) => !i || Math.abs(r.top - inside[i - 1].bottom) < 1);
			}));
		}
		assert.deepEqual(t.record.errors, []);
	},
	'what is looked at stays in place when new events come': async (t) => {
		await t.daemon.addPastEvents(300);
		await eventually('three hundred', async () => (await total(t.daemon)) === 300);
		await open(t);
		const box = t.page.locator('.events');
		await eventually('they are listed', async () => (await rows(t.page)).length > 5);
		await box.evaluate((e) => { e.scrollTop = 3000; });
		const inSight = () => box.evaluate((e) => [...e.querySelectorAll('.event:not(.day)')].find((r) => r.getBoundingClientRect().top >= e.getBoundingClientRect().top).textContent.slice(8));
		await eventually('scrolled', async () => (await box.evaluate((e) => e.scrollTop)) === 3000 && Boolean(await inSight()));
		const before = await inSight();
		await t.daemon.send(failedRun('late', 1, 1), run('good'));
		await t.page.getByRole('button', { name: '1 new event' }).waitFor();
		assert.equal(await inSight(), before);
		await t.page.getByRole('button', { name: '1 new event' }).click();
		await eventually('at the top', async () => (await rows(t.page))[0] === "1 run of 'late' failed");
	},
}, { config });
