// What was sent is what stands on the cards.
import assert from 'node:assert/strict';
import { browserTest, card, cells, eventually, failedRun, figure, ready, run } from './harness.mjs';

async function show({ daemon, page }, ...runs) {
	await daemon.send(...runs);
	await page.goto(daemon.url);
	await ready(page);
}

await browserTest({
	'the figures are exact': async (t) => {
		await show(t, run('make'), run('make', { total_duration_seconds: 0.25 }), failedRun('make', 5, 4));
		assert.equal(await figure(t.page, 'Total Metrics'), '3');
		assert.equal(await figure(t.page, 'Max Storage'), '10000');
		assert.equal(await figure(t.page, 'Max Age'), '24h0m0s');
		assert.equal(await figure(t.page, 'Total Runs'), '3');
		assert.equal(await figure(t.page, 'Success Rate'), '66.7%');
		assert.equal(await figure(t.page, 'Avg Attempts'), '2.3');
		assert.equal(await figure(t.page, 'Avg Duration'), '1.92s');
	},
	'the success rate is green only while successes are more than failures': async (t) => {
		const colour = () => t.page.evaluate(() => { // found and read in one go: a refresh replaces the element
			const rate = [...document.querySelectorAll('dd')].find((e) => e.textContent.includes('%'));
			return getComputedStyle(rate).color.match(/\d+/g).map(Number);
		});
		await show(t, run('a'), run('b'), failedRun('c', 1, 1));
		const [r, g] = await colour();
		assert.ok(g > r, `green, not ${r},${g}`);
		await show(t, failedRun('c', 1, 1));
		const [r2, g2] = await colour();
		assert.ok(r2 > g2, 'as many failures as successes are not green');
	},
	'recent operations are the last ten, newest first': async (t) => {
		await show(t, ...Array.from({ length: 11 }, (_, i) => run(`job ${i}`)), failedRun('last', 3, 2.5));
		const rows = await cells(t.page, 'Recent Operations');
		assert.equal(rows.length, 10);
		assert.deepEqual(rows[0].slice(1), ['last', '✗ Failed', '3', '2.50s']);
		assert.deepEqual(rows[1].slice(1), ['job 10', '✓ Success', '1', '1.50s']);
		assert.deepEqual(rows[9].slice(1, 2), ['job 2']);
		assert.match(rows[0][0], /^\d\d:\d\d:\d\d$/);
		const heads = await card(t.page, 'Recent Operations').locator('th').allTextContents();
		assert.deepEqual(heads, ['Time', 'Command', 'Status', 'Attempts', 'Duration']);
	},
	'durations and attempts are those of the chosen range': async (t) => {
		await show(t, ...Array.from({ length: 9 }, () => run('quick', { total_duration_seconds: 1 })), failedRun('slow', 3, 60));
		const text = async (name) => parseFloat(await figure(t.page, name));
		assert.ok(Math.abs((await text('Median')) - 1) < 0.01);
		assert.ok(Math.abs((await text('99%')) - 60) < 0.3);
		assert.equal(await figure(t.page, 'Longest'), '60.00s');
		const shares = await card(t.page, 'Durations and Attempts').locator('li').allTextContents();
		assert.deepEqual(shares, ['1 attempt90.0%', '3 attempts10.0%']);
		await t.page.goto(`${t.daemon.url}/?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z`);
		await t.page.getByText(/^No runs: 1 Nov/).waitFor();
	},
	'a run opens and shows its attempts, and stays open': async (t) => {
		await show(t, failedRun('flaky', 3, 3));
		const recent = card(t.page, 'Recent Operations');
		await recent.getByRole('button', { name: '3' }).click();
		const tries = () => recent.locator('.tries-list li').allTextContents();
		assert.deepEqual(await tries(), Array(3).fill('✗ Failed1.00sexit code 1'));
		await t.daemon.send(run('other'));
		await eventually('the new run is there', async () => (await recent.locator('tbody').textContent()).includes('other'));
		assert.equal((await tries()).length, 3);
		await recent.getByRole('button', { name: '3' }).click();
		assert.equal((await tries()).length, 0);
	},
	'the time is that of the browser': async (t) => {
		await t.daemon.send(run('here'));
		const stored = (await (await fetch(`${t.daemon.url}/api/metrics/recent`)).json()).metrics[0].timestamp;
		const { page, context } = await t.open({ timezoneId: 'Asia/Kolkata' });
		await page.goto(t.daemon.url);
		await ready(page);
		const expected = new Date(stored).toLocaleTimeString('en-GB', { timeZone: 'Asia/Kolkata' });
		assert.ok((await cells(page, 'Recent Operations'))[0][0].endsWith(expected));
		await context.close();
	},
	'a command that looks like markup is text': async (t) => {
		const hostile = '<img src=x onerror=alert(1)>';
		t.page.on('dialog', () => t.record.errors.push('an alert was shown'));
		await show(t, run(hostile));
		assert.equal((await cells(t.page, 'Recent Operations'))[0][1], hostile);
		assert.equal((await cells(t.page, 'Top Commands'))[0][0], hostile);
		assert.equal(await t.page.locator('main img').count(), 0);
		assert.deepEqual(t.record.errors, []);
	},
	'top commands and the chart tell the same runs': async (t) => {
		await show(t, run('b'), run('a'), failedRun('b', 2, 0.5));
		assert.deepEqual(await cells(t.page, 'Top Commands'), [['b', '2', '50.0%', '1.00s'], ['a', '1', '100.0%', '1.50s']]);
		assert.match(await t.page.getByRole('img', { name: /Runs per hour/ }).getAttribute('aria-label'), /: 3 runs, 1 failure;/);
	},
});
