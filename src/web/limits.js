// Where alert rules draw the line for a series.
import { ask } from './api.js';
import { matches } from './keys.js';

const KNOWN_MS = 30e3; // rules change seldom

let asked = { at: -Infinity, rules: null };

function rules() {
	if (performance.now() - asked.at > KNOWN_MS) {
		asked = { at: performance.now(), rules: ask('/api/alerts/rules').then((a) => (Array.isArray(a.rules) ? a.rules : []), () => []) };
	}
	return asked.rules;
}

/** [{y, tone, text, above}] for the series together, the gravest last; above: more is worse. */
export async function limitsOf(keys) {
	const found = new Map(), grave = ['info', 'warning', 'critical'];
	for (const rule of await rules()) {
		const y = rule.above ?? rule.below;
		if (typeof y !== 'number' || typeof rule.series !== 'string' || !keys.some((key) => matches(rule.series, key))) continue;
		const one = { y, tone: rule.severity, text: rule.name, above: rule.above !== undefined };
		if (!found.has(y) || grave.indexOf(found.get(y).tone) < grave.indexOf(one.tone)) found.set(y, one);
	}
	return [...found.values()].sort((a, b) => grave.indexOf(a.tone) - grave.indexOf(b.tone));
}
