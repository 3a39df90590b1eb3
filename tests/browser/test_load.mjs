// The page as it is served and loaded: its texts, its manners, its weight.
import assert from 'node:assert/strict';
import { browserTest, card, ready } from './harness.mjs';

await browserTest({
	'the document is what clients of the guide look for': async ({ daemon }) => {
		const answer = await fetch(`${daemon.url}/`);
		const text = await answer.text();
		assert.equal(answer.status, 200);
		assert.match(answer.headers.get('content-type'), /^text\/html/);
		assert.ok(text.startsWith('<!DOCTYPE html>'));
		assert.ok(text.includes('<title>Retry Daemon Dashboard</title>'));
	},
	'scripts from elsewhere and inline scripts are forbidden, and there are none': async ({ daemon }) => {
		const answer = await fetch(`${daemon.url}/`);
		const policy = answer.headers.get('content-security-policy') || '';
		assert.match(policy, /default-src 'self'/);
		assert.doesNotMatch(policy, /script-src|unsafe-eval/);
		assert.doesNotMatch(await answer.text(), /<script(?![^>]*\bsrc=)|\son\w+=/);
	},
	'it loads without an error and shows its heading and cards': async ({ daemon, page, record }) => {
		await page.goto(daemon.url);
		await ready(page);
		assert.equal(await page.title(), 'Retry Daemon Dashboard');
		assert.ok(await page.getByRole('heading', { name: 'Retry Daemon Dashboard', exact: true }).isVisible());
		assert.ok(await page.getByText('Real-time monitoring of retry operations', { exact: true }).isVisible());
		for (const title of ['System Statistics', 'Metrics Overview (Last 24 Hours)', 'Recent Operations']) {
			assert.ok(await card(page, title).isVisible(), title);
		}
		assert.deepEqual(record.errors, []);
	},
	'the foot tells the latest event and the version': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await page.getByRole('contentinfo').getByText(/^Latest event: \d\d:\d\d:\d\d patienced .* started$/).waitFor();
		await page.getByRole('contentinfo').getByText(/Auspex \d+\.\d+/).waitFor();
	},
	'everything it fetches to show itself is at most 100 KB': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await ready(page);
		const sizes = await page.evaluate(() => performance.getEntries()
			.filter((e) => e.entryType === 'navigation' || (e.entryType === 'resource' && e.name.includes('/assets/')))
			.map((e) => [e.name, e.encodedBodySize]));
		assert.ok(sizes.length >= 3, 'the page, its script, its sheet');
		const total = sizes.reduce((n, [, size]) => n + size, 0);
		assert.ok(total > 20000 && total <= 100 * 1024, `${total} bytes: ${JSON.stringify(sizes)}`);
	},
});
