// A card with a chart over series of the daemon: asks for its own range, only while it is seen.
import { h } from './dom.js';
import { samples } from './feed.js';
import { limitsOf } from './limits.js';
import { lineChart } from './lines.js';
import { marksOf } from './marks.js';
import { panel } from './panel.js';
import { grid, timeRange } from './range.js';

export const POINTS = 240; // steps across a chart
const FASTEST_MS = 2000, SLOWEST_MS = 30000; // how often charts of a range that ends now are asked again
const GAP = 3; // so many usual distances without a sample are a gap

/** How many steps usually lie between one sample and the next. */
export function usualDistance(values) {
	const distances = [];
	let last = -1;
	values.forEach((v, i) => {
		if (v === null) return;
		if (last >= 0) distances.push(i - last);
		last = i;
	});
	return distances.sort((a, b) => a - b)[distances.length >> 1] || 1;
}

/** Counters become increases per second; where one begins anew nothing is known. */
function rates(column, step) {
	let last = -1;
	return column.max.map((v, i) => {
		if (v === null) return null;
		const grown = last < 0 ? NaN : (v - column.max[last]) / ((i - last) * step / 1000);
		last = i;
		return grown >= 0 ? [grown, grown, grown] : null;
	});
}

/** A cell of a row for each step: [min, avg, max], null where only others have a sample, NaN where a gap is. */
function cells(column, spec, step) {
	const scale = spec.scale || 1, found = spec.rate ? rates(column, step)
		: column.avg.map((v, i) => (v === null ? null : [column.min[i], v, column.max[i]].map((x) => x * scale)));
	if (scale < 0) found.forEach((v) => v && v.reverse());
	if (scale !== 1 && spec.rate) found.forEach((v, i) => { found[i] = v && v.map((x) => x * scale); });
	const gap = GAP * usualDistance(column.max);
	let last = -1;
	found.forEach((v, i) => {
		if (v === null) return;
		if (last >= 0 && i - last > gap) found[last + 1] = [NaN, NaN, NaN];
		last = i;
	});
	return found;
}

/** The series side by side: [[Date, cell, …]], without rows that nobody fills. */
function rowsOf(columns, range) {
	const rows = [];
	for (let i = 0; i < (columns[0]?.length || 0); i++) {
		if (columns.some((c) => c[i] !== null)) rows.push([new Date(range.start + i * range.step), ...columns.map((c) => c[i])]);
	}
	return rows;
}

async function fetchAll(series) {
	const range = grid(POINTS), keys = series.map((s) => s.key);
	const [marks, lines, found] = await Promise.all([marksOf(range, keys), limitsOf(series.filter((s) => !s.rate).map((s) => s.key)), samples(keys, range, 'min,avg,max')]);
	const scale = Math.abs(series[0]?.scale || 1);
	return { range, marks, lines: lines.map((l) => ({ ...l, y: l.y * scale })), rows: rowsOf(series.map((s) => cells(found.get(s.key), s, range.step)), range) };
}

/**
 * seriesChart(title, {series: [{key, label, colour: '--accent', rate, scale}], unit: v → text, class, tools, near, max, stack})
 * → {node, refresh(), note(text), stop()}. rate: a counter, shown per second; near: the scale need not begin at 0; max: its end; stack: series stand on
 * each other. refresh() of a chart out of sight waits until it is seen.
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

	function show({ range, marks, lines, rows }) {
		if (!card.node.isConnected) return; // removed while the answer was on its way
		card.body.hidden = false; // the chart measures the room it has
		const content = rows.length ? host : nothing;
		if (card.body.lastChild !== content) card.body.replaceChildren(key, content); // a drag or a focus outlives a refresh
		values.forEach((v) => { v.textContent = ''; });
		if (!rows.length) return;
		if (!chart) chart = lineChart(host, { title, labels: spec.series.map((s) => s.label), colours: spec.series.map((s) => s.colour), unit: spec.unit, near: spec.near, max: spec.max, stack: spec.stack, readout, values });
		chart.update(rows, range, marks, lines);
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
