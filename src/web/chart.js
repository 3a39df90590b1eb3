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

const NEAR = 0.6; // a scale that need not begin at 0 does where the lowest value is below this part of the highest
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

const MARK_ROOM = 7; // pixels from one mark to the next

/** One mark for so many pixels, the gravest of them: a hundred events in an hour are not a bar. */
function byPlace(marks, graph) {
	const kept = new Map(), order = ['info', 'warning', 'critical'];
	for (const mark of marks) {
		const place = Math.floor(graph.toDomXCoord(mark.t) / MARK_ROOM), there = kept.get(place);
		if (!there || order.indexOf(mark.severity) > order.indexOf(there.severity)) kept.set(place, mark);
	}
	return [...kept.values()];
}

/** Thresholds as lines across, events as ticks on the upper edge; those that are critical go down faintly to the base. */
function underlay(options, marks) {
	return (ctx, area, graph) => {
		ctx.save();
		for (const line of options.lines) {
			const y = Math.round(graph.toDomYCoord(line.y)) + 0.5;
			if (y < area.y || y > area.y + area.h) continue;
			ctx.strokeStyle = colour(TONES[line.tone] || '--warn');
			ctx.setLineDash([5, 4]);
			ctx.beginPath();
			ctx.moveTo(area.x, y);
			ctx.lineTo(area.x + area.w, y);
			ctx.stroke();
		}
		ctx.setLineDash([]);
		for (const mark of byPlace(marks(), graph)) {
			const x = Math.round(graph.toDomXCoord(mark.t));
			ctx.fillStyle = colour(TONES[mark.severity] || '--faint');
			ctx.globalAlpha = 0.22;
			if (mark.severity === 'critical') ctx.fillRect(x, area.y, 1, area.h);
			ctx.globalAlpha = 0.9;
			ctx.fillRect(x - 1, area.y, 3, 6);
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
 * lineChart(host, {title, labels, colours: ['--accent'], unit: v → text, lines: [{y, tone}], near, readout: element, values: [element]})
 * → {update(rows, {start, end, step}, marks), stop()}. The readout tells the time of the cursor, values what was then, or is now. rows: [[Date, [min, avg, max] | null, …], …], marks: [{t, title, severity}], times in ms.
 */
export function lineChart(host, options) {
	let graph = null, rows = [], marks = [], range = null, at = null;
	const figure = document.createElement('div'), line = document.createElement('div');
	const flag = document.createElement('div'), member = { cursor };
	figure.className = 'plot';
	figure.tabIndex = 0;
	figure.setAttribute('role', 'img');
	line.className = 'cursor';
	flag.className = 'flag';
	line.hidden = flag.hidden = true;
	host.append(figure);

	const theme = () => ({ colors: options.colours.map(colour), axisLineColor: colour('--line'), gridLineColor: colour('--grid') });

	function valueRange() {
		let low = Infinity, high = -Infinity;
		for (const row of rows) {
			for (const v of row.slice(1)) {
				if (!v || Number.isNaN(v[1])) continue;
				low = Math.min(low, v[0]);
				high = Math.max(high, v[2]);
			}
		}
		if (low > high) low = high = 0;
		const held = (high - low || Math.abs(high) || 1) * 1.5; // a limit further away is not shown
		for (const { y } of options.lines) {
			if (y > low - held && y < high + held) [low, high] = [Math.min(low, y), Math.max(high, y)];
		}
		const fromZero = low >= 0 && (!options.near || low < high * NEAR);
		if (fromZero) low = 0;
		const room = (high - low || Math.abs(high) || 1) * 0.08;
		return [fromZero ? 0 : low - room, high - low > 0 || options.near ? high + room : high + 1];
	}
	/** The newest value of each, in a row that is the present. */
	function newest() {
		return options.values.map((_, i) => rows.findLast((r) => r[i + 1] && !Number.isNaN(r[i + 1][1]))?.[i + 1]);
	}
	function say(values) {
		values.forEach((v, i) => { options.values[i].textContent = v && !Number.isNaN(v[1]) ? options.unit(v[1]) : ''; });
	}
	/** What happened at the cursor, beside it. */
	function sayEvents(t, x) {
		const near = marks.filter((m) => Math.abs(m.t - t) <= range.step * 1.5);
		flag.hidden = !near.length;
		flag.textContent = near.length > 1 ? `${near[near.length - 1].title} (and ${near.length - 1} more)` : near[0]?.title || '';
		flag.style.left = x > figure.clientWidth / 2 ? 'auto' : `${x + 8}px`;
		flag.style.right = x > figure.clientWidth / 2 ? `${figure.clientWidth - x + 8}px` : 'auto';
	}
	function cursor(t) {
		at = t;
		line.hidden = t === null || !rows.length;
		if (line.hidden) {
			flag.hidden = true;
			options.readout.textContent = '';
			say(newest());
			if (graph) graph.clearSelection();
			return;
		}
		const i = nearest(rows, t), x = graph.toDomXCoord(rows[i][0]);
		graph.setSelection(i);
		line.style.left = `${x}px`;
		options.readout.textContent = clock(rows[i][0]);
		say(rows[i].slice(1));
		sayEvents(rows[i][0].getTime(), x);
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
		figure.append(line, flag);
		dragToZoom(figure, () => graph);
		figure.addEventListener('keydown', keys);
		figure.addEventListener('blur', () => moveCursors(null));
		lineCharts.add(member);
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
			cursor(at);
		},
		stop() {
			lineCharts.delete(member);
			if (graph) graph.destroy();
			graph = null;
		},
	};
}
