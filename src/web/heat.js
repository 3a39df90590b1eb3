// How busy each core was: a row for each core, time to the right, the busier the warmer. Lies exactly under the charts above it.
import { colour, dark } from './chart.js';
import { dragToZoom, joinCursors, moveCursors, pinMoment } from './cursor.js';
import { h } from './dom.js';
import { samples } from './feed.js';
import { clock } from './format.js';
import { panel } from './panel.js';
import { grid } from './range.js';
import { POINTS, usualDistance } from './series.js';

const HEIGHT_LEAST = 56, ROW_MOST = 18, HEIGHT_MOST = 256; // pixels of all rows, of one, of all
const LEFT = 60, RIGHT = 5; // of the plot in a chart of the library with our axes
const STOPS = ['--heat-0', '--heat-1', '--heat-2', '--heat-3'], STOPS_AT = [0, 50, 85, 100];
const BUSY = 90; // percent

const rgb = (text) => text.match(/[0-9a-f]{2}/gi).slice(0, 3).map((two) => parseInt(two, 16));

/** 0..100 % → a colour as the canvas stores it. */
function palette() {
	const stops = STOPS.map((name) => rgb(colour(name)));
	return Uint32Array.from({ length: 101 }, (_, percent) => {
		const i = Math.max(0, STOPS_AT.findLastIndex((at, k) => at <= percent && k < STOPS_AT.length - 1));
		const part = (percent - STOPS_AT[i]) / (STOPS_AT[i + 1] - STOPS_AT[i]);
		const [r, g, b] = stops[i].map((from, k) => Math.round(from + (stops[i + 1][k] - from) * part));
		return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
	});
}

/** The newest step that any core has, and what stands in it, in a sentence. */
function describe(cores, rows) {
	const at = Math.max(...rows.map((r) => r.findLastIndex((v) => v !== null)));
	if (at < 0) return '';
	const now = rows.map((r, i) => ({ core: cores[i], busy: r[at] })).filter((c) => c.busy !== null).sort((a, b) => b.busy - a.busy);
	const hot = now.filter((c) => c.busy >= BUSY).length;
	return `${cores.length} ${cores.length === 1 ? 'core' : 'cores'}; busiest now core ${now[0].core} with ${Math.round(now[0].busy)} %, idlest core ${now[now.length - 1].core} with ${
		Math.round(now[now.length - 1].busy)} %${hot ? `; ${hot} above ${BUSY} %` : ''}`;
}

/** Where cores are read less often than a step is long, a step takes what the one before had; longer gaps stay. */
function filled(rows) {
	const every = Math.max(1, ...rows.map((r) => usualDistance(r)));
	if (every > 1) {
		rows = rows.map((r) => {
			let last = -1;
			return r.map((v, i) => {
				if (v !== null) last = i;
				return v ?? (last >= 0 && i - last < every ? r[last] : null);
			});
		});
	}
	return rows;
}

/** heatStrip('Cores', [{core, key}]) → {node, refresh(), stop()}, as a chart. */
export function heatStrip(title, found) {
	const cores = found.map((c) => c.core), keys = found.map((c) => c.key);
	const card = panel(title, { class: 'inner' });
	const readout = h('span', { class: 'readout' }), legend = h('span', { class: 'heat-scale', 'aria-hidden': 'true' });
	const canvas = h('canvas', { class: 'heat' }), line = h('div', { class: 'cursor', hidden: true });
	const figure = h('div', { class: 'heat-plot', tabindex: 0, role: 'img' }, canvas, line);
	const labels = h('div', { class: 'heat-labels', 'aria-hidden': 'true' });
	const height = Math.min(HEIGHT_MOST, Math.max(HEIGHT_LEAST, cores.length * ROW_MOST));
	let range = null, rows = [], seen = false, waiting = false, at = null, row = 0, leave = null;
	figure.style.height = `${height}px`;
	card.body.replaceChildren(h('p', { class: 'key' }, h('span', { class: 'key-item' }, 'Each core, idle', legend, 'busy'), readout), h('div', { class: 'heat-hold' }, labels, figure));

	const every = Math.max(1, Math.ceil(cores.length / Math.max(2, Math.floor(height / 16)))); // labels that would touch are left out
	labels.append(...cores.filter((_, i) => i % every === 0).map((core, i) => {
		const label = h('span', null, core);
		label.style.top = `${((i * every + 0.5) / cores.length) * 100}%`;
		return label;
	}));

	const plot = () => figure.clientWidth - LEFT - RIGHT;
	const timeAt = (x) => range.start + ((x - LEFT) / plot()) * (range.end - range.start);
	const placeOf = (t) => LEFT + ((t - range.start) / (range.end - range.start)) * plot();

	function draw() {
		if (!rows.length || !figure.clientWidth) return;
		const steps = rows[0].length, small = new OffscreenCanvas(steps, rows.length), image = new ImageData(steps, rows.length);
		const cells = new Uint32Array(image.data.buffer), colours = palette(), scale = devicePixelRatio || 1, ctx = canvas.getContext('2d');
		rows.forEach((values, y) => values.forEach((v, x) => { if (v !== null) cells[y * steps + x] = colours[Math.max(0, Math.min(100, Math.round(v)))]; }));
		small.getContext('2d').putImageData(image, 0, 0);
		canvas.width = Math.round(plot() * scale);
		canvas.height = Math.round(height * scale);
		ctx.imageSmoothingEnabled = false;
		ctx.drawImage(small, 0, 0, canvas.width, canvas.height);
		const gap = height / rows.length >= 6 ? Math.round(scale) : 0; // rows stand apart where there is room
		for (let y = 1; gap && y < rows.length; y++) ctx.clearRect(0, Math.round((y * canvas.height) / rows.length), canvas.width, gap);
	}
	function say(step) {
		const values = rows.map((r, i) => [cores[i], r[step]]).filter(([, v]) => v !== null);
		if (!values.length) return '';
		const [core, busy] = row < 0 ? values.reduce((a, b) => (b[1] > a[1] ? b : a)) : [cores[row], rows[row][step]];
		return `${row < 0 ? 'busiest: ' : ''}core ${core} ${busy === null ? 'unknown' : `${Math.round(busy)} %`}`;
	}
	function cursor(t, pinned) {
		at = t;
		line.hidden = t === null || !range || t < range.start || t > range.end;
		line.classList.toggle('pinned', Boolean(pinned));
		if (!line.hidden) line.style.left = `${placeOf(t)}px`;
		const step = line.hidden ? -1 : Math.min(rows[0].length - 1, Math.floor((t - range.start) / range.step));
		readout.textContent = step < 0 ? '' : `${clock(new Date(range.start + step * range.step))} ${say(step)}`;
	}
	function show(answer) {
		if (!card.node.isConnected) return;
		card.body.hidden = false;
		[range, rows] = answer;
		figure.setAttribute('aria-label', `${title}: ${describe(cores, rows) || 'no samples in this range'}. Arrow keys move through time and cores, Enter keeps the moment.`);
		draw();
		if (!leave) leave = joinCursors({ cursor });
		cursor(at, line.classList.contains('pinned'));
	}
	async function fetchAll() {
		const wanted = grid(POINTS), answer = await samples(keys, wanted, 'avg');
		return [wanted, filled(keys.map((key) => answer.get(key).avg))];
	}
	function refresh() {
		waiting = !seen;
		return seen ? card.load(fetchAll(), show) : Promise.resolve(null);
	}

	const rowAt = (y) => Math.max(0, Math.min(cores.length - 1, Math.floor((y / height) * cores.length)));
	figure.addEventListener('pointermove', (e) => {
		const box = figure.getBoundingClientRect(), x = e.clientX - box.left;
		if (!range || x < LEFT) return;
		row = rowAt(e.clientY - box.top);
		const t = Math.min(timeAt(x), range.end), same = t === at;
		moveCursors(t);
		if (same) cursor(t);
	});
	const left = () => {
		row = -1;
		moveCursors(null);
	};
	figure.addEventListener('pointerleave', left);
	figure.addEventListener('blur', left);
	figure.addEventListener('keydown', (e) => {
		if (!range) return;
		const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key], by = { ArrowUp: -1, ArrowDown: 1 }[e.key];
		readout.setAttribute('aria-live', 'polite');
		if (by) row = Math.max(0, Math.min(cores.length - 1, row + by));
		if (step || by) {
			const t = (at ?? range.end - range.step) + (step || 0) * range.step;
			moveCursors(Math.max(range.start, Math.min(range.end - 1, t)));
			cursor(at);
		} else if (e.key === 'Enter' && at !== null) pinMoment(at);
		else if (e.key === 'Escape') {
			moveCursors(null);
			pinMoment(null);
		} else return;
		e.preventDefault();
	});
	row = -1;
	dragToZoom(figure, (x) => Math.min(timeAt(x), range.end));

	const sight = new IntersectionObserver(([entry]) => {
		seen = entry.isIntersecting;
		if (seen && waiting) refresh().catch(() => {});
	}, { rootMargin: '200px' });
	sight.observe(card.node);
	const resized = new ResizeObserver(draw);
	resized.observe(figure);
	dark.addEventListener('change', draw);
	return {
		node: card.node, refresh, note: card.note,
		stop() {
			sight.disconnect();
			resized.disconnect();
			dark.removeEventListener('change', draw);
			if (leave) leave();
		},
	};
}
