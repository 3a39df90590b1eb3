// A card that keeps its own counsel: what it shows, whether that is stale, and what went wrong, each in its place.
import { h } from './dom.js';
import { clock } from './format.js';

let serial = 0;

/**
 * panel('Recent Operations', {class: 'wide'}) → {node, body, load}.
 * load(ask, show): waits for the answer and calls show(answer); on failure the old figures stay, marked stale, and the
 * error is said inside the card. Throws the error on, so that the page can judge its connection.
 */
export function panel(title, options) {
	const id = `panel-${++serial}`;
	const error = h('p', { class: 'error', role: 'alert', hidden: true });
	const asOf = h('span', { class: 'as-of', hidden: true });
	const body = h('div', { class: 'body' }, h('p', { class: 'empty' }, 'Loading…'));
	const node = h('section', { class: `card ${(options && options.class) || ''}`, 'aria-labelledby': id },
		h('div', { class: 'card-head' }, h('h3', { id }, title), asOf), error, body);
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
	async function load(answer, show) {
		try {
			show(await answer);
			fresh();
		} catch (e) {
			stale();
			// That the whole daemon is gone is said once, by the page; a card that still shows figures need not repeat it.
			error.classList.toggle('unreachable', e.kind === 'gone' && shownAt !== null);
			if (error.textContent !== e.message) error.textContent = e.message;
			error.hidden = false;
			throw e;
		}
	}
	return { node, body, load };
}
