// Events as marks on charts: those about the series that a chart shows, and those about the whole.
import { ask } from './api.js';

const MOST = 1000;
const SHARED_MS = 1500; // charts that ask within this time share one answer
const WHOLE = ['start', 'stop', 'config', 'data_loss', 'store'];
const KINDS = [...WHOLE, 'threshold', 'change_point', 'anomaly', 'alert', 'drift'];

let asked = { range: '', at: 0, events: null };

function events({ start, end }) {
	const range = `since=${new Date(start).toISOString()}&until=${new Date(end).toISOString()}`;
	if (asked.range !== range || performance.now() - asked.at > SHARED_MS) {
		asked = { range, at: performance.now(), events: ask(`/api/events?${range}&kind=${KINDS.join(',')}&limit=${MOST}`).then((a) => a.events || [], () => []) };
	}
	return asked.events;
}

/** [{t, title, severity, kind}], oldest first, times in ms. */
export async function marksOf(range, keys) {
	const mine = (e) => WHOLE.includes(e.kind) || keys.includes(e.subject);
	return (await events(range)).filter(mine).map((e) => ({ t: e.t * 1000, title: e.title, severity: e.severity, kind: e.kind })).reverse();
}
