// Alerts: what needs somebody now, who has it, and what went by. Acknowledging and silencing happen here.
import { ask, tell } from './api.js';
import { fillRows, h, keepFocus, table } from './dom.js';
import { chartLink } from './explore.js';
import { NONE, severity, when, words } from './format.js';
import { throttle } from './live.js';
import { panel } from './panel.js';
import { rulesCard } from './rules.js';
import { ofSeries } from './units.js';

const LIVE_MS = 1000;
const RESOLVED_SHOWN = 10;
const WHO_KEY = 'auspex-who'; // the name typed last, so that nobody types it twice at night

const list = (v) => (Array.isArray(v) ? v : []);

function remembered() {
	try {
		return localStorage.getItem(WHO_KEY) || '';
	} catch {
		return ''; // storage may be forbidden
	}
}

function remember(who) {
	try {
		localStorage.setItem(WHO_KEY, who);
	} catch {
		// then it is typed again
	}
}

/** Who, why, until when. done(words) answers a promise; closed() is called at the end, either way. */
function wordForm(title, verb, until, done, closed) {
	const error = h('p', { class: 'error', role: 'alert' });
	const who = h('input', { name: 'who', required: true, maxlength: 100, autocomplete: 'username', value: remembered() });
	const why = h('input', { name: 'why', maxlength: 500, autocomplete: 'off' });
	const end = h('input', { name: 'until', value: until, required: until !== '', autocomplete: 'off', size: 10,
		placeholder: 'until resolved', title: 'A duration such as 2h, or a time such as 2026-11-23T08:00:00Z' });
	const submit = h('button', { type: 'submit', class: 'act' }, verb);
	async function send(event) {
		event.preventDefault();
		submit.disabled = true;
		error.textContent = '';
		try {
			await done({ who: who.value, why: why.value, ...(end.value.trim() ? { until: end.value } : {}) });
			remember(who.value);
			closed();
		} catch (e) {
			error.textContent = e.kind === 'key' ? 'This needs a key: sign in first.' : e.message;
		} finally {
			submit.disabled = false;
		}
	}
	const field = (name, input) => h('label', null, h('span', null, name), input);
	const form = h('form', { class: 'word', submit: send, 'aria-label': title, keydown: (e) => e.key === 'Escape' && closed() },
		h('p', { class: 'word-title' }, title), field('Who', who), field('Why', why), field('Until', end),
		submit, h('button', { type: 'button', class: 'act plain', click: closed }, 'Cancel'), error);
	return { form, focus: () => (who.value ? why : who).focus() };
}

const stateTone = { firing: 'bad', pending: 'warn', acknowledged: 'calm', silenced: '', resolved: 'good' };

const badge = (state) => h('span', { class: `badge ${state} ${stateTone[state] || ''}` }, state);

function whoCell(alert) {
	const said = alert.silenced || alert.acknowledged;
	if (!said) return '';
	return h('span', { title: said.why || null }, said.who, said.why ? `: ${said.why}` : '',
		said.until ? h('span', { class: 'until' }, ' until ', when(said.until)) : null);
}

/** "2 firing, 1 acknowledged": the section in a sentence. */
function summary(alerts) {
	const parts = ['firing', 'pending', 'acknowledged', 'silenced'].map((state) => [state, alerts.filter((a) => a.state === state).length]).filter(([, n]) => n);
	if (!parts.length) return ['Nothing needs anybody now'];
	return parts.flatMap(([state, n], i) => [i ? ', ' : '', h('span', { class: stateTone[state] }, `${n} ${state}`)]);
}

function nameCell(alert) {
	return h('span', { class: 'alert-name' }, h('strong', null, alert.name), alert.event ? h('code', null, alert.series) : chartLink(alert.series),
		h('span', { class: 'condition' }, alert.event ? alert.reason || words(alert.event) : alert.condition));
}

const activeColumns = [{ title: 'State', class: 'state' }, { title: 'Severity', class: 'sev' }, { title: 'Alert', class: 'what' },
	{ title: 'Value', class: 'num' }, { title: 'Since', class: 'time t-since' }, { title: 'Who', class: 'who' }, { title: 'Actions', class: 'acts' }];

function activeCard(reload) {
	const card = panel('Active Alerts', { class: 'wide alerts' });
	const place = h('div', { class: 'word-place' });
	const rows = h('div', { class: 'scroll' });
	let openedBy = null;

	function close() {
		place.replaceChildren();
		card.node.querySelector(`[data-key="${openedBy}"]`)?.focus();
		openedBy = null;
	}
	function open(alert, what, until, verb) {
		openedBy = `${what}-${alert.id}`;
		const { form, focus } = wordForm(`${verb} “${alert.name}” on ${alert.series}`, verb, until,
			(words) => tell('POST', `/api/alerts/${alert.id}/${what}`, words).then(reload), close);
		place.replaceChildren(form);
		focus();
	}
	function button(alert, what, until, verb) {
		return h('button', { type: 'button', class: what === 'ack' ? 'act' : 'act plain', 'data-key': `${what}-${alert.id}`, 'aria-label': `${verb} ${alert.name} on ${alert.series}`,
			click: () => open(alert, what, until, verb) }, verb);
	}
	function actions(alert) {
		const firing = alert.state === 'firing';
		if (alert.state === 'silenced') return '';
		return h('span', { class: 'buttons' }, firing ? button(alert, 'ack', '', 'Acknowledge') : null, button(alert, 'silence', '1h', 'Silence'));
	}
	const row = (a) => [badge(a.state), severity(a.severity), nameCell(a), ofSeries(a.series, a.value), when(a.since), whoCell(a), actions(a)];
	return {
		card,
		show(answer, rules) {
			const active = list(answer.alerts).filter((a) => a.state !== 'resolved');
			keepFocus(rows, () => {
				if (!active.length) {
					rows.replaceChildren(h('p', { class: 'empty' }, 'No alerts: nothing that a rule watches for is wrong.'),
						rules ? '' : h('p', { class: 'hint' }, 'There are no rules yet. Make one below, or write it under alerts: in the configuration file.'));
					return;
				}
				const target = table('Alerts that are pending or firing', activeColumns);
				fillRows(target, activeColumns, active.map(row));
				rows.replaceChildren(target);
			});
			if (rows.parentNode !== card.body) card.body.replaceChildren(place, rows);
		},
	};
}

const resolvedColumns = [{ title: 'Resolved', class: 'time t-resolved' }, { title: 'Severity', class: 'sev' }, { title: 'Alert', class: 'what' }, { title: 'Since', class: 'time t-since' }];

function showResolved(card, answer) {
	const gone = list(answer.alerts).filter((a) => a.state === 'resolved').slice(0, RESOLVED_SHOWN);
	if (!gone.length) {
		card.body.replaceChildren(h('p', { class: 'empty' }, 'None in the last day.'));
		return;
	}
	const target = table('Alerts resolved within the last day', resolvedColumns);
	fillRows(target, resolvedColumns, gone.map((a) => [when(a.resolved), severity(a.severity), nameCell(a), when(a.fired || a.since)]));
	card.body.replaceChildren(h('div', { class: 'scroll' }, target));
}

const silenceColumns = [{ title: 'What', class: 'what' }, { title: 'Who', class: 'who' }, { title: 'Until', class: 'time t-until' }, { title: h('span', { class: 'unseen' }, 'Actions'), class: 'acts' }];

function matchText(match) {
	const labels = Object.entries((match && match.labels) || {}).map(([k, v]) => `${k}=${v}`);
	return [match?.name, match?.series, ...labels].filter(Boolean).join(' · ') || NONE;
}

function showSilences(card, answer, reload) {
	const silences = list(answer.silences).filter((s) => s.state !== 'ended');
	card.node.hidden = !silences.length;
	const target = table('Silences and maintenance windows', silenceColumns);
	fillRows(target, silenceColumns, silences.map((s) => [
		h('span', { class: 'alert-name' }, h('strong', null, matchText(s.match)),
			h('span', { class: 'condition' }, s.state === 'active' ? 'since ' : 'planned from ', when(s.from))),
		`${s.who}${s.why ? `: ${s.why}` : ''}`, when(s.until),
		h('button', { type: 'button', class: 'act plain', 'data-key': `end-${s.id}`, 'aria-label': `End the silence of ${matchText(s.match)}`,
			click: () => tell('DELETE', `/api/alerts/silences/${s.id}`).then(reload, card.fail) }, 'End'),
	]));
	keepFocus(card.body, () => card.body.replaceChildren(h('div', { class: 'scroll' }, target)));
}

function mount(root, frame) {
	const active = activeCard(refresh);
	const silences = panel('Silences and Maintenance', { class: 'alerts' });
	const resolved = panel('Resolved in the Last Day', { class: 'alerts' });
	const rules = rulesCard(refresh);
	silences.node.hidden = true;
	root.append(active.card.node, h('div', { class: 'column half' }, silences.node, resolved.node), rules.card.node);

	function sum(answer) {
		const alerts = list(answer.alerts);
		frame.lead(...summary(alerts));
		frame.badge(alerts.filter((a) => a.state === 'firing').length);
	}

	function refresh() {
		const alerts = ask('/api/alerts?limit=1000'), known = ask('/api/alerts/rules');
		alerts.then(sum, () => {});
		const both = Promise.all([alerts, known]);
		return Promise.allSettled([
			active.card.load(both, ([a, r]) => active.show(a, list(r.rules).length)),
			resolved.load(alerts, (a) => showResolved(resolved, a)),
			rules.card.load(known, rules.show),
			silences.load(ask('/api/alerts/silences'), (a) => showSilences(silences, a, refresh)),
		]);
	}
	const soon = throttle(LIVE_MS, refresh);
	return { refresh, event: (e) => { if (e && e.kind === 'alert' && !document.hidden) soon(); } };
}

export default {
	id: 'alerts', nav: 'Alerts', title: 'Alerts', lead: 'What needs somebody now',
	topics: [], // events come to every section
	mount,
};
