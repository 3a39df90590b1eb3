// A card with a chart over series of the daemon: asks for its own range, only while it is seen.
import { ask } from './api.js';
import { lineChart } from './chart.js';
import { h } from './dom.js';
import { panel } from './panel.js';
import { grid, timeRange } from './range.js';

const POINTS = 240; // steps across a chart
const MARKS_MAX = 500;
const MARKED = '-run_failed'; // each failed run is no landmark
const MARKS_MS = 1500; // charts that ask within this time share one answer
const FASTEST_MS = 2000, SLOWEST_MS = 30000; // how often charts of a range that ends now are asked again
const GAP = 3; // so many usual distances without a sample are a gap

const iso = (ms) => new Date(ms).toISOString();

let marksAsked = { key: '', at: 0, answer: null };

/** The newest events of the range, for all charts of the page. */
function marks({ start, end }) {
	const key = `${start}-${end}`;
	if (marksAsked.key !== key || performance.now() - marksAsked.at > MARKS_MS) {
		const answer = ask(`/api/events?since=${iso(start)}&until=${iso(end)}&kind=${MARKED}&limit=${MARKS_MAX}`)
			.then((a) => (a.events || []).map((e) => ({ t: e.t * 1000, title: e.title, severity: e.severity })).reverse(), () => []);
		marksAsked = { key, at: performance.now(), answer };
	}
	return marksAsked.answer;
}

/** Counters become increases per second; where one begins anew nothing is known. */
function rates(points) {
	return points.slice(1).map((p, i) => {
		const grown = (p.max - points[i].max) / (p.t - points[i].t);
		const rate = grown >= 0 ? grown : NaN;
		return { t: p.t, min: rate, avg: rate, max: rate };
	});
}

function usualDistance(times) {
	const distances = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
	return distances.length ? distances[distances.length >> 1] : 0;
}

/** The series' points side by side: [[Date, [min, avg, max] | null, …]]; NaN where a gap is, null where only others have a point. */
function sideBySide(columns, step) {
	const byTime = new Map();
	columns.forEach((points, column) => {
		const gap = GAP * Math.max(step / 1000, usualDistance(points.map((p) => p.t)));
		points.forEach((p, i) => {
			if (i && p.t - points[i - 1].t > gap) cell(points[i - 1].t + gap / GAP, column, [NaN, NaN, NaN]);
			cell(p.t, column, [p.min, p.avg, p.max]);
		});
	});
	function cell(t, column, value) {
		if (!byTime.has(t)) byTime.set(t, columns.map(() => null));
		byTime.get(t)[column] = value;
	}
	return [...byTime.entries()].sort((a, b) => a[0] - b[0]).map(([t, values]) => [new Date(t * 1000), ...values]);
}

async function fetchAll(series) {
	const range = grid(POINTS);
	const query = `start=${iso(range.start)}&end=${iso(range.end)}&step=${range.step / 1000}s`;
	const [events, ...answers] = await Promise.all([marks(range),
		...series.map((s) => ask(`/api/series/query?key=${encodeURIComponent(s.key)}&${query}`))]);
	const columns = answers.map((a, i) => {
		const points = (a.points || []).map((p) => ({ ...p, min: p.min * (series[i].scale || 1), avg: p.avg * (series[i].scale || 1), max: p.max * (series[i].scale || 1) }));
		return series[i].rate ? rates(points) : points;
	});
	return { range, events, rows: sideBySide(columns, range.step), empty: columns.every((c) => !c.length) };
}

/**
 * seriesChart(title, {series: [{key, label, colour: '--accent', rate, scale}], unit: v → text, lines: [{y, tone}], class, tools, near})
 * → {node, refresh(), note(text), stop()}. rate: a counter, shown per second; near: the scale need not begin at 0. refresh() of a chart out of sight waits until it is seen.
 */
export function seriesChart(title, spec) {
	const card = panel(title, { class: spec.class || 'chart-third', tools: spec.tools });
	const readout = h('span', { class: 'readout' }), values = spec.series.map(() => h('b'));
	const key = h('p', { class: 'key' }, spec.series.map((s, i) => h('span', { class: 'key-item' },
		h('span', { class: 'swatch', style: `background: var(${s.colour})` }), h('span', { class: 'key-name' }, s.label), values[i])), readout);
	const host = h('div', { class: 'chart-host small' });
	const nothing = h('p', { class: 'empty' }, 'No samples in this range.');
	let chart = null, seen = false, waiting = false;
	card.body.replaceChildren(key, host);

	function show({ range, events, rows, empty }) {
		if (!card.node.isConnected) return; // removed while the answer was on its way
		card.body.hidden = false; // the chart measures the room it has
		const content = empty ? nothing : host;
		if (card.body.lastChild !== content) card.body.replaceChildren(key, content); // a drag or a focus outlives a refresh
		values.forEach((v) => { v.textContent = ''; });
		if (empty) return;
		if (!chart) chart = lineChart(host, { title, labels: spec.series.map((s) => s.label), colours: spec.series.map((s) => s.colour), unit: spec.unit, lines: spec.lines || [], near: spec.near, readout, values });
		chart.update(rows, range, events);
	}
	function refresh() {
		waiting = !seen;
		return seen ? card.load(fetchAll(spec.series), show) : Promise.resolve(null); // null: not asked, so nothing is known of the daemon
	}
	const sight = new IntersectionObserver(([entry]) => {
		seen = entry.isIntersecting;
		if (seen && waiting) refresh().catch(() => {});
	}, { rootMargin: '200px' });
	sight.observe(card.node);
	function stop() {
		sight.disconnect();
		if (chart) chart.stop();
	}
	return { node: card.node, refresh, note: card.note, stop };
}

/** Asks the charts again as often as a new step can show, while the range ends now and somebody looks; answers what stops it. */
export function keepFresh(charts) {
	let timer = 0;
	function later() {
		timer = setTimeout(async () => {
			if (!document.hidden && timeRange().live) await Promise.allSettled(charts().map((c) => c.refresh()));
			later();
		}, Math.min(Math.max(grid(POINTS).step, FASTEST_MS), SLOWEST_MS));
	}
	later();
	return () => clearTimeout(timer);
}
