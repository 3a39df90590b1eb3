// What every browser test needs: a daemon of its own in a folder of its own, and a chromium page looking at it.
//
//     await browserTest({
//       'a new run appears by itself': async ({ daemon, page }) => { … },
//     });
//
// Each case gets a fresh daemon and a fresh page, unless the options say otherwise. The program is $AUSPEX. Exits with 77
// and a line "SKIP: reason" where chromium or playwright-core is missing.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'];

function skip(reason) {
	console.log(`SKIP: ${reason}`);
	process.exit(77);
}

/** Chromium; without it, or without playwright-core, the program ends here with 77. */
export async function launch() {
	if (!fs.existsSync(CHROMIUM)) skip(`no chromium at ${CHROMIUM}`);
	try {
		const { chromium } = (await import('playwright-core')).default;
		return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
	} catch (e) {
		if (e.code !== 'ERR_MODULE_NOT_FOUND') throw e;
		return skip('playwright-core is not installed: npm install --prefix tests/browser');
	}
}

/** Below those that the kernel gives to outgoing connections: one of them could take it before the daemon does. */
export async function freePort() {
	for (;;) {
		const port = randomInt(20000, 32768), probe = net.createServer();
		try {
			await once(probe.listen(port, '127.0.0.1'), 'listening');
		} catch {
			continue;
		}
		probe.close();
		await once(probe, 'close');
		return port;
	}
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until check() answers something true; throws what it last threw, or the sentence. */
export async function eventually(what, check, ms = 30000) {
	const end = Date.now() + ms;
	for (;;) {
		let problem = null;
		try {
			if (await check()) return;
		} catch (e) {
			problem = e;
		}
		if (Date.now() > end) throw problem || new Error(`not within ${ms} ms: ${what}`);
		await pause(30);
	}
}

/** A finished run as the command-line client sends it. */
export function run(command, more) {
	return {
		command, command_hash: '00000000', final_status: 'succeeded', total_duration_seconds: 1.5, total_attempts: 1,
		successful_attempts: 1, failed_attempts: 0, attempts: [{ duration_seconds: 1.5, exit_code: 0, success: true }],
		timestamp: Math.floor(Date.now() / 1000), ...more,
	};
}

export function failedRun(command, attempts, seconds) {
	return run(command, {
		final_status: 'failed', total_attempts: attempts, successful_attempts: 0, failed_attempts: attempts, total_duration_seconds: seconds,
		attempts: Array.from({ length: attempts }, () => ({ duration_seconds: seconds / attempts, exit_code: 1, success: false })),
	});
}

const PAST_EVENTS = `import glob, sqlite3, sys, time
db = sqlite3.connect(glob.glob(sys.argv[1] + "/state/**/history.db", recursive=True)[0])
n, now = int(sys.argv[2]), time.time_ns()
first = db.execute("SELECT max(max(id), max(event_id)) FROM event").fetchone()[0] + 1
db.executemany("INSERT INTO event(id, t, event_id, kind, severity, subject, title, detail) VALUES(?, ?, ?, 'run_failed', 'warning', ?, ?, '')",
  ((first + i, now - (n - i) * 3_000_000_000, first + i, "job %d" % i, "1 run of 'job %d' failed" % i) for i in range(n)))
db.commit()`;

/** A daemon in a temporary folder: start, kill (without a word), stop (and clean up), send runs, ask. */
export class Daemon {
	constructor(port, config) {
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'auspex-browser-'));
		this.socket = path.join(this.dir, 's.sock');
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
		this.config = config; // text of a configuration: the native daemon; none: patienced
	}

	arguments() {
		if (this.config === undefined) {
			return ['as', 'patienced', '-socket', this.socket, '-port', String(this.port), '-pid-file', path.join(this.dir, 'd.pid')];
		}
		const file = path.join(this.dir, 'auspex.yml');
		fs.writeFileSync(file, `port: ${this.port}\nfleet_port: 0\naliases: []\nsocket: ${this.socket}\nstate_dir: ${this.dir}/state\n${this.config}`);
		return ['run', '--config', file];
	}

	async start() {
		const log = fs.openSync(path.join(this.dir, 'log'), 'a');
		this.process = spawn(process.env.AUSPEX || 'auspex', this.arguments(),
			{ stdio: ['ignore', log, log], env: { ...process.env, XDG_STATE_HOME: path.join(this.dir, 'state') } });
		fs.closeSync(log);
		this.exited = once(this.process, 'exit');
		await eventually('the daemon answers', async () => {
			if (this.process.exitCode !== null) throw new Error(`the daemon ended: ${fs.readFileSync(path.join(this.dir, 'log'))}`);
			return (await fetch(`${this.url}/api/health`)).ok;
		}, 10000);
		return this;
	}

	async kill(signal = 'SIGKILL') {
		this.process.kill(signal);
		await this.exited;
	}

	async stop() {
		if (this.process && this.process.exitCode === null && this.process.signalCode === null) await this.kill('SIGTERM');
		fs.rmSync(this.dir, { recursive: true, force: true });
	}

	/** One connection a run, like the client; answers when the daemon has them all. */
	async send(...runs) {
		const before = await this.stored();
		for (const one of runs) {
			const peer = net.connect(this.socket);
			peer.end(typeof one === 'string' ? one : JSON.stringify(one));
			peer.resume();
			await once(peer, 'close');
		}
		await eventually('the runs are stored', async () => (await this.stored()) === before + runs.length);
	}

	/** Puts `n` failed runs as events of the last hours into the history while the daemon is away, oldest first. */
	async addPastEvents(n) {
		await this.kill('SIGTERM');
		const child = spawnSync('/usr/bin/python3', ['-c', PAST_EVENTS, this.dir, String(n)], { encoding: 'utf8' });
		assert.equal(child.status, 0, child.stderr);
		await this.start();
	}

	async stored() {
		return (await (await fetch(`${this.url}/api/daemon/stats`)).json()).total_metrics;
	}
}

/** A page that keeps a record of what it should not do: errors on the console, requests to anybody else. */
export async function openPage(browser, daemon, options) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(8000);
	const record = { errors: [], outside: [], requests: [] };
	page.on('console', (m) => m.type() === 'error' && record.errors.push(m.text()));
	page.on('pageerror', (e) => record.errors.push(String(e)));
	page.on('request', (r) => {
		record.requests.push(r.url());
		if (!r.url().startsWith(daemon.url) && !r.url().startsWith('data:')) record.outside.push(r.url());
	});
	return { page, context, record };
}

/** The figure beside a name, as copied text. */
export const figure = (page, name) => page.locator(`dl.figures > div:has(dt:text-is("${name}")) dd`).textContent();
/** A card by its exact title. */
export const card = (page, title) => page.locator(`section.card:has(h3:text-is("${title}"))`);
/** The table cells of a card: rows of texts. */
export const cells = (page, title) => card(page, title).locator('tbody tr').evaluateAll(
	(rows) => rows.map((r) => [...r.cells].map((c) => c.textContent)));
export const status = (page) => page.locator('#status-text').textContent();
/** A parameter of the address as the page itself sees it; page.url() hears of a pushState a moment later. */
export const param = (page, name) => page.evaluate((n) => new URLSearchParams(location.search).get(n), name);
/** Loaded, filled and listening. */
export const ready = (page) => eventually('the page is live', async () => (await status(page)) === 'Live' && !(await page.getByText('Loading…').count()));

async function runCase(browser, name, body, options) {
	const daemon = new Daemon(await freePort(), options.config);
	let opened = null;
	try {
		await daemon.start();
		opened = await openPage(browser, daemon, options.page);
		await body({ daemon, browser, open: (more) => openPage(browser, daemon, more), ...opened });
		assert.deepEqual(opened.record.outside, [], 'requests to other places');
		console.log(`ok - ${name}`);
		return true;
	} catch (e) {
		console.log(`not ok - ${name}\n${e.stack || e}`);
		return false;
	} finally {
		if (opened) await opened.context.close().catch(() => {});
		await daemon.stop();
	}
}

/** Runs the cases one after the other and ends the process: 0, or 1 if one failed. */
export async function browserTest(cases, options = {}) {
	const browser = await launch();
	let failed = 0;
	try {
		for (const [name, body] of Object.entries(cases)) if (!(await runCase(browser, name, body, options))) failed++;
	} finally {
		await browser.close();
	}
	process.exit(failed ? 1 : 0);
}
