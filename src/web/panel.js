// A card that keeps its own counsel: what it shows, whether that is stale, and what went wrong, each in its place.
import { h } from './dom.js';
import { clock } from './format.js';

let serial = 0;

/**
 * panel('Recent Operations', {class: 'wide', tools: node | [nodes]}) → {node, body, note, fail, load}. Tools stand at the end of the card's head;
 * note(text) says beside the title what the figures are about, fail(error) that something asked for here was refused.
 * load(ask, show): waits for the answer and calls show(answer); on failure the old figures stay, marked stale, and the
 * error is said inside the card. Throws the error on, so that the page can judge its connection.
 */
export function panel(title, options) {
	const id = `panel-${++serial}`;
	const error = h('p', { class: 'error', role: 'alert', hidden: true });
	const asOf = h('span', { class: 'as-of', hidden: true }), about = h('span', { class: 'about' });
	const body = h('div', { class: 'body' }, h('p', { class: 'empty' }, 'Loading…'));
	const node = h('section', { class: `card ${(options && options.class) || ''}`, 'aria-labelledby': id },
		h('div', { class: 'card-head' }, h('h3', { id }, title), about, asOf, options?.tools ? h('div', { class: 'tools' }, options.tools) : null), error, body);
	let shownAt = null;

	function stale() {
		node.classList.add('stale');
		body.hidden = !shownAt;
		asOf.hidden = !shownAt;
		if (shownAt) asOf.textContent = `stale, as of ${clock(shownAt)}`;
	}
	function fresh() {
		shownAt = new Date();
		node.classList.remove('stale');
		body.hidden = false;
		error.hidden = asOf.hidden = true;
		error.textContent = '';
	}
	function fail(e) {
		error.textContent = e.kind === 'key' ? 'This needs a key: sign in first.' : e.message;
		error.classList.remove('unreachable');
		error.hidden = false;
	}
	async function load(answer, show) {
		try {
			show(await answer);
			fresh();
			return true;
		} catch (e) {
			stale();
			// That the whole daemon is gone is said once, by the page; a card that still shows figures need not repeat it.
			error.classList.toggle('unreachable', e.kind === 'gone' && shownAt !== null);
			if (error.textContent !== e.message) error.textContent = e.message;
			error.hidden = false;
			throw e;
		}
	}
	return { node, body, note: (text) => { about.textContent = text; }, fail, load };
}
