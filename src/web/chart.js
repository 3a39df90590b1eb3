// Charts: the one place that knows the chart library. Colours come from the style sheet, so both themes fit.
/* global Dygraph */
import { clock } from './format.js';
import { resetTimeRange, setTimeRange, zoomBy } from './range.js';

/** A colour of the style sheet, as the theme has it now. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Bars from the base line, later series in front of earlier ones; the first row's step is the width of a bar. */
function plotBars(e) {
	const ctx = e.drawingContext, points = e.points;
	if (points.length < 2) return;
	const base = e.dygraph.toDomYCoord(0);
	const width = Math.max(1, Math.floor((points[1].canvasx - points[0].canvasx) * 0.72));
	ctx.fillStyle = e.color;
	for (const p of points) {
		const top = p.yval > 0 ? Math.min(p.canvasy, base - 1.5) : base;
		if (base > top) ctx.fillRect(Math.round(p.canvasx - width / 2), top, width, base - top);
	}
}

function legendOf(target, describe) {
	return (data) => {
		target.textContent = data.x === undefined ? '' : describe(data.x, data.series.map((s) => s.y));
		return '';
	};
}

const hidden = () => document.createElement('div'); // the library's own legend is not shown: ours is text

/**
 * barChart(host, {labels, colours: ['--accent'], describe(x, values) → text under the pointer, readout: element})
 * → {update(rows, summary)}; rows: [[Date, n, …], …] in steps of equal length, at least two.
 */
export function barChart(host, options) {
	let chart = null, rows = [];
	function theme() {
		return {
			colors: options.colours.map(colour),
			axisLineColor: colour('--line'),
			gridLineColor: colour('--grid'),
		};
	}
	/** Half a step of room on both sides, or the outer bars are cut. */
	function range() {
		const half = (rows[1][0] - rows[0][0]) / 2;
		return [rows[0][0].getTime() - half, rows[rows.length - 1][0].getTime() + half];
	}
	const top = () => Math.max(4, ...rows.map((r) => r[1])) * 1.12;
	const figure = document.createElement('div');
	figure.className = 'plot';
	host.append(figure);

	function create() {
		chart = new Dygraph(figure, rows, {
			labels: options.labels, labelsDiv: hidden(), legendFormatter: legendOf(options.readout, options.describe),
			plotter: plotBars, dateWindow: range(), valueRange: [0, top()],
			interactionModel: {}, // a finger on the chart scrolls the page
			axes: {
				x: { drawGrid: false, pixelsPerLabel: 56, axisLabelWidth: 48 },
				y: { axisLabelWidth: 30, pixelsPerLabel: 32, axisLabelFormatter: (v) => (Number.isInteger(v) ? String(v) : '') },
			},
			axisLabelFontSize: 11, highlightCircleSize: 0, strokeWidth: 0, legend: 'always', ...theme(),
		});
	}
	new ResizeObserver(() => chart && chart.resize()).observe(host);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart && chart.updateOptions(theme()));

	return {
		update(next, summary) {
			rows = next;
			figure.setAttribute('role', 'img');
			figure.setAttribute('aria-label', summary);
			if (!chart) create();
			else chart.updateOptions({ file: rows, dateWindow: range(), valueRange: [0, top()] });
		},
	};
}

// --- lines over a range of time ---------------------------------------------------------------------------------

const DRAG_MIN = 6; // pixels; less is a click
const lineCharts = new Set(); // all that are on the page: their cursors move together

function moveCursors(t) {
	for (const chart of lineCharts) chart.cursor(t);
}

/** Index of the row nearest to a time. */
function nearest(rows, t) {
	let low = 0, high = rows.length - 1;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if (rows[middle][0].getTime() <= t) low = middle;
		else high = middle;
	}
	return Math.abs(rows[high][0] - t) < Math.abs(rows[low][0] - t) ? high : low;
}

const TONES = { critical: '--bad', warning: '--warn', info: '--faint' };

/** One mark a column of pixels, the gravest of it: a hundred events in a minute are not a bar. */
function byPixel(marks, graph) {
	const kept = new Map(), order = ['info', 'warning', 'critical'];
	for (const mark of marks) {
		const x = Math.round(graph.toDomXCoord(mark.t)) + 0.5, there = kept.get(x);
		if (!there || order.indexOf(mark.severity) > order.indexOf(there.severity)) kept.set(x, mark);
	}
	return kept;
}

/** Thresholds as lines across, events as short ticks at the upper edge with a faint line below. */
function underlay(options, marks) {
	return (ctx, area, graph) => {
		ctx.save();
		for (const line of options.lines) {
			const y = Math.round(graph.toDomYCoord(line.y)) + 0.5;
			ctx.strokeStyle = colour(TONES[line.tone] || '--warn');
			ctx.setLineDash([5, 4]);
			ctx.beginPath();
			ctx.moveTo(area.x, y);
			ctx.lineTo(area.x + area.w, y);
			ctx.stroke();
		}
		ctx.setLineDash([]);
		for (const [x, mark] of byPixel(marks(), graph)) {
			ctx.strokeStyle = ctx.fillStyle = colour(TONES[mark.severity] || '--faint');
			ctx.globalAlpha = 0.35;
			ctx.beginPath();
			ctx.moveTo(x, area.y);
			ctx.lineTo(x, area.y + area.h);
			ctx.stroke();
			ctx.globalAlpha = 1;
			ctx.fillRect(x - 2, area.y, 4, 5);
		}
		ctx.restore();
	};
}

/** Dragging with a mouse chooses a range; a finger goes on scrolling the page. */
function dragToZoom(figure, graph) {
	const shade = document.createElement('div');
	shade.className = 'shade';
	let from = null;
	const place = (e) => Math.min(Math.max(e.clientX - figure.getBoundingClientRect().left, 0), figure.clientWidth);
	figure.addEventListener('pointerdown', (e) => {
		if (e.pointerType === 'touch' || e.button !== 0) return;
		from = place(e);
		figure.setPointerCapture(e.pointerId);
	});
	figure.addEventListener('pointermove', (e) => {
		if (from === null) return;
		const to = place(e);
		shade.style.left = `${Math.min(from, to)}px`;
		shade.style.width = `${Math.abs(to - from)}px`;
		if (!shade.isConnected) figure.append(shade);
	});
	figure.addEventListener('pointerup', (e) => {
		if (from === null) return;
		const ends = [from, place(e)].sort((a, b) => a - b);
		from = null;
		shade.remove();
		if (ends[1] - ends[0] >= DRAG_MIN) setTimeRange({ start: graph().toDataXCoord(ends[0]), end: graph().toDataXCoord(ends[1]) });
	});
	figure.addEventListener('pointercancel', () => {
		from = null;
		shade.remove();
	});
	figure.addEventListener('dblclick', resetTimeRange);
}

/**
 * lineChart(host, {title, labels, colours: ['--accent'], unit: v → text, lines: [{y, text, tone}], readout: element})
 * → {update(rows, {start, end, step}, marks)}; rows: [[Date, [min, avg, max] | null, …], …], marks: [{t, title, severity}], times in ms.
 */
export function lineChart(host, options) {
	let graph = null, rows = [], marks = [], range = null, at = null;
	const figure = document.createElement('div'), line = document.createElement('div');
	figure.className = 'plot';
	figure.tabIndex = 0;
	figure.setAttribute('role', 'img');
	line.className = 'cursor';
	line.hidden = true;
	host.append(figure);

	const theme = () => ({ colors: options.colours.map(colour), axisLineColor: colour('--line'), gridLineColor: colour('--grid') });

	function valueRange() {
		let low = 0, high = 0;
		for (const row of rows) {
			for (const v of row.slice(1)) {
				if (!v || Number.isNaN(v[1])) continue;
				low = Math.min(low, v[0]);
				high = Math.max(high, v[2]);
			}
		}
		for (const l of options.lines) high = Math.max(high, l.y);
		const room = (high - low || 1) * 0.08;
		return [low < 0 ? low - room : 0, high - low > 0 ? high + room : high + 1];
	}
	function say(row) {
		const values = row.slice(1).map((v, i) => (v && !Number.isNaN(v[1]) ? `${options.labels.length > 1 ? `${options.labels[i]} ` : ''}${options.unit(v[1])}` : ''));
		const near = marks.filter((m) => Math.abs(m.t - row[0]) <= range.step * 1.5).map((m) => `⚑ ${m.title}`);
		options.readout.textContent = [clock(row[0]), ...values.filter(Boolean), ...near.slice(-1)].join('  ');
	}
	function cursor(t) {
		at = t;
		line.hidden = t === null || !rows.length;
		if (line.hidden) {
			options.readout.textContent = '';
			if (graph) graph.clearSelection();
			return;
		}
		const i = nearest(rows, t);
		graph.setSelection(i);
		line.style.left = `${graph.toDomXCoord(rows[i][0])}px`;
		say(rows[i]);
	}
	function keys(e) {
		const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
		if (move && rows.length) {
			const i = at === null ? rows.length - 1 : nearest(rows, at) + move;
			options.readout.setAttribute('aria-live', 'polite');
			moveCursors(rows[Math.min(Math.max(i, 0), rows.length - 1)][0].getTime());
		} else if (e.key === 'Escape') moveCursors(null);
		else if (e.key === '+') zoomBy(0.5);
		else if (e.key === '-') zoomBy(2);
		else return;
		e.preventDefault();
	}
	function create() {
		graph = new Dygraph(figure, rows, {
			labels: ['Time', ...options.labels], customBars: true, connectSeparatedPoints: true, fillAlpha: 0.16, strokeWidth: 1.4,
			labelsDiv: hidden(), legend: 'never', interactionModel: {}, highlightCircleSize: 3,
			highlightCallback: (e, x) => moveCursors(x), unhighlightCallback: () => moveCursors(null),
			underlayCallback: underlay(options, () => marks),
			dateWindow: [range.start, range.end], valueRange: valueRange(),
			axes: {
				x: { drawGrid: false, pixelsPerLabel: 64, axisLabelWidth: 60 },
				y: { axisLabelWidth: 54, pixelsPerLabel: 30, axisLabelFormatter: (v) => options.unit(v) },
			},
			axisLabelFontSize: 11, ...theme(),
		});
		figure.append(line);
		dragToZoom(figure, () => graph);
		figure.addEventListener('keydown', keys);
		figure.addEventListener('blur', () => moveCursors(null));
		lineCharts.add({ cursor });
	}
	new ResizeObserver(() => graph && graph.resize()).observe(host);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => graph && graph.updateOptions(theme()));

	return {
		update(nextRows, nextRange, nextMarks) {
			[rows, range, marks] = [nextRows, nextRange, nextMarks];
			const last = rows[rows.length - 1].slice(1).map((v, i) => `${options.labels[i]} ${v ? options.unit(v[1]) : 'unknown'}`);
			figure.setAttribute('aria-label', `${options.title}: ${last.join(', ')}. Arrow keys move the cursor, plus and minus zoom.`);
			if (!graph) create();
			else graph.updateOptions({ file: rows, dateWindow: [range.start, range.end], valueRange: valueRange() });
			if (at !== null) cursor(at);
		},
	};
}
