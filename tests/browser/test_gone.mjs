// A daemon that dies and comes back: the page says since when, marks its figures, and recovers alone.
import assert from 'node:assert/strict';
import { browserTest, cells, Daemon, eventually, figure, freePort, ready, run, status } from './harness.mjs';

await browserTest({
	'killed: gone since when, and the figures are marked stale': async ({ daemon, page }) => {
		await daemon.send(run('before'));
		await page.goto(daemon.url);
		await ready(page);
		await daemon.kill();
		await eventually('the page says it', async () => /^Daemon gone since \d\d:\d\d:\d\d$/.test(await status(page)));
		const said = await status(page);
		assert.equal(await page.locator('section.card.stale').count(), await page.locator('section.card').count());
		assert.match(await page.locator('.as-of:visible').first().textContent(), /^stale, as of \d\d:\d\d:\d\d$/);
		assert.equal(await figure(page, 'Total Runs'), '1', 'the last figures stay readable');
		await page.waitForTimeout(4500);
		assert.equal(await status(page), said, 'the time is that of the loss, not of the last attempt');
	},
	'killed, with all sections on the page and charts that were never seen': async ({ open }) => {
		const daemon = await new Daemon(await freePort(), 'self_interval: 1s\n').start();
		const { page, context } = await open();
		try {
			await page.goto(`${daemon.url}/?chart=auspex.rss_bytes`);
			await ready(page);
			await daemon.kill();
			await eventually('the page says it', async () => /^Daemon gone since/.test(await status(page)));
			assert.equal(await page.locator('.error:visible').count(), 0, 'it is said once');
			await daemon.start();
			await eventually('the page is live', async () => (await status(page)) === 'Live', 10000);
		} finally {
			await context.close();
			await daemon.stop();
		}
	},
	'stopped without closing anything: gone as soon as a refresh stays without an answer': async ({ daemon, page }) => {
		await page.clock.install();
		await page.goto(daemon.url);
		await ready(page);
		daemon.process.kill('SIGSTOP');
		try {
			await page.clock.runFor(31000);
			await eventually('the page says it', async () => (await status(page)).startsWith('Daemon gone'), 8000);
		} finally {
			daemon.process.kill('SIGCONT');
		}
		await page.clock.runFor(3000);
		await eventually('it is live again', async () => (await status(page)) === 'Live', 8000);
	},
	'restarted: live again, with what came meanwhile': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await ready(page);
		await daemon.kill();
		await eventually('the page says it', async () => (await status(page)).startsWith('Daemon gone'));
		await daemon.start();
		await daemon.send(run('after the restart'));
		await eventually('the page is live', async () => (await status(page)) === 'Live', 10000);
		await eventually('the run is shown', async () => (await cells(page, 'Recent Operations'))[0]?.[1] === 'after the restart');
		assert.equal(await page.locator('.stale').count(), 0);
		assert.equal(await page.locator('.error:visible').count(), 0);
		await daemon.send(run('by stream'));
		await eventually('the stream works again', async () => (await cells(page, 'Recent Operations'))[0][1] === 'by stream', 2000);
	},
});
