// New runs appear by themselves, soon, and without asking more often than once a second.
import assert from 'node:assert/strict';
import { browserTest, cells, eventually, figure, pause, ready, run, status } from './harness.mjs';

await browserTest({
	'a run that comes in is on the page within two seconds': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await ready(page);
		const sent = Date.now();
		await daemon.send(run('just now'));
		await eventually('the run is shown', async () => (await cells(page, 'Recent Operations'))[0]?.[1] === 'just now', 2000);
		assert.equal(await figure(page, 'Total Runs'), '1');
		console.log(`# shown after ${Date.now() - sent} ms`);
	},
	'many runs in a row are fetched at most once a second, the last one included': async ({ daemon, page, record }) => {
		await page.goto(daemon.url);
		await ready(page);
		record.requests.length = 0;
		const begin = Date.now();
		for (let i = 0; i < 30; i++) {
			await daemon.send(run(`burst ${i}`));
			await pause(80);
		}
		await eventually('all are counted', async () => (await figure(page, 'Total Runs')) === '30', 3000);
		const asked = record.requests.filter((u) => u.endsWith('/api/metrics/stats')).length;
		const most = Math.ceil((Date.now() - begin) / 1000) + 1;
		assert.ok(asked >= 2 && asked <= most, `asked ${asked} times, at most ${most} expected`);
	},
	'without a stream it says so and refreshes every 30 seconds': async ({ daemon, page }) => {
		await page.clock.install();
		await page.route('**/api/stream?*', (route) => route.fulfill({ status: 503, body: 'full' }));
		await page.goto(daemon.url);
		await eventually('figures are there', async () => (await figure(page, 'Total Runs')) === '0');
		await eventually('the status is honest', async () => (await status(page)).startsWith('Reconnecting'));
		await daemon.send(run('unseen'));
		for (let i = 0; i < 10; i++) { // a reopening takes real time as well
			await page.clock.runFor(2000);
			await pause(60);
		}
		assert.equal(await figure(page, 'Total Runs'), '0', 'a stream that is refused again and again is no reason to ask');
		await page.clock.runFor(11000);
		await eventually('the refresh came', async () => (await figure(page, 'Total Runs')) === '1');
	},
});
