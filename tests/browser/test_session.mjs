// The native page behind a key: the form, a wrong key, the right one, signing out.
import assert from 'node:assert/strict';
import { browserTest, card, eventually, ready, status } from './harness.mjs';

const KEY = 'correct-horse-battery';

async function signIn(page, key) {
	await page.getByLabel('API key').fill(key);
	await page.getByRole('button', { name: 'Sign in' }).click();
}

await browserTest({
	'a guarded daemon shows the form and no figures': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		assert.equal(await page.title(), 'Auspex');
		assert.equal(await status(page), 'A key is needed');
		assert.equal(await page.locator('.figures').count(), 0);
		assert.equal(await page.evaluate(() => document.activeElement.id), 'key');
	},
	'a wrong key is refused in words': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await signIn(page, 'wrong-horse-battery');
		await page.getByRole('alert').getByText('This key is not valid.').waitFor();
		assert.equal(await page.locator('.figures').count(), 0);
	},
	'the right key opens the page, and signing out closes it': async ({ daemon, page, context }) => {
		await page.goto(daemon.url);
		await signIn(page, KEY);
		await ready(page);
		assert.ok(await card(page, 'System Statistics').isVisible());
		const [cookie] = await context.cookies();
		assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict');
		await page.reload();
		await ready(page);
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
	},
	'a session that ends while the page is open leads to the form': async ({ daemon, page, context }) => {
		await page.goto(daemon.url);
		await signIn(page, KEY);
		await ready(page);
		await context.clearCookies();
		await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // looking at it again refreshes
		await eventually('the form is back', async () => (await status(page)) === 'A key is needed');
	},
	'where only changes need a key, signing in is offered and can be left': async ({ daemon, page, record }) => {
		daemon.config = `api_keys: [${KEY}]\n`;
		await daemon.kill('SIGTERM');
		await daemon.start();
		await page.goto(daemon.url);
		await ready(page);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await page.getByText('Looking needs no key here; changing something does.').waitFor();
		await page.getByRole('button', { name: 'Back' }).click();
		await ready(page);
		assert.ok(await card(page, 'System Statistics').isVisible());
		await page.getByRole('button', { name: 'Sign in' }).click();
		await signIn(page, KEY);
		await ready(page);
		assert.ok(await page.getByRole('button', { name: 'Sign out' }).isVisible());
		assert.ok(await page.getByRole('button', { name: 'Sign in' }).isHidden());
		assert.deepEqual(record.errors, []);
	},
}, { config: `guard_reads: true\napi_keys: [${KEY}]\n` });
