// Alerts on the page: they appear by themselves, are acknowledged and silenced with the keyboard, and go.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { browserTest, card, cells, Daemon, eventually, freePort, ready } from './harness.mjs';

const RULES = 'system: {enabled: false}\nalerts:\n  - {name: disk full, series: "app.disk{*}", above: 95, clear: 90, severity: critical}\n' +
	'  - {name: slow, series: app.latency, above: 2, for: 1h}\n';
const shots = path.join(process.env.MESON_BUILD_ROOT || fs.mkdtempSync(path.join(os.tmpdir(), 'auspex-shots-')), 'screenshots');
fs.mkdirSync(shots, { recursive: true });

async function sample(daemon, series, v) {
	const peer = net.connect(daemon.socket);
	peer.write(`${JSON.stringify({ type: 'push', samples: [{ series, v }] })}\n`);
	const [answer] = await once(peer, 'data');
	peer.destroy();
	assert.equal(JSON.parse(answer).accepted, 1);
}

const active = (page) => cells(page, 'Active Alerts');
const fire = async (daemon, page) => {
	await page.goto(daemon.url);
	await ready(page);
	await sample(daemon, 'app.disk{m=/}', 97.2);
	await eventually('the alert is shown', async () => (await active(page))[0]?.[0].includes('firing'), 4000);
};

const cases = {
	'nothing is wrong, and that is said': async ({ daemon, page, record }) => {
		await page.goto(daemon.url);
		await ready(page);
		assert.match(await card(page, 'Active Alerts').textContent(), /nothing that a rule watches for is wrong/);
		assert.deepEqual((await cells(page, 'Alert Rules')).map((r) => r[1]), ['critical', 'warning']);
		assert.deepEqual(record.errors, []);
	},
	'an alert appears by itself and goes when it is over': async ({ daemon, page }) => {
		await fire(daemon, page);
		const [row] = await active(page);
		assert.equal(row[1], 'critical');
		assert.equal(row[3], '97.2');
		await sample(daemon, 'app.disk{m=/}', 50);
		await eventually('it has gone', async () => (await cells(page, 'Resolved in the Last Day')).length === 1 && !(await active(page)).length);
	},
	'it is acknowledged with the keyboard alone': async ({ daemon, page, record }) => {
		await fire(daemon, page);
		await page.getByRole('button', { name: 'Acknowledge disk full on app.disk{m=/}' }).focus();
		await page.keyboard.press('Enter');
		await page.keyboard.type('ada');
		await page.keyboard.press('Tab');
		await page.keyboard.type('disk ordered');
		await page.keyboard.press('Enter');
		await eventually('it is acknowledged', async () => (await active(page))[0]?.[0].includes('acknowledged'));
		assert.match((await active(page))[0][5], /ada: disk ordered/);
		assert.equal(await page.locator('form.word').count(), 0);
		assert.deepEqual(record.errors, []);
	},
	'a silence is made, shown and ended': async ({ daemon, page }) => {
		await fire(daemon, page);
		await page.getByRole('button', { name: /^Silence disk full/ }).click();
		await page.getByLabel('Who').fill('ada');
		await page.getByLabel('Until').fill('soon');
		await page.locator('form.word button[type=submit]').click();
		await eventually('the mistake is named', async () => /until: "soon" is no time/.test(await page.locator('form.word').textContent()));
		await page.getByLabel('Until').fill('2h');
		await page.locator('form.word button[type=submit]').click();
		await eventually('it is silenced', async () => (await active(page))[0]?.[0].includes('silenced'));
		await page.getByRole('button', { name: /^End the silence of disk full/ }).click();
		await eventually('it speaks again', async () => (await active(page))[0]?.[0].includes('firing'));
	},
	'a rule is made, fires, and is removed': async ({ daemon, page, record }) => {
		await sample(daemon, 'backup.seconds{job=home}', 12);
		await page.goto(daemon.url);
		await ready(page);
		const rules = card(page, 'Alert Rules');
		assert.equal(await rules.getByRole('button', { name: /^Remove/ }).count(), 0, 'those of the file stay');
		await rules.getByRole('button', { name: 'New rule' }).click();
		await page.keyboard.type('slow backup');
		await eventually('the series is offered', async () => (await page.locator('#known-series option').evaluateAll((all) => all.map((o) => o.value))).includes('backup.seconds{job=home}'));
		await rules.getByLabel('Series').fill('backup.seconds{*}');
		await rules.getByLabel('Value').fill('sixty');
		await rules.getByRole('button', { name: 'Make rule' }).click();
		await rules.getByText('“sixty” is not a number.').waitFor();
		await rules.getByLabel('Value').fill('60');
		await rules.getByLabel('For at least').fill('soon');
		await rules.getByLabel('Severity').selectOption('critical');
		await rules.getByRole('button', { name: 'Make rule' }).click();
		await rules.getByText(/for: write a duration/).waitFor();
		await rules.getByLabel('For at least').fill('');
		await rules.getByRole('button', { name: 'Make rule' }).click();
		await eventually('it is listed', async () => (await cells(page, 'Alert Rules')).some((r) => r[0].startsWith('slow backup')));
		await sample(daemon, 'backup.seconds{job=home}', 95);
		await eventually('it fires', async () => (await active(page)).some((r) => r[0].includes('firing') && r[2].startsWith('slow backup')));
		const remove = rules.getByRole('button', { name: 'Remove the rule slow backup' });
		await remove.click();
		assert.equal(await remove.textContent(), 'Sure?', 'one click removes nothing');
		await remove.click();
		await eventually('it is gone', async () => (await cells(page, 'Alert Rules')).length === 2 && !(await active(page)).length);
		assert.equal(record.errors.filter((e) => !e.includes('400')).length, 0, record.errors.join());
	},
	'how it stands is said beside the title, in the bar and in the title of the window': async ({ daemon, page }) => {
		await page.goto(daemon.url);
		await ready(page);
		const lead = page.locator('#alerts .lead'), bar = page.getByRole('navigation').getByRole('link', { name: /^Alerts/ });
		assert.equal(await lead.textContent(), 'Nothing needs anybody now');
		assert.deepEqual([await bar.textContent(), await page.title()], ['Alerts', 'Auspex']);
		await fire(daemon, page);
		await sample(daemon, 'app.latency', 3);
		await eventually('both are said', async () => (await lead.textContent()) === '1 firing, 1 pending');
		assert.deepEqual([await bar.textContent(), await page.title()], ['Alerts1', '(1) Auspex']);
	},
	'what is refused is said: a rule cannot be removed without the key': async ({ daemon, page }) => {
		await fetch(`${daemon.url}/api/alerts/rules`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'mine', series: 'app.x', above: 1 }) });
		await page.route('**/api/alerts/rules?name=*', (route) => route.fulfill({ status: 401, json: { error: 'a key is needed' } }));
		await page.goto(daemon.url);
		await ready(page);
		const remove = card(page, 'Alert Rules').getByRole('button', { name: 'Remove the rule mine' });
		await remove.click();
		await remove.click();
		await card(page, 'Alert Rules').getByText('This needs a key: sign in first.').waitFor();
	},
	'rules that come with the program are listed and stay': async ({ open }) => {
		const daemon = await new Daemon(await freePort(), '').start(), { page, context } = await open();
		try {
			await page.goto(daemon.url);
			await ready(page);
			await eventually('they are there', async () => (await cells(page, 'Alert Rules')).length > 10);
			assert.equal(await card(page, 'Alert Rules').getByRole('button', { name: /^Remove/ }).count(), 0);
		} finally {
			await context.close();
			await daemon.stop();
		}
	},
	'a form that is being filled survives what comes in': async ({ daemon, page }) => {
		await fire(daemon, page);
		await page.getByRole('button', { name: /^Acknowledge/ }).click();
		await page.keyboard.type('gr');
		await sample(daemon, 'app.disk{m=/var}', 99);
		await eventually('the second is there', async () => (await active(page)).length === 2);
		await page.keyboard.type('ace');
		assert.equal(await page.getByLabel('Who').inputValue(), 'grace');
		await page.keyboard.press('Escape');
		assert.match(await page.evaluate(() => document.activeElement.textContent), /Acknowledge/);
	},
};
for (const colorScheme of ['light', 'dark']) {
	for (const width of [1280, 768, 390]) {
		cases[`${colorScheme} at ${width}: fits`] = async ({ daemon, open }) => {
			for (const m of ['/', '/var', '/home/with/a/rather/long/mount/point/that/goes/on']) await sample(daemon, `app.disk{m=${m}}`, 97.25);
			await sample(daemon, 'app.disk{m=/}', 10);
			await sample(daemon, 'app.latency', 3);
			const { page, context, record } = await open({ colorScheme, viewport: { width, height: 900 } });
			await page.goto(daemon.url);
			await ready(page);
			await eventually('all are there', async () => (await active(page)).length === 3);
			await page.getByRole('button', { name: /^Acknowledge disk full/ }).first().click();
			await page.screenshot({ path: path.join(shots, `alerts-${colorScheme}-${width}.png`), fullPage: true });
			assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)) <= 0, 'wider than the window');
			assert.deepEqual(record.errors, []);
			await context.close();
		};
	}
}

await browserTest(cases, { config: RULES });
