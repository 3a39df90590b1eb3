// Nothing there, or not everything: the page says so in words and never breaks.
import assert from 'node:assert/strict';
import { browserTest, card, cells, figure, ready, run } from './harness.mjs';

await browserTest({
	'a daemon without runs says that there are none': async ({ daemon, page, record }) => {
		await page.goto(daemon.url);
		await ready(page);
		assert.ok(await card(page, 'Recent Operations').getByText('No recent operations found.', { exact: true }).isVisible());
		assert.equal(await figure(page, 'Total Runs'), '0');
		assert.equal(await figure(page, 'Success Rate'), '0.0%');
		assert.deepEqual(record.errors, []);
	},
	'missing fields become dashes': async ({ daemon, page, record }) => {
		await page.route('**/api/metrics/stats', (route) => route.fulfill({ json: { total_runs: 1, top_commands: [{}], hourly_breakdown: null } }));
		await page.route('**/api/metrics/recent?*', (route) => route.fulfill({ json: { metrics: [{}, { metrics: null }, null] } }));
		await page.route('**/api/daemon/stats', (route) => route.fulfill({ json: {} }));
		await page.goto(daemon.url);
		await ready(page);
		assert.equal(await figure(page, 'Avg Duration'), '–');
		assert.equal(await figure(page, 'Max Age'), '–');
		assert.equal((await cells(page, 'Recent Operations')).length, 3);
		assert.deepEqual(record.errors, []);
	},
	'a record without anything in it is shown': async ({ daemon, page }) => {
		await daemon.send('{}', run('next'));
		await page.goto(daemon.url);
		await ready(page);
		assert.equal((await cells(page, 'Recent Operations'))[1][2], '✗ Failed');
	},
	'an endpoint that fails is said in its card alone': async ({ daemon, page }) => {
		await page.route('**/api/daemon/stats', (route) => route.fulfill({ status: 500, contentType: 'text/plain', body: 'out of luck\n' }));
		await page.goto(daemon.url);
		await card(page, 'System Statistics').getByText('/api/daemon/stats answered 500: out of luck').waitFor();
		assert.equal(await figure(page, 'Total Runs'), '0');
		assert.equal(await page.locator('.error:visible').count(), 1);
	},
});
