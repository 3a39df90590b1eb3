// What the page costs in Chromium, as one line of JSON: bytes, times until it is loaded and until every figure is shown, share of a core
// when nobody touches it, and how long frames take while ten thousand events scroll by.
//
//     AUSPEX=PROGRAM page.mjs [rounds [seconds]]
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { Daemon, eventually, failedRun, freePort, launch, openPage, pause, ready, run } from '../browser/harness.mjs';

const rounds = Number(process.argv[2] || 5), seconds = Number(process.argv[3] || 30);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const round = (v) => Math.round(v * 100) / 100;

/** Runs in the page, before its own scripts: notes when the last card got its figures and the frame with them was there. */
function watchLoading() {
	new MutationObserver((_, observer) => {
		const cards = [...document.querySelectorAll('.card .body')];
		if (!cards.length || cards.some((c) => c.textContent === 'Loading…') || document.getElementById('status-text').textContent !== 'Live') return;
		observer.disconnect();
		requestAnimationFrame(() => { window.shownAfter = performance.now(); });
	}).observe(document, { childList: true, subtree: true, characterData: true });
}

/** What this browser on this machine needs for a page of one sentence, by the same measure. */
async function bare(browser) {
	const server = http.createServer((_, answer) => answer.end('<!DOCTYPE html><title>bare</title><p>One sentence.')).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { page, context } = await openPage(browser, { url: `http://127.0.0.1:${server.address().port}` });
	await page.goto(`http://127.0.0.1:${server.address().port}/`);
	const loaded = await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd);
	await context.close();
	server.close();
	return loaded;
}

async function load(browser, daemon) {
	const { page, context } = await openPage(browser, daemon);
	await page.addInitScript(watchLoading);
	await page.goto(daemon.url);
	await page.waitForFunction(() => window.shownAfter);
	const figures = await page.evaluate(() => ({
		shown: window.shownAfter,
		loaded: performance.getEntriesByType('navigation')[0].loadEventEnd,
		bytes: performance.getEntries().filter((e) => e.entryType === 'navigation' || e.name.includes('/assets/')).reduce((n, e) => n + e.encodedBodySize, 0),
	}));
	await context.close();
	return figures;
}

/** CPU seconds of a process or thread. */
const spent = (folder) => Number(fs.readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]) / 1e9;

/** CPU seconds of Chromium below this process: all of it, and the threads that run pages. */
function browserSeconds() {
	const parents = new Map(), pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
	const used = { all: 0, main: 0 };
	const under = (pid) => pid === String(process.pid) || (parents.has(pid) && under(parents.get(pid)));
	for (const pid of pids) {
		try {
			const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
			parents.set(pid, text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
		} catch { /* it has ended */ }
	}
	for (const pid of pids.filter((one) => one !== String(process.pid) && under(one))) {
		try {
			for (const thread of fs.readdirSync(`/proc/${pid}/task`)) used.all += spent(`/proc/${pid}/task/${thread}`);
			if (fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--type=renderer')) used.main += spent(`/proc/${pid}/task/${pid}`);
		} catch { /* it has ended */ }
	}
	return used;
}

const SETTLED_MS = 20000; // by then a page that has just come is done with looking for what there is

async function idle(browser, daemon) {
	const { page, context } = await openPage(browser, daemon);
	await page.goto(daemon.url);
	await ready(page);
	await pause(SETTLED_MS);
	const before = [browserSeconds(), Date.now()];
	await pause(seconds * 1000);
	const after = [browserSeconds(), Date.now()];
	const wall = (after[1] - before[1]) / 1000;
	await context.close();
	return { main: (after[0].main - before[0].main) / wall * 100, all: (after[0].all - before[0].all) / wall * 100 };
}

/** From the newest to the oldest event, 600 pixels a frame: the times between frames. */
function scrollAll(box) {
	return new Promise((done) => {
		const frames = [];
		let last = 0;
		function step(now) {
			if (last) frames.push(now - last);
			last = now;
			const before = box.scrollTop;
			box.scrollTop += 600;
			if (box.scrollTop === before) done(frames);
			else requestAnimationFrame(step);
		}
		requestAnimationFrame(step);
	});
}

async function scroll(browser, daemon) {
	await daemon.addPastEvents(10000);
	const { page, context } = await openPage(browser, daemon);
	await page.goto(`${daemon.url}/?last=24h&kind=run_failed`);
	await ready(page);
	const box = page.locator('.events');
	await box.scrollIntoViewIfNeeded();
	await eventually('all ten thousand are there', async () => {
		await box.evaluate((e) => { e.scrollTop = e.scrollHeight; });
		return (await page.locator('.said').textContent()) === '10000 events';
	});
	await box.evaluate((e) => { e.scrollTop = 0; });
	await pause(300);
	const frames = (await box.evaluate(scrollAll)).sort((a, b) => a - b);
	await context.close();
	return frames;
}

const browser = await launch();
const daemon = await new Daemon(await freePort(), '').start();
try {
	for (let i = 0; i < 200; i++) await daemon.send(i % 5 ? run(`job ${i % 20}`) : failedRun(`job ${i % 20}`, 3, 2));
	const loads = [], bares = [];
	for (let i = 0; i < rounds; i++) {
		bares.push(await bare(browser));
		loads.push(await load(browser, daemon));
	}
	const own = await launch(); // nothing of the loads before is tidied up meanwhile
	const still = await idle(own, daemon);
	await own.close();
	const frames = await scroll(browser, daemon);
	console.log(JSON.stringify({
		bare_ms: round(median(bares)), bytes: median(loads.map((l) => l.bytes)), loaded_ms: round(median(loads.map((l) => l.loaded))), shown_ms: round(median(loads.map((l) => l.shown))),
		idle_main_percent: round(still.main), idle_browser_percent: round(still.all),
		frames: frames.length, frame_p50_ms: round(median(frames)), frame_p99_ms: round(frames[Math.floor(frames.length * 0.99)]), frame_max_ms: round(frames[frames.length - 1]),
		chromium: browser.version(),
	}));
} finally {
	await daemon.stop();
	await browser.close();
}
