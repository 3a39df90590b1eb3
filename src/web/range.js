// The range of time that charts and lists show. It lives in the address, so that a link shows the same and "back" goes back:
// ?last=6h, or ?from=…&to=… in RFC 3339.
import { h } from './dom.js';
import { clock, dayMonth } from './format.js';

const MS = { m: 60e3, h: 3600e3, d: 86400e3 };
const CHOICES = ['15m', '1h', '6h', '24h', '7d'];
const DEFAULT = document.body.dataset.sections === '*' ? '1h' : '24h'; // a host is looked at by the hour, retries alone by the day
const LONGEST = 366 * MS.d;
const SHORTEST = 10e3;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

const listeners = new Set();

function spanOf(last) {
	const parts = /^(\d{1,4})([mhd])$/.exec(last || '');
	const ms = parts ? parts[1] * MS[parts[2]] : 0;
	return ms >= MS.m && ms <= LONGEST ? ms : 0;
}

function fromAddress() {
	const query = new URLSearchParams(location.search);
	const start = Date.parse(query.get('from')), end = Date.parse(query.get('to'));
	if (end - start >= 1000 && end - start <= LONGEST) return { start, end };
	return { last: spanOf(query.get('last')) ? query.get('last') : DEFAULT };
}

let choice = fromAddress();

/** "20 Nov 10:00 – 11:00"; seconds only where minutes would not tell. */
function text(start, end) {
	const from = new Date(start), to = new Date(end), digits = end - start < MS.h ? 8 : 5;
	return `${dayMonth(from)} ${clock(from).slice(0, digits)} – ${from.toDateString() === to.toDateString() ? '' : `${dayMonth(to)} `}${clock(to).slice(0, digits)}`;
}

/** {start, end} in ms; live: the end is now; text for people. */
export function timeRange() {
	if (choice.last) {
		const end = Date.now();
		return { start: end - spanOf(choice.last), end, live: true, text: `last ${choice.last}` };
	}
	return { ...choice, live: false, text: text(choice.start, choice.end) };
}

/** The range cut into at most `points` steps of a round length, both ends on whole steps: {start, end, step} in ms. */
export function grid(points) {
	const { start, end } = timeRange();
	const step = (STEPS.find((s) => s * points * 1000 >= end - start) || STEPS[STEPS.length - 1]) * 1000;
	return { start: Math.floor(start / step) * step, end: Math.ceil(end / step) * step, step };
}

/** Changes parameters of the address; '' or null takes one out, a list puts it there several times. */
export function setInAddress(values, push) {
	const url = new URL(location.href);
	for (const [name, value] of Object.entries(values)) {
		url.searchParams.delete(name);
		for (const one of [value].flat()) if (one) url.searchParams.append(name, one);
	}
	history[push ? 'pushState' : 'replaceState'](null, '', url);
}

function announce() {
	for (const tell of listeners) tell(timeRange());
}

/** {last: '6h'} or {start, end} in ms. */
export function setTimeRange(next) {
	if (next.last) {
		choice = { last: spanOf(next.last) ? next.last : DEFAULT };
	} else {
		const middle = (next.start + next.end) / 2, half = Math.min(Math.max(next.end - next.start, SHORTEST), LONGEST) / 2;
		choice = { start: Math.round(middle - half), end: Math.round(middle + half) };
	}
	setInAddress({
		last: choice.last === DEFAULT ? '' : choice.last,
		from: choice.last ? '' : new Date(choice.start).toISOString(),
		to: choice.last ? '' : new Date(choice.end).toISOString(),
	}, true);
	announce();
}

/** tell(range) after each change, until the answered function is called. */
export function onTimeRange(tell) {
	listeners.add(tell);
	return () => listeners.delete(tell);
}

/** The range that ends now and moves on with it. */
export function setLiveRange(ms) {
	const minutes = Math.max(1, Math.round(ms / MS.m));
	setTimeRange({ last: CHOICES.find((c) => spanOf(c) === minutes * MS.m) || (minutes < 1e4 ? `${minutes}m` : `${Math.round(minutes / 60)}h`) });
}

export const resetTimeRange = () => setTimeRange({ last: DEFAULT });

/** By factor around the middle; a live range that grows stays live where it can. */
export function zoomBy(factor) {
	const { start, end } = timeRange();
	const middle = (start + end) / 2, half = (end - start) * factor / 2;
	setTimeRange({ start: middle - half, end: Math.min(middle + half, Math.max(Date.now(), end)) });
}

/** By that part of its length; not beyond now. */
export function moveBy(part) {
	const { start, end } = timeRange();
	const by = (end - start) * part;
	if (end + by >= Date.now() && part > 0) setTimeRange({ start: Date.now() - (end - start), end: Date.now() });
	else setTimeRange({ start: start + by, end: end + by });
}

const pad = (date) => new Date(date - new Date(date).getTimezoneOffset() * MS.m).toISOString().slice(0, 19);

function ownForm(details) {
	const from = h('input', { type: 'datetime-local', step: 1, required: true }), to = h('input', { type: 'datetime-local', step: 1, required: true });
	const error = h('p', { class: 'error', role: 'alert' });
	function submit(event) {
		event.preventDefault();
		const start = new Date(from.value).getTime(), end = new Date(to.value).getTime();
		error.textContent = end > start ? '' : 'The end must come after the beginning.';
		if (!(end > start)) return;
		details.open = false;
		setTimeRange({ start, end });
	}
	details.addEventListener('toggle', () => {
		const { start, end } = timeRange();
		from.value = pad(start);
		to.value = pad(end);
	});
	return h('form', { submit, class: 'range-own' }, h('label', null, 'From', from), h('label', null, 'To', to),
		h('button', { type: 'submit', class: 'act' }, 'Show'), error);
}

/** The bar of choices. */
export function mountRangeBar(root) {
	const button = (name, title, click, more) => h('button', { type: 'button', title, 'aria-label': title, click, ...more }, name);
	const choices = CHOICES.map((last) => button(last, `Last ${last}`, () => setTimeRange({ last }), { 'data-last': last }));
	const shown = h('summary', { title: 'Choose the beginning and the end' });
	const details = h('details', { class: 'range-more' }, shown);
	details.append(ownForm(details));
	details.addEventListener('keydown', (e) => { if (e.key === 'Escape') details.open = false; });
	root.replaceChildren(
		h('div', { class: 'range-group', role: 'group', 'aria-label': 'Range of time' }, choices),
		h('div', { class: 'range-group', role: 'group', 'aria-label': 'Move the range' },
			button('‹', 'Earlier', () => moveBy(-0.5)), button('›', 'Later', () => moveBy(0.5)),
			button('−', 'Zoom out', () => zoomBy(2)), button('+', 'Zoom in', () => zoomBy(0.5))),
		details);
	function show() {
		for (const b of choices) b.setAttribute('aria-pressed', String(b.dataset.last === choice.last));
		const { start, live, text: said } = timeRange();
		shown.textContent = live ? `${dayMonth(new Date(start))} ${clock(new Date(start)).slice(0, 5)} – now` : said;
	}
	setInterval(show, 30e3); // a range that ends now moves on
	onTimeRange(show);
	show();
}

window.addEventListener('popstate', () => {
	const before = JSON.stringify(choice);
	choice = fromAddress();
	if (JSON.stringify(choice) !== before) announce();
});
