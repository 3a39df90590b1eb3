// Services and containers: what their control groups use, now or at the moment that is looked at.
import { fillRows, h, table } from './dom.js';
import { latest } from './feed.js';
import { bytes, NONE, short } from './format.js';
import { momentCard } from './moment.js';

const ROWS = 10;
const GROUPS_MOST = 300;
const EVERY_MS = 10e3; // as often as they are read
const METRICS = ['cpu_percent', 'memory', 'tasks'];
const columns = [{ title: 'Service', class: 'command' }, { title: 'CPU', class: 'num cpu' }, { title: 'Memory', class: 'num mem' }, { title: 'Tasks', class: 'num tasks' }];

const rowOf = (r, most) => [h('span', { class: 'who', title: r.name, style: `--share: ${((100 * (r.cpu_percent ?? 0)) / most).toFixed(1)}%` }, h('b', null, r.name)),
	r.cpu_percent === null ? NONE : `${short(r.cpu_percent)} %`, bytes(r.memory), r.tasks === null ? NONE : short(r.tasks)];

/** → {node, rebuild(inventory), refresh(), stop()}. */
export function servicesCard() {
	const target = table('Services and containers, the busiest first', columns);
	let found = [];
	return momentCard('Services and Containers', { class: 'services' }, target, {
		rebuild(has) {
			const names = [...new Set([...has.names('system.cgroup.cpu_percent', 'cgroup'), ...has.names('system.cgroup.memory', 'cgroup')])].slice(0, GROUPS_MOST);
			found = names.map((name) => ({ name, keys: METRICS.map((m) => has.key(`system.cgroup.${m}`, { cgroup: name })) }));
			return found.length > 0;
		},
		every: EVERY_MS,
		async show(t) {
			const values = await latest(found.flatMap((f) => f.keys).filter(Boolean), t ?? Date.now());
			const rows = found.map(({ name, keys }) => ({ name, ...Object.fromEntries(METRICS.map((m, i) => [m, keys[i] ? values.get(keys[i]) : null])) }))
				.filter((r) => r.cpu_percent !== null || r.memory !== null)
				.sort((a, b) => (b.cpu_percent ?? 0) - (a.cpu_percent ?? 0) || (b.memory ?? 0) - (a.memory ?? 0)).slice(0, ROWS);
			const most = Math.max(100, ...rows.map((r) => r.cpu_percent ?? 0));
			return () => fillRows(target, columns, rows.map((r) => rowOf(r, most)));
		},
	});
}
