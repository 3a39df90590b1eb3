// Alerts: what needs somebody now, who has it, and what went by. Acknowledging and silencing happen here.
import { ask, tell } from './api.js';
import { fillRows, h, keepFocus, table } from './dom.js';
import { NONE, number, severity, when } from './format.js';
import { throttle } from './live.js';
import { panel } from './panel.js';
import { rulesCard } from './rules.js';

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

const stateTone = { firing: 'bad', pending: 'warn', acknowledged: 'calm', silenced: 'calm', resolved: 'good' };
const stateSign = { firing: '●', pending: '◔', acknowledged: '✓', silenced: '–', resolved: '✓' };

const badge = (state) => h('span', { class: `badge ${stateTone[state] || ''}` }, `${stateSign[state] || ''} ${state}`);

function whoCell(alert) {
	const said = alert.silenced || alert.acknowledged;
	if (!said) return NONE;
	return h('span', { title: said.why || null }, said.who, said.why ? `: ${said.why}` : '',
		said.until ? h('span', { class: 'until' }, ' until ', when(said.until)) : null);
}

function nameCell(alert) {
	return h('span', { class: 'alert-name' }, h('strong', null, alert.name), h('code', { title: alert.series }, alert.series),
		h('span', { class: 'condition' }, alert.event ? alert.reason || alert.event : alert.condition));
}

const activeColumns = [{ title: 'State', class: 'state' }, { title: 'Severity', class: 'sev' }, { title: 'Alert', class: 'what' },
	{ title: 'Value', class: 'num' }, { title: 'Since', class: 'time' }, { title: 'Who', class: 'who' }, { title: 'Actions', class: 'acts' }];

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
		return h('button', { type: 'button', class: 'act', 'data-key': `${what}-${alert.id}`, 'aria-label': `${verb} ${alert.name} on ${alert.series}`,
			click: () => open(alert, what, until, verb) }, verb);
	}
	function actions(alert) {
		const firing = alert.state === 'firing';
		return h('span', { class: 'buttons' }, firing ? button(alert, 'ack', '', 'Acknowledge') : null,
			alert.state !== 'silenced' ? button(alert, 'silence', '1h', 'Silence') : null);
	}
	const row = (a) => [badge(a.state), severity(a.severity), nameCell(a), number(a.value), when(a.since), whoCell(a), actions(a)];
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

const silenceColumns = [{ title: 'Silenced', class: 'what' }, { title: 'Who', class: 'who' }, { title: 'From', class: 'time' }, { title: 'Until', class: 'time' }, { title: 'Actions', class: 'acts' }];

function matchText(match) {
	const labels = Object.entries((match && match.labels) || {}).map(([k, v]) => `${k}=${v}`);
	return [match?.name, match?.series, ...labels].filter(Boolean).join(' · ') || NONE;
}

function showSilences(card, answer, reload) {
	const silences = list(answer.silences).filter((s) => s.state !== 'ended');
	card.node.hidden = !silences.length;
	const target = table('Silences and maintenance windows', silenceColumns);
	fillRows(target, silenceColumns, silences.map((s) => [
		h('span', { class: 'alert-name' }, h('strong', null, matchText(s.match)), h('span', { class: 'condition' }, s.state)),
		`${s.who}${s.why ? `: ${s.why}` : ''}`, when(s.from), when(s.until),
		h('button', { type: 'button', class: 'act', 'data-key': `end-${s.id}`, 'aria-label': `End the silence of ${matchText(s.match)}`,
			click: () => tell('DELETE', `/api/alerts/silences/${s.id}`).then(reload, reload) }, 'End'),
	]));
	keepFocus(card.body, () => card.body.replaceChildren(h('div', { class: 'scroll' }, target)));
}

function mount(root) {
	const active = activeCard(refresh);
	const silences = panel('Silences and Maintenance', { class: 'wide alerts' });
	const resolved = panel('Resolved in the Last Day', { class: 'half alerts' });
	const rules = rulesCard(refresh);
	silences.node.hidden = true;
	root.append(active.card.node, silences.node, resolved.node, rules.card.node);

	function refresh() {
		const alerts = ask('/api/alerts?limit=1000'), known = ask('/api/alerts/rules');
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
