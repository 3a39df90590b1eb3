// The timeline: every event of the range, newest first. Only the rows in sight are in the document, so ten thousand scroll like ten.
import { ask } from './api.js';
import { h } from './dom.js';
import { chartLink } from './explore.js';
import { clock, dateForm, when, words } from './format.js';
import { panel } from './panel.js';
import { setInAddress, setTimeRange, timeRange } from './range.js';

const PAGE = 1000; // events asked for at once
const SPARE = 8; // rows beside those in sight
const SEVERITIES = ['info', 'warning', 'critical'];
const KINDS = ['start', 'stop', 'config', 'data_loss', 'store', 'run_failed', 'threshold', 'change_point', 'anomaly', 'tier_escalation',
	'alert', 'cascade', 'drift', 'training', 'note'];
const AROUND_MS = 15 * 60e3; // what "around it" shows on both sides
const OF_A_SERIES = ['alert', 'change_point', 'anomaly', 'threshold', 'drift']; // kinds whose subject is a series
const TONES = { info: '', warning: 'warn', critical: 'bad' };

const dayOf = (event) => new Date(event.t * 1000).toDateString();
const dayText = dateForm({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

const headed = (name) => words(name).replace(/^./, (c) => c.toUpperCase());

/** Days become rows of their own between the events. */
function withDays(events) {
	const rows = [];
	let day = '';
	for (const event of events) {
		if (dayOf(event) !== day) rows.push({ day: dayText(event.t * 1000) });
		day = dayOf(event);
		rows.push(event);
	}
	return rows;
}

function detailOf(event) {
	const fields = Object.entries(event.detail && typeof event.detail === 'object' ? event.detail : {}).filter(([name]) => name !== 'severity');
	const about = OF_A_SERIES.includes(event.kind) && event.subject.includes('.') ? chartLink(event.subject) : event.subject || '–';
	const all = [['Time', when(event.time)], ['Kind', words(event.kind)], ['Severity', event.severity], ['About', about], ...fields];
	const t = event.t * 1000;
	return h('div', { class: 'event-detail' }, h('p', null, event.title),
		h('dl', null, all.map(([name, value]) => h('div', null, h('dt', null, headed(name)),
			h('dd', null, value instanceof Node ? value : typeof value === 'object' ? JSON.stringify(value) : String(value))))),
		h('button', { type: 'button', class: 'act plain', click: () => setTimeRange({ start: t - AROUND_MS, end: t + AROUND_MS }) }, 'Show the time around it'));
}

/** A list of rows of one height. rows: setRows(rows); row(row, index) → element. near(): the end comes into sight. */
function windowed(box, rowOf, near) {
	const spacer = h('div', { class: 'spacer' });
	let rows = [], height = 0, first = -1, last = -1, asked = false;
	box.append(spacer);
	function measure() {
		const probe = rowOf(rows[0], 0);
		spacer.append(probe);
		height = probe.getBoundingClientRect().height || 30;
		probe.remove();
	}
	function draw(force) {
		asked = false;
		if (!rows.length || !box.clientHeight) return;
		if (!height) measure();
		const from = Math.max(0, Math.floor(box.scrollTop / height) - SPARE);
		const to = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + SPARE);
		if (to >= rows.length - SPARE) near();
		if (!force && from === first && to === last) return;
		const kept = new Map([...spacer.children].map((e) => [Number(e.dataset.at), e]));
		[first, last] = [from, to];
		for (const [i, element] of kept) {
			if (force || i < from || i >= to) {
				element.remove();
				kept.delete(i);
			}
		}
		let next = spacer.firstChild; // those that stay are not touched: moving one means laying it out again
		for (let i = from; i < to; i++) {
			if (kept.has(i)) {
				next = kept.get(i).nextSibling;
				continue;
			}
			const element = rowOf(rows[i], i);
			element.dataset.at = i;
			element.style.top = `${i * height}px`;
			spacer.insertBefore(element, next);
		}
	}
	function soon() {
		if (!asked) requestAnimationFrame(() => draw(false));
		asked = true;
	}
	box.addEventListener('scroll', soon, { passive: true });
	new ResizeObserver(() => {
		height = 0;
		setRows(rows);
	}).observe(box);
	function setRows(next) {
		rows = next;
		if (rows.length && !height && box.clientHeight) measure();
		spacer.style.height = `${rows.length * (height || 30)}px`;
		box.style.setProperty('--rows', rows.length);
		draw(true);
	}
	return {
		setRows,
		height: () => height,
		show(i) {
			const top = i * height;
			if (top < box.scrollTop) box.scrollTop = top;
			else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
			draw(true);
		},
	};
}

function mount(root) {
	const query = new URLSearchParams(location.search);
	const card = panel('Events', { class: 'wide timeline' });
	const choose = (label, name, values) => h('select', { 'aria-label': label, name }, h('option', { value: '' }, `Any ${name}`),
		values.map((v) => h('option', { value: v, selected: query.get(name) === v }, words(v))));
	const kind = choose('Kind of event', 'kind', KINDS), severity = choose('Least severity', 'severity', SEVERITIES);
	const search = h('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search in events', value: query.get('search') || '' });
	const said = h('span', { class: 'said', role: 'status' });
	const fresh = h('button', { type: 'button', class: 'act fresh', hidden: true });
	const box = h('div', { class: 'events', tabindex: 0, role: 'listbox', 'aria-label': 'Events, newest first' });
	const detail = h('div', { 'aria-live': 'polite' });
	const nothing = h('p', { class: 'empty', hidden: true });
	card.body.replaceChildren(h('div', { class: 'filters' }, kind, severity, search, said), nothing, h('div', { class: 'events-hold' }, box, fresh), detail);

	let events = [], rows = [], more = false, loading = false, chosen = null, unseen = 0, asked = 0;

	const matches = (e) => (!kind.value || e.kind === kind.value) && SEVERITIES.indexOf(e.severity) >= SEVERITIES.indexOf(severity.value) &&
		(!search.value || `${e.title} ${e.subject}`.toLowerCase().includes(search.value.toLowerCase()));

	function rowOf(row, i) {
		if (row.day) return h('div', { class: 'event day', role: 'presentation' }, row.day);
		return h('div', { class: `event ${row === chosen ? 'chosen' : ''}`, role: 'option', id: `event-${row.id}`, 'aria-selected': String(row === chosen),
			'aria-setsize': more ? -1 : rows.length, 'aria-posinset': i + 1, title: row.title },
		h('time', { datetime: row.time }, clock(new Date(row.t * 1000))), h('span', { class: `dot ${TONES[row.severity] || ''}`, 'aria-hidden': 'true' }),
		h('span', { class: 'kind' }, words(row.kind), h('span', { class: 'unseen' }, ` ${row.severity}`)), h('span', { class: 'what' }, row.title));
	}
	const view = windowed(box, rowOf, () => nextPage());

	function draw() {
		const shown = events.filter(matches);
		rows = withDays(shown);
		nothing.hidden = shown.length > 0 || more;
		nothing.textContent = events.length ? 'No event matches.' : `No events: ${timeRange().text}.`;
		box.hidden = !shown.length;
		said.textContent = shown.length ? `${shown.length}${more ? '+' : ''} ${shown.length === 1 ? 'event' : 'events'}` : '';
		view.setRows(rows);
	}
	function page(until, before) {
		const { start } = timeRange();
		return ask(`/api/events?limit=${PAGE}&since=${new Date(start).toISOString()}${until ? `&until=${new Date(until).toISOString()}` : ''}` +
			`${before ? `&before=${before}` : ''}${kind.value ? `&kind=${kind.value}` : ''}`);
	}
	/* Events after the first page are fetched when the reader comes near the end. */
	async function nextPage() {
		if (!more || loading) return;
		loading = true;
		const round = asked, oldest = events[events.length - 1];
		try {
			const answer = await page(oldest.t * 1000 + 1, oldest.id);
			if (round !== asked) return;
			events = events.concat(answer.events);
			more = Boolean(answer.more && answer.events.length);
			draw();
		} catch {
			more = false; // the frame tells when nobody answers
		} finally {
			loading = false;
		}
	}
	function showFirst(answer) {
		const newest = answer.events || [];
		const held = events.length ? events[0].id : 0;
		const known = newest.findIndex((e) => e.id === held);
		if (known >= 0 && events.length >= newest.length) { // what stands below is still true: only the beginning is new
			prepend(newest.slice(0, known));
			return;
		}
		asked++;
		events = newest;
		more = Boolean(answer.more);
		draw();
	}
	function prepend(newer) {
		if (!newer.length) return;
		const before = rows.length;
		events = newer.concat(events);
		const scrolled = box.scrollTop > 0;
		draw();
		if (!scrolled) return;
		box.scrollTop += (rows.length - before) * view.height(); // what the reader looks at stays where it is
		unseen += newer.filter(matches).length;
		fresh.textContent = `${unseen} new ${unseen === 1 ? 'event' : 'events'}`;
		fresh.hidden = !unseen;
	}
	const refresh = () => {
		const { end, live } = timeRange();
		return Promise.allSettled([card.load(page(live ? 0 : end, 0), showFirst)]);
	};
	function again() {
		setInAddress({ kind: kind.value, severity: severity.value, search: search.value });
		events = [];
		asked++;
		refresh();
	}
	function choose1(event, i) {
		chosen = event === chosen ? null : event;
		detail.replaceChildren(...(chosen ? [detailOf(chosen)] : []));
		box.setAttribute('aria-activedescendant', chosen ? `event-${chosen.id}` : '');
		view.show(i);
	}
	function step(by) {
		let i = chosen ? rows.indexOf(chosen) + by : 0;
		i = Math.min(Math.max(i, 0), rows.length - 1);
		while (rows[i] && rows[i].day) i += by < 0 && i > 0 ? -1 : 1;
		if (rows[i] && rows[i] !== chosen) choose1(rows[i], i);
	}
	box.addEventListener('click', (e) => {
		const row = e.target.closest('.event');
		if (row && !rows[row.dataset.at].day) choose1(rows[row.dataset.at], Number(row.dataset.at));
	});
	box.addEventListener('keydown', (e) => {
		const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length }[e.key];
		if (by) step(by);
		else if (e.key === 'Escape' && chosen) choose1(chosen, rows.indexOf(chosen));
		else return;
		e.preventDefault();
	});
	box.addEventListener('scroll', () => {
		if (box.scrollTop > 0) return;
		unseen = 0;
		fresh.hidden = true;
	}, { passive: true });
	fresh.addEventListener('click', () => { box.scrollTop = 0; });
	kind.addEventListener('change', again);
	severity.addEventListener('change', () => { setInAddress({ severity: severity.value }); draw(); });
	search.addEventListener('input', () => { setInAddress({ search: search.value }); draw(); });

	root.append(card.node);
	return {
		refresh,
		event(event) {
			if (timeRange().live && (!kind.value || event.kind === kind.value) && !(events.length && events[0].id >= event.id)) prepend([event]);
		},
	};
}

export default {
	id: 'timeline', nav: 'Timeline', title: 'Timeline', lead: 'What happened, newest first', topics: ['events'], ranged: true, mount,
};
