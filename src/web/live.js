// The live stream: tells that something is new, and whether we can rely on being told.

const REOPEN_MS = 2000;

/**
 * Opens /api/stream for the topics; of samples come those whose keys match. on.message(name, data) per message, on.state('open' | 'lost') on each change.
 * A browser reconnects by itself after a broken connection, but gives up after an HTTP error: then we try again.
 */
export function openStream(topics, match, names, on) {
	let source = null, timer = 0, closed = false;
	function receive(event) {
		let data = null;
		try {
			data = JSON.parse(event.data);
		} catch {
			return; // not ours
		}
		on.message(event.type, data);
	}
	function connect() {
		source = new EventSource(`/api/stream?topics=${encodeURIComponent(topics.join(','))}${match ? `&match=${encodeURIComponent(match)}` : ''}`);
		source.onopen = () => on.state('open');
		source.onerror = () => {
			on.state('lost');
			if (source.readyState === EventSource.CLOSED && !closed) timer = setTimeout(connect, REOPEN_MS);
		};
		for (const name of names) source.addEventListener(name, receive);
	}
	connect();
	return {
		close() {
			closed = true;
			clearTimeout(timer);
			source.close();
		},
	};
}

/** Calls work() at most once per `ms`, and not sooner than that after now; calls in between are merged into one at the end. work may
 * be asynchronous. */
export function throttle(ms, work) {
	let timer = 0, busy = false, again = false, last = performance.now();
	async function run() {
		timer = 0;
		busy = true;
		last = performance.now();
		try {
			await work();
		} finally {
			busy = false;
			if (again) {
				again = false;
				call();
			}
		}
	}
	function call() {
		if (busy) again = true;
		else if (!timer) timer = setTimeout(run, Math.max(0, last + ms - performance.now()));
	}
	return call;
}
