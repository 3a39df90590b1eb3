// Samples of series, folded into steps. Whoever asks at the same time shares one question, and of a range that is shown already only the end is asked
// for again.
import { ask } from './api.js';

const KEYS_MOST = 100, CHARS_MOST = 6000; // of one question
const AGAIN_MS = 5e3; // what came so shortly before the last question may have been half
const HELD_MOST = 600; // series kept for the next question

const iso = (ms) => new Date(ms).toISOString();

/** Cut so that each part makes a question of bearable length. */
function inParts(keys) {
	const parts = [];
	let chars = CHARS_MOST;
	for (const key of keys) {
		const text = `key=${encodeURIComponent(key)}&`;
		if (chars + text.length > CHARS_MOST || parts[parts.length - 1].n === KEYS_MOST) {
			parts.push({ text: '', n: 0 });
			chars = 0;
		}
		parts[parts.length - 1].text += text;
		parts[parts.length - 1].n++;
		chars += text.length;
	}
	return parts.map((p) => p.text);
}

/** Map: key → {from, avg: [], …} of whole steps; from counts steps after the range's start. */
async function question(keys, { start, end, step }, columns) {
	const answers = await Promise.all(inParts(keys).map((part) => ask(
		`/api/series/query?${part}start=${iso(start)}&end=${iso(end)}&step=${step / 1000}&columns=${columns}`)));
	return new Map(answers.flatMap((a) => a.series).map((s, i) => [keys[i], s])); // the answer is in the order of the question
}

const held = new Map(); // columns and key → {start, step, length, asked, avg: [], …}: what is known on a grid; in the order of use

function forget() {
	for (const name of held.keys()) {
		if (held.size <= HELD_MOST) return;
		held.delete(name);
	}
}

/** What is held and of use for the range, and from when on the series must be asked for; the range's end: not at all. */
function planOf(name, range) {
	const known = held.get(name);
	if (!known || known.step !== range.step || known.start > range.start) return { name, start: range.start };
	const settled = Math.min(known.asked - AGAIN_MS, known.start + known.length * known.step);
	return { name, known, start: Math.max(range.start, Math.min(range.end, Math.floor(settled / range.step) * range.step)) };
}

/** What is held up to plan.start, and the answer from there on, on the grid of the range. */
function merge({ name, known, start }, range, columns, answer, asked) {
	const steps = (from, to) => Math.round((to - from) / range.step);
	const kept = steps(range.start, start), now = { start: range.start, step: range.step, length: steps(range.start, range.end), asked };
	for (const column of columns.split(',')) {
		const values = new Array(now.length).fill(null);
		for (let i = 0; i < kept; i++) values[i] = known[column][i + steps(known.start, range.start)] ?? null;
		answer?.[column].forEach((v, i) => { values[kept + answer.from + i] = v; });
		now[column] = values;
	}
	held.delete(name);
	held.set(name, now);
	return now;
}

async function fetchAll(keys, range, columns) {
	const asked = Date.now(), plans = new Map(keys.map((key) => [key, planOf(`${columns} ${key}`, range)]));
	const starts = new Set([...plans.values()].map((p) => p.start)), answers = new Map();
	await Promise.all([...starts].filter((start) => start < range.end).map(async (start) => {
		const some = keys.filter((key) => plans.get(key).start === start);
		for (const [key, answer] of await question(some, { ...range, start }, columns)) answers.set(key, answer);
	}));
	const found = new Map(keys.map((key) => {
		const plan = plans.get(key);
		return [key, merge(plan, range, columns, answers.get(key), answers.has(key) ? asked : plan.known.asked)];
	}));
	forget();
	return found;
}

let waiting = new Map(); // range and columns → {keys, range, columns, answer}

/**
 * samples(['system.load1'], {start, end, step}, 'min,avg,max') → Map: key → {min: [], avg: [], max: []}, a value or null for each step of the range, whose
 * ends lie on whole steps. Throws ApiError.
 */
export function samples(keys, range, columns) {
	const name = `${range.start} ${range.end} ${range.step} ${columns}`;
	let together = waiting.get(name);
	if (!together) {
		together = { keys: new Set() };
		together.answer = new Promise((done) => { setTimeout(done); }).then(() => {
			waiting.delete(name);
			return fetchAll([...together.keys], range, columns);
		});
		waiting.set(name, together);
	}
	for (const key of keys) together.keys.add(key);
	return together.answer;
}

const LATEST_STEP = 10e3, LATEST_STEPS = 12;

/** The newest value of each series at a time in ms, no older than two minutes: Map: key → number or null. */
export async function latest(keys, t) {
	const end = Math.floor(t / LATEST_STEP + 1) * LATEST_STEP;
	const found = await samples(keys, { start: end - LATEST_STEPS * LATEST_STEP, end, step: LATEST_STEP }, 'last');
	return new Map(keys.map((key) => [key, found.get(key).last.findLast((v) => v !== null) ?? null]));
}
