// The range selector: a strip of the last days with the chosen range on it, to be moved, stretched or drawn anew.
import { ask } from './api.js';
import { colour } from './chart.js';
import { h } from './dom.js';
import { dateForm, dayMonth } from './format.js';
import { moveBy, onTimeRange, setLiveRange, setTimeRange, timeRange, zoomBy } from './range.js';

const DAY_MS = 86400e3;
const WHOLES = [1, 7, 31, 366, 3660].map((days) => days * DAY_MS); // lengths of the strip
const BARS = 140;
const EDGE = 8; // pixels on both sides of an end where the pointer takes it
const CLICK = 3; // pixels; less is no drag
const REFRESH_MS = 60e3;

/** Runs per step as {t → n}; a counter's increase, so the first step says nothing. */
async function increases(key, start, end, step) {
	const query = `key=${key}&start=${new Date(start).toISOString()}&end=${new Date(end).toISOString()}&step=${step / 1000}s`;
	const { points } = await ask(`/api/series/query?${query}`);
	return points.slice(1).map((p, i) => ({ t: p.t * 1000, n: Math.max(0, p.max - points[i].max) }));
}

/** The strip: as long as it must be to hold the chosen range with room around it, and ending now. */
function wholeOf({ start, end }) {
	const now = Date.now();
	const length = WHOLES.find((ms) => ms >= 2 * (end - start) && now - ms <= start) || WHOLES[WHOLES.length - 1];
	return { start: now - length, end: now };
}

const weekday = dateForm({ weekday: 'short', day: 'numeric' }), month = dateForm({ month: 'short' }), year = dateForm({ year: 'numeric' });

/** Where the strip is marked: [time, text], hours of a day, days of weeks, months of a year, years. */
function marksOf({ start, end }) {
	const days = (end - start) / DAY_MS, marks = [], date = new Date(start);
	date.setHours(0, 0, 0, 0);
	for (;;) {
		if (days <= 1) date.setHours(date.getHours() + 3);
		else date.setDate(date.getDate() + 1);
		if (date > end) return marks;
		if (date < start) continue;
		if (days <= 1) marks.push([date.getTime(), `${String(date.getHours()).padStart(2, '0')}:00`]);
		else if (days <= 7) marks.push([date.getTime(), weekday(date)]);
		else if (days <= 31 && date.getDay() === 1) marks.push([date.getTime(), dayMonth(date)]);
		else if (days <= 366 && days > 31 && date.getDate() === 1) marks.push([date.getTime(), month(date)]);
		else if (days > 366 && date.getDate() === 1 && date.getMonth() === 0) marks.push([date.getTime(), year(date)]);
	}
}

export function mountRangeSelector(root) {
	const canvas = h('canvas', { 'aria-hidden': 'true' });
	const chosen = h('div', { class: 'chosen', tabindex: 0, role: 'slider', 'aria-label': 'Range of time', 'aria-valuemin': 0, 'aria-valuemax': 100 });
	const strip = h('div', { class: 'selector', title: 'Runs, and those that failed. Drag the frame, its ends, or a new one.' }, canvas, chosen);
	let whole = wholeOf(timeRange()), shown = timeRange(), bars = [[], []], drag = null;

	const place = (t) => ((t - whole.start) / (whole.end - whole.start)) * strip.clientWidth;
	const timeAt = (x) => whole.start + (Math.min(Math.max(x, 0), strip.clientWidth) / strip.clientWidth) * (whole.end - whole.start);

	function frame({ start, end, text }) {
		const left = Math.max(0, place(start)), right = Math.min(strip.clientWidth, place(end));
		chosen.style.left = `${left}px`;
		chosen.style.width = `${Math.max(3, right - left)}px`;
		chosen.setAttribute('aria-valuenow', String(Math.round((right / Math.max(1, strip.clientWidth)) * 100)));
		if (text) chosen.setAttribute('aria-valuetext', text);
	}
	function draw() {
		const scale = devicePixelRatio || 1, ctx = canvas.getContext('2d');
		canvas.width = strip.clientWidth * scale;
		canvas.height = strip.clientHeight * scale;
		ctx.scale(scale, scale);
		const most = Math.max(1, ...bars[0].map((b) => b.n)), width = Math.max(1, strip.clientWidth / BARS - 1);
		ctx.font = `10.5px ${getComputedStyle(strip).fontFamily}`;
		let free = 0; // labels that would touch are left out
		for (const [t, text] of marksOf(whole)) {
			const x = Math.round(place(t));
			ctx.fillStyle = colour('--line');
			ctx.fillRect(x, 0, 1, strip.clientHeight);
			ctx.fillStyle = colour('--muted');
			const length = ctx.measureText(text).width;
			if (x < free || x + length + 6 > strip.clientWidth) continue;
			ctx.fillText(text, x + 5, 12);
			free = x + length + 14;
		}
		['--bar', '--bad-fill'].forEach((name, i) => {
			ctx.fillStyle = colour(name);
			for (const { t, n } of bars[i]) {
				const height = n > 0 ? Math.max(1.5, (n / most) * (strip.clientHeight - 8)) : 0;
				ctx.fillRect(place(t), strip.clientHeight - height, width, height);
			}
		});
		frame(shown);
	}
	async function refresh() {
		shown = timeRange();
		whole = wholeOf(shown);
		draw();
		const step = (whole.end - whole.start) / BARS;
		try {
			bars = await Promise.all(['retry.runs', 'retry.failed_runs'].map((key) => increases(key, whole.start, whole.end, step)));
		} catch {
			return; // the page says so elsewhere
		}
		draw();
	}

	function grip(x) {
		const left = place(shown.start), right = place(shown.end);
		if (Math.abs(x - right) <= EDGE && x > (left + right) / 2) return 'end';
		if (Math.abs(x - left) <= EDGE) return 'start';
		return x > left && x < right ? 'move' : 'new';
	}
	const cursors = { start: 'ew-resize', end: 'ew-resize', move: 'grab', new: 'crosshair' };
	const at = (e) => e.clientX - strip.getBoundingClientRect().left;
	function dragged(x) {
		const by = timeAt(x) - timeAt(drag.from), { start, end } = shown;
		if (drag.grip === 'start') return { start: Math.min(start + by, end), end: Math.max(start + by, end) };
		if (drag.grip === 'end') return { start: Math.min(start, end + by), end: Math.max(start, end + by) };
		if (drag.grip === 'new') return { start: Math.min(timeAt(drag.from), timeAt(x)), end: Math.max(timeAt(drag.from), timeAt(x)) };
		const shift = Math.min(by, whole.end - end);
		return { start: start + shift, end: end + shift };
	}
	strip.addEventListener('pointerdown', (e) => {
		if (e.button !== 0) return;
		drag = { from: at(e), grip: grip(at(e)) };
		strip.setPointerCapture(e.pointerId);
	});
	strip.addEventListener('pointermove', (e) => {
		if (drag) frame(dragged(at(e)));
		else strip.style.cursor = cursors[grip(at(e))];
	});
	strip.addEventListener('pointerup', (e) => {
		if (!drag) return;
		const range = dragged(at(e)), moved = Math.abs(at(e) - drag.from) >= CLICK;
		drag = null;
		if (!moved) frame(shown);
		else if (whole.end - range.end < (whole.end - whole.start) / BARS) setLiveRange(range.end - range.start);
		else setTimeRange(range);
	});
	strip.addEventListener('pointercancel', () => {
		drag = null;
		frame(shown);
	});
	chosen.addEventListener('keydown', (e) => {
		const does = { ArrowLeft: () => moveBy(-0.25), ArrowRight: () => moveBy(0.25), '+': () => zoomBy(0.5), '-': () => zoomBy(2) }[e.key];
		if (!does) return;
		e.preventDefault();
		does();
	});

	root.append(strip);
	onTimeRange(refresh);
	new ResizeObserver(draw).observe(strip);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
	setInterval(() => { if (!document.hidden && !drag) refresh(); }, REFRESH_MS);
	setTimeout(refresh, 500); // after the figures
}
