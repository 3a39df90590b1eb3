// File systems: how full each is, now or at the moment that is looked at, and where its limits are.
import { h } from './dom.js';
import { latest } from './feed.js';
import { bytes, NONE } from './format.js';
import { limitsOf } from './limits.js';
import { momentCard } from './moment.js';

const EVERY_MS = 10e3; // as often as they are read
const METRICS = ['percent', 'used', 'total', 'available', 'inodes_percent', 'read_only', 'hung'];
const INODES_NEAR = 80; // percent from which inodes are told

const whole = (v) => (v === null ? NONE : `${v < 9.95 ? v.toFixed(1) : Math.round(v)} %`);

function rowOf(mount, v, limits) {
	const worst = limits.findLast((l) => v.percent !== null && l.above && v.percent > l.y);
	const notes = [v.hung ? h('span', { class: 'bad' }, 'does not answer') : null, v.read_only ? 'read only' : null,
		v.inodes_percent >= INODES_NEAR ? h('span', { class: 'warn' }, `${whole(v.inodes_percent)} of the inodes`) : null].filter(Boolean);
	return h('li', null, h('code', { title: mount }, mount),
		h('span', { class: `gauge ${{ critical: 'bad', warning: 'warn' }[worst?.tone] || ''}`, style: `--share: ${v.percent ?? 0}%` },
			limits.filter((l) => l.y > 0 && l.y < 100).map((l) => h('i', { class: l.tone, style: `left: ${l.y}%`, title: `${l.text} ${whole(l.y)}` }))),
		h('b', { class: 'num' }, whole(v.percent)),
		h('span', { class: 'room' }, v.total === null ? '' : `${bytes(v.available)} free of ${bytes(v.total)}`, notes.map((n) => [' · ', n])));
}

/** → {node, rebuild(inventory), refresh(), stop()}. */
export function volumesCard() {
	const list = h('ul', { class: 'volumes' });
	let found = [];
	return momentCard('File Systems', { class: 'volumes-card' }, list, {
		rebuild(has) {
			found = has.names('system.filesystem.hung', 'mount').map((mount) => ({ mount, keys: METRICS.map((m) => has.key(`system.filesystem.${m}`, { mount })) }));
			return found.length > 0;
		},
		every: EVERY_MS,
		async show(t) {
			const values = await latest(found.flatMap((f) => f.keys).filter(Boolean), t ?? Date.now());
			const rows = await Promise.all(found.map(async ({ mount, keys }) => {
				const v = Object.fromEntries(METRICS.map((m, i) => [m, keys[i] ? values.get(keys[i]) : null]));
				return { v, row: v.percent === null && v.hung === null ? null : rowOf(mount, v, keys[0] ? await limitsOf([keys[0]]) : []) };
			}));
			return () => list.replaceChildren(...rows.sort((a, b) => (b.v.percent ?? 101) - (a.v.percent ?? 101)).map((r) => r.row).filter(Boolean));
		},
	});
}
