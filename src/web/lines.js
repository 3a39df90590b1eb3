// Charts of lines over a range of time: zoomed by dragging, their cursors in step.
import { colour, dark, hidden, library } from './chart.js';
import { dragToZoom, joinCursors, moveCursors, pinMoment } from './cursor.js';
import { clock } from './format.js';
import { zoomBy } from './range.js';
import { underlay } from './underlay.js';

const NEAR = 0.6; // a scale that need not begin at 0 does where the lowest value is below this part of the highest
const STACK_ALPHA = 0.78;

const known = (v) => v && !Number.isNaN(v[1]);

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

/** Each value on top of those before it; as far as one is known. */
function stacked(rows) {
	return rows.map(([time, ...values]) => {
		let sum = 0;
		return [time, ...values.map((v) => {
			if (!known(v)) return v;
			sum += v[1];
			return [sum, sum, sum];
		})];
	});
}

/** The library's plotter of stacked rows: the band between a series and the one below it. */
function plotBand(e) {
	const ctx = e.drawingContext, below = e.seriesIndex ? e.allSeriesPoints[e.seriesIndex - 1] : null;
	const base = e.dygraph.toDomYCoord(0), lower = new Map((below || []).map((p) => [p.xval, p.canvasy]));
	let band = [];
	function fill() {
		if (band.length) {
			ctx.beginPath();
			band.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
			band.reverse().forEach(([x, , y]) => ctx.lineTo(x, y));
			ctx.fill();
		}
		band = [];
	}
	ctx.fillStyle = e.color;
	ctx.globalAlpha = STACK_ALPHA;
	for (const p of e.points) {
		if (Number.isNaN(p.yval)) fill();
		else if (p.yval !== null) band.push([p.canvasx, p.canvasy, lower.get(p.xval) ?? base]);
	}
	fill();
	ctx.globalAlpha = 1;
}

/** The scale: all values, limits that are not far off, and 0 unless what is near may be shown alone. max: what cannot be exceeded. */
function scaleOf(rows, lines, { near, max }) {
	if (max) return [0, max];
	let low = Infinity, high = -Infinity;
	for (const row of rows) {
		for (const v of row.slice(1).filter(known)) {
			low = Math.min(low, v[0]);
			high = Math.max(high, v[2]);
		}
	}
	if (low > high) low = high = 0;
	const held = (high - low || Math.abs(high) || 1) * 1.5; // a limit further away is not shown
	for (const { y } of lines) {
		if (y > low - held && y < high + held) [low, high] = [Math.min(low, y), Math.max(high, y)];
	}
	const fromZero = low >= 0 && (!near || low < high * NEAR);
	if (fromZero) low = 0;
	const room = (high - low || Math.abs(high) || 1) * 0.08;
	return [fromZero ? 0 : low - room, high - low > 0 || near ? high + room : high + 1];
}

/**
 * lineChart(host, {title, labels, colours: ['--accent'], unit: v → text, near, max, stack, readout: element, values: [element]})
 * → {update(rows, {start, end, step}, marks, lines), stop()}. The readout tells the time of the cursor, values what was then, or is now. stack: each
 * series stands on those before it. rows: [[Date, [min, avg, max] | null, …], …], marks: [{t, title, severity, kind}], lines: [{y, tone, text}], times in ms.
 */
export function lineChart(host, options) {
	let graph = null, rows = [], marks = [], lines = [], range = null, at = null, leave = null;
	const figure = document.createElement('div'), line = document.createElement('div');
	const flag = document.createElement('div');
	figure.className = 'plot';
	figure.tabIndex = 0;
	figure.setAttribute('role', 'img');
	line.className = 'cursor';
	flag.className = 'flag';
	line.hidden = flag.hidden = true;
	host.append(figure);

	const theme = () => ({ colors: options.colours.map(colour), axisLineColor: colour('--line'), gridLineColor: colour('--grid') });

	/** The newest value of each, in a row that is the present. */
	function newest() {
		return options.labels.map((_, i) => rows.findLast((r) => known(r[i + 1]))?.[i + 1]);
	}
	function say(values) {
		values.forEach((v, i) => { options.values[i].textContent = known(v) ? options.unit(v[1]) : ''; });
	}
	/** What happened at the cursor, beside it. */
	function sayEvents(t, x) {
		const near = marks.filter((m) => Math.abs(m.t - t) <= range.step * 1.5);
		flag.hidden = !near.length;
		flag.textContent = near.length > 1 ? `${near[near.length - 1].title} (and ${near.length - 1} more)` : near[0]?.title || '';
		flag.style.left = x > figure.clientWidth / 2 ? 'auto' : `${x + 8}px`;
		flag.style.right = x > figure.clientWidth / 2 ? `${figure.clientWidth - x + 8}px` : 'auto';
	}
	function cursor(t, pinned) {
		at = t;
		line.hidden = t === null || !rows.length || t < range.start || t > range.end;
		line.classList.toggle('pinned', Boolean(pinned));
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
		} else if (e.key === 'Escape') {
			moveCursors(null);
			pinMoment(null);
		} else if (e.key === 'Enter' && at !== null) pinMoment(at);
		else if (e.key === '+') zoomBy(0.5);
		else if (e.key === '-') zoomBy(2);
		else return;
		e.preventDefault();
	}
	/** The chart in a sentence or three. */
	function describe() {
		const values = newest().map((v, i) => `${options.labels[i]} ${v ? options.unit(v[1]) : 'unknown'}`), last = marks[marks.length - 1];
		const limits = lines.map((l) => `${l.text} at ${options.unit(l.y)}`);
		return [`${options.title}: ${values.join(', ')}.`, limits.length ? `Limits: ${limits.join(', ')}.` : '',
			last ? `${marks.length} ${marks.length === 1 ? 'event' : 'events'}, the last at ${clock(new Date(last.t))}: ${last.title}.` : '',
			'Arrow keys move the cursor, Enter keeps it, plus and minus zoom.'].filter(Boolean).join(' ');
	}
	const drawn = () => (options.stack ? stacked(rows) : rows);

	function create() {
		const Dygraph = library();
		graph = new Dygraph(figure, drawn(), {
			labels: ['Time', ...options.labels], customBars: true, connectSeparatedPoints: true, fillAlpha: 0.16, strokeWidth: 1.4,
			labelsDiv: hidden(), legend: 'never', interactionModel: {}, highlightCircleSize: options.stack ? 0 : 3,
			...(options.stack ? { plotter: plotBand } : {}),
			highlightCallback: (e, x) => moveCursors(x), unhighlightCallback: () => moveCursors(null),
			underlayCallback: underlay(() => ({ lines, marks }), options.unit),
			dateWindow: [range.start, range.end], valueRange: scaleOf(drawn(), lines, options),
			axes: {
				x: { drawGrid: false, pixelsPerLabel: 64, axisLabelWidth: 60 },
				y: { axisLabelWidth: 54, pixelsPerLabel: 30, axisLabelFormatter: (v) => options.unit(v) },
			},
			axisLabelFontSize: 11, ...theme(),
		});
		figure.append(line, flag);
		dragToZoom(figure, (x) => graph.toDataXCoord(x));
		figure.addEventListener('keydown', keys);
		figure.addEventListener('blur', () => moveCursors(null));
		leave = joinCursors({ cursor });
	}
	const resized = new ResizeObserver(() => graph && graph.resize());
	resized.observe(host);
	const themed = () => graph && graph.updateOptions(theme());
	dark.addEventListener('change', themed);

	return {
		update(nextRows, nextRange, nextMarks, nextLines) {
			[rows, range, marks, lines] = [nextRows, nextRange, nextMarks, nextLines];
			figure.setAttribute('aria-label', describe());
			if (!graph) create();
			else graph.updateOptions({ file: drawn(), dateWindow: [range.start, range.end], valueRange: scaleOf(drawn(), lines, options) });
			cursor(at, line.classList.contains('pinned'));
		},
		stop() {
			resized.disconnect();
			dark.removeEventListener('change', themed);
			if (graph) {
				leave();
				graph.destroy();
			}
			graph = null;
		},
	};
}
