// What the host has: its series that may have samples in the range that is shown. What a machine lacks is not in it.
import { ask } from './api.js';
import { parseKey } from './keys.js';
import { timeRange } from './range.js';

const PATTERN = 'system.*';

let collator = null;
/** Names in the order of people: eth2 before eth10. */
function inOrder(names) {
	if (names.length < 2) return names;
	collator = collator || new Intl.Collator('en', { numeric: true }); // made when needed: it takes milliseconds
	return names.sort(collator.compare);
}

/**
 * → {key(name, labels), names(metric, label), values(metric), signature}. key: of the series, or null; names: the values of a label, in order; last: the
 * value a series had when we asked; signature: changes when something came or went.
 */
export async function takeInventory() {
	const { series } = await ask(`/api/series?match=${PATTERN}`), start = timeRange().start / 1000;
	const there = series.filter((s) => s.t >= start || s.t === undefined).map((s) => ({ ...s, ...parseKey(s.key) }));
	const byMetric = new Map();
	for (const s of there) byMetric.set(s.name, [...(byMetric.get(s.name) || []), s]);
	const find = (name, labels) => byMetric.get(name)?.find((s) => Object.entries(labels || {}).every(([label, value]) => s.labels[label] === value));
	return {
		key: (name, labels) => find(name, labels)?.key ?? null,
		last: (name, labels) => find(name, labels)?.v ?? null,
		names: (metric, label) => inOrder((byMetric.get(metric) || []).map((s) => s.labels[label])),
		signature: there.map((s) => s.key).sort().join('\n'),
	};
}
