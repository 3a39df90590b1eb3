// Asking the daemon. Every failure becomes an ApiError whose message can stand on the page and whose kind tells what to do.

const TIMEOUT_MS = 5000;

/** kind: 'gone' (no answer), 'key' (sign in first), 'refused' (an HTTP error), 'garbled' (not the JSON we asked for). */
export class ApiError extends Error {
	constructor(kind, message, status) {
		super(message);
		this.kind = kind;
		this.status = status || 0;
	}
}

/** The sentence in an error's body: {"error":…}, {"detail":…} or plain text. */
function sentence(text) {
	try {
		const body = JSON.parse(text);
		const said = body && (body.error || body.detail);
		if (typeof said === 'string') return said;
	} catch {
		// plain text
	}
	return /^\s*</.test(text) ? '' : text.trim().slice(0, 200);
}

async function send(path, options) {
	try {
		const signal = AbortSignal.timeout(TIMEOUT_MS);
		const answer = await fetch(path, { cache: 'no-store', credentials: 'same-origin', signal, ...options });
		return { answer, text: await answer.text() };
	} catch (e) {
		if (e.name === 'TimeoutError') throw new ApiError('gone', `No answer within ${TIMEOUT_MS / 1000} s.`);
		throw new ApiError('gone', 'The daemon does not answer.');
	}
}

/** JSON of a path of ours; throws ApiError. */
export async function ask(path, options) {
	const { answer, text } = await send(path, options);
	if (!answer.ok) {
		const said = sentence(text);
		const kind = answer.status === 401 ? 'key' : 'refused';
		throw new ApiError(kind, `${path.split('?')[0]} answered ${answer.status}${said ? `: ${said}` : ''}`, answer.status);
	}
	try {
		return JSON.parse(text);
	} catch {
		throw new ApiError('garbled', `${path.split('?')[0]} answered something that is not JSON.`, answer.status);
	}
}

/** Sends a JSON body, or none, with the method. */
export function tell(method, path, body) {
	const json = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
	return ask(path, { method, ...json });
}
