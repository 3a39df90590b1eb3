// Signing in with a key where the daemon wants one. The cookie that comes back is HttpOnly: this page never sees it.
import { ask, tell } from './api.js';
import { h } from './dom.js';

/** {key_needed, reads_guarded, signed_in}; a daemon that does not know the question needs no key. */
export async function session() {
	try {
		return await ask('/api/session');
	} catch (e) {
		if (e.kind === 'refused') return { key_needed: false, reads_guarded: false, signed_in: false };
		throw e;
	}
}

export const signOut = () => tell('DELETE', '/api/session');

/** The form; done() is called once the daemon has taken the key. back: for those who may look without one, called when they want to. */
export function signInForm(done, back) {
	const error = h('p', { class: 'error', role: 'alert' });
	const key = h('input', { id: 'key', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
	const button = h('button', { type: 'submit' }, 'Sign in');
	async function submit(event) {
		event.preventDefault();
		error.textContent = '';
		button.disabled = true;
		try {
			await tell('POST', '/api/session', { key: key.value });
			done();
		} catch (e) {
			error.textContent = e.kind === 'key' ? 'This key is not valid.' : e.message;
			key.select();
		} finally {
			button.disabled = false;
		}
	}
	return h('form', { class: 'card sign-in', submit, 'aria-labelledby': 'sign-in-title' },
		h('h2', { id: 'sign-in-title' }, 'Sign in'),
		h('p', null, back ? 'Looking needs no key here; changing something does.' : 'This daemon shows its figures only to holders of a key.'),
		h('input', { autocomplete: 'username', value: 'auspex', hidden: true }), // password managers want a name for it
		h('label', { for: 'key' }, 'API key'), key, error, button,
		back ? h('button', { type: 'button', class: 'plain', click: back }, 'Back') : null);
}
