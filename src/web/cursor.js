// The moment that is looked at, for all charts at once: where the pointer is, else what a click has pinned. And dragging, which chooses a range.
import { resetTimeRange, setInAddress, setTimeRange, timeRange } from './range.js';

const DRAG_MIN = 6; // pixels; less is a click

const charts = new Set(); // {cursor(t, pinned)}: shows a time in ms, or null
const listeners = new Set();

function fromAddress() {
	const t = Date.parse(new URLSearchParams(location.search).get('at'));
	return Number.isNaN(t) ? null : t;
}

let hovered = null, pinned = fromAddress();

function show() {
	const t = hovered ?? pinned;
	for (const chart of charts) chart.cursor(t, hovered === null && pinned !== null);
	for (const tell of listeners) tell(t);
}

/** The time looked at in ms, or null. */
export const moment = () => hovered ?? pinned;
export const isPinned = () => pinned !== null;

/** Where the pointer is; null: nowhere. */
export function moveCursors(t) {
	if (t === hovered) return;
	hovered = t;
	show();
}

/** A click pins the moment, so that it stays when the pointer leaves; it goes into the address. null: back to the present. */
export function pinMoment(t) {
	pinned = t;
	setInAddress({ at: t === null ? '' : new Date(t).toISOString() });
	show();
}

/** tell(t) whenever another moment is looked at, until the answered function is called. */
export function onMoment(tell) {
	listeners.add(tell);
	return () => listeners.delete(tell);
}

/** Until the answered function is called. */
export function joinCursors(chart) {
	charts.add(chart);
	if (pinned !== null) chart.cursor(pinned, true);
	return () => charts.delete(chart);
}

/** Dragging with a mouse chooses a range; a finger goes on scrolling the page. A click pins, once more it frees. timeAt(x) → ms. */
export function dragToZoom(figure, timeAt) {
	const shade = document.createElement('div');
	shade.className = 'shade';
	let from = null, dragged = false;
	const place = (e) => Math.min(Math.max(e.clientX - figure.getBoundingClientRect().left, 0), figure.clientWidth);
	figure.addEventListener('pointerdown', (e) => {
		dragged = false;
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
		dragged = ends[1] - ends[0] >= DRAG_MIN;
		if (dragged) setTimeRange({ start: timeAt(ends[0]), end: timeAt(ends[1]) });
	});
	figure.addEventListener('pointercancel', () => {
		from = null;
		shade.remove();
	});
	figure.addEventListener('click', (e) => {
		if (dragged) return;
		const t = timeAt(place(e)), { start, end } = timeRange();
		if (t < start || t > end) return;
		pinMoment(pinned !== null && Math.abs(pinned - t) < (end - start) / 100 ? null : t);
	});
	figure.addEventListener('dblclick', resetTimeRange);
}
