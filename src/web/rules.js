// The rules behind the alerts: those there are, and a form for a new one. Rules of the configuration file are changed there.
import { ask, tell } from './api.js';
import { fillRows, h, keepFocus, table } from './dom.js';
import { number, severity, words } from './format.js';
import { panel } from './panel.js';

const columns = [{ title: 'Rule', class: 'what' }, { title: 'Severity', class: 'sev' }, { title: 'Series', class: 'num n-series' },
	{ title: 'Active', class: 'num n-active' }, { title: h('span', { class: 'unseen' }, 'Actions'), class: 'acts' }];

const DOUBT_MS = 4000; // so long a second click removes a rule

// What a rule may ask of a series: its name here, and what it makes of the value typed in.
const CONDITIONS = {
	above: { title: 'is above', value: (v) => ({ above: Number(v) }) },
	below: { title: 'is below', value: (v) => ({ below: Number(v) }) },
	'rate-above': { title: 'grows per second by more than', value: (v) => ({ rate: { above: Number(v) } }) },
	'rate-below': { title: 'grows per second by less than', value: (v) => ({ rate: { below: Number(v) } }) },
	absent: { title: 'has been silent for', value: (v) => ({ absent: v }), duration: true },
};

function ruleForm(done, closed) {
	const error = h('p', { class: 'error', role: 'alert' });
	const field = (name, input) => h('label', null, h('span', null, name), input);
	const choice = (name, values) => h('select', { name }, Object.entries(values).map(([value, title]) => h('option', { value }, title)));
	const input = (name, more) => h('input', { name, autocomplete: 'off', ...more });
	const known = h('datalist', { id: 'known-series' });
	const name = input('name', { required: true, maxlength: 100 });
	const condition = choice('condition', Object.fromEntries(Object.entries(CONDITIONS).map(([key, c]) => [key, c.title])));
	const value = input('value', { required: true, size: 8, inputmode: 'decimal' });
	const submit = h('button', { type: 'submit', class: 'act' }, 'Make rule');
	const chosen = () => CONDITIONS[condition.value];

	condition.addEventListener('change', () => { value.placeholder = chosen().duration ? 'such as 5m' : ''; });
	ask('/api/series').then((a) => known.append(...a.series.map((s) => h('option', { value: s.key }))), () => {});
	async function send(event) {
		event.preventDefault();
		const said = new FormData(event.target);
		error.textContent = '';
		if (!chosen().duration && (value.value.trim() === '' || Number.isNaN(Number(value.value)))) {
			error.textContent = `“${value.value}” is not a number.`;
			value.focus();
			return;
		}
		const rule = { name: name.value, series: said.get('series'), ...chosen().value(value.value.trim()), severity: said.get('severity') };
		if (said.get('for')) rule.for = said.get('for');
		submit.disabled = true;
		try {
			await tell('POST', '/api/alerts/rules', rule);
			closed();
			await done();
		} catch (e) {
			error.textContent = e.kind === 'key' ? 'This needs a key: sign in first.' : e.message;
		} finally {
			submit.disabled = false;
		}
	}
	const form = h('form', { class: 'word', submit: send, 'aria-label': 'New rule', keydown: (e) => e.key === 'Escape' && closed() },
		h('p', { class: 'word-title' }, 'Tell when a series …'), field('Name of the rule', name),
		field('Series (* stands for any characters)', input('series', { required: true, list: 'known-series', spellcheck: 'false' })), known,
		field('Condition', condition), field('Value', value), field('For at least', input('for', { size: 8, placeholder: 'at once' })),
		field('Severity', choice('severity', { warning: 'warning', critical: 'critical', info: 'info' })),
		submit, h('button', { type: 'button', class: 'act plain', click: closed }, 'Cancel'), error);
	return { form, focus: () => name.focus() };
}

/** → {card, show(answer of /api/alerts/rules)}; changed() is called when a rule came or went. */
export function rulesCard(changed) {
	const make = h('button', { type: 'button', class: 'act', click: open }, 'New rule');
	const card = panel('Alert Rules', { class: 'half alerts rules', tools: make });
	const place = h('div', { class: 'word-place' }), rows = h('div', { class: 'scroll' });
	let doubted = null; // the rule whose removal waits for the second click

	function close() {
		place.replaceChildren();
		make.hidden = false;
		make.focus();
	}
	function open() {
		const { form, focus } = ruleForm(changed, close);
		place.replaceChildren(form);
		make.hidden = true;
		focus();
	}
	function doubt(button, rule) {
		doubted = rule.name;
		button.textContent = 'Sure?';
		button.classList.add('danger');
		setTimeout(() => {
			doubted = null;
			button.textContent = 'Remove';
			button.classList.remove('danger');
		}, DOUBT_MS);
	}
	function remove(rule) {
		const sure = doubted === rule.name;
		return h('button', { type: 'button', class: `act plain${sure ? ' danger' : ''}`, 'data-key': `remove-${rule.name}`, 'aria-label': `Remove the rule ${rule.name}`,
			click: (e) => {
				if (doubted !== rule.name) doubt(e.currentTarget, rule);
				else tell('DELETE', `/api/alerts/rules?name=${encodeURIComponent(rule.name)}`).then(changed, card.fail);
			} }, sure ? 'Sure?' : 'Remove');
	}
	const row = (r) => [
		h('span', { class: 'alert-name', title: r.source === 'api' ? 'Made here or over the API' : r.source === 'file' ? 'From the configuration file' : 'Built in' }, h('strong', null, r.name),
			h('code', null, r.series || r.subject || '*'), h('span', { class: 'condition' }, words(r.condition))),
		severity(r.severity), number(r.matches), h('span', { class: r.active ? 'bad' : 'faint' }, number(r.active)),
		r.source === 'api' ? remove(r) : h('span', { class: 'faint source' }, r.source),
	];
	return {
		card,
		show(answer) {
			const rules = Array.isArray(answer.rules) ? answer.rules : [];
			keepFocus(rows, () => {
				const target = table('Alert rules', columns);
				fillRows(target, columns, rules.map(row));
				rows.replaceChildren(rules.length ? target : h('p', { class: 'empty' }, 'No rules.'));
			});
			if (rows.parentNode !== card.body) card.body.replaceChildren(place, rows);
		},
	};
}
