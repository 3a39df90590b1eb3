// Who used CPU and memory: now, or at the moment that is looked at in the charts.
import { ask } from './api.js';
import { fillRows, h, table } from './dom.js';
import { bytes, short } from './format.js';
import { momentCard } from './moment.js';

const ROWS = 8;
const EVERY_MS = 5000;

const ORDERS = [
	{ sort: 'cpu', caption: 'The greatest users of CPU', of: (p) => p.cpu_percent, least: 100 },
	{ sort: 'memory', caption: 'The greatest users of memory', of: (p) => p.rss_bytes, least: 1 },
];
const columnsOf = (sort) => [{ title: sort === 'cpu' ? 'By CPU' : 'By memory', class: 'command' }, { title: 'PID', class: 'num pid' },
	{ title: 'CPU', class: `num cpu ${sort === 'cpu' ? 'by' : ''}` }, { title: 'Memory', class: `num mem ${sort === 'memory' ? 'by' : ''}` }];

function rowOf(p, share) {
	const name = String(p.name ?? '?'), line = String(p.cmdline ?? '');
	const who = h('span', { class: 'who', title: `${line || name}${p.uid === undefined ? '' : `\nuser ${p.uid}`}`, style: `--share: ${(100 * share).toFixed(1)}%` },
		h('b', null, name), line && line !== name ? h('code', null, line) : null);
	return [who, String(p.pid ?? ''), `${short(p.cpu_percent)} %`, bytes(p.rss_bytes)];
}

function fetchAll(t) {
	const when = t === null ? '' : `&t=${new Date(t).toISOString()}`;
	return Promise.all(ORDERS.map((order) => ask(`/api/system/processes?sort=${order.sort}&limit=${ROWS}${when}`)));
}

/** → {node, rebuild(inventory), refresh(), stop()}. */
export function processesCard() {
	const nobody = h('p', { class: 'empty', hidden: true }, 'Nobody was noted down at that time.');
	const tables = ORDERS.map((order) => ({ order, columns: columnsOf(order.sort), node: table(order.caption, columnsOf(order.sort)) }));
	const holder = h('div', { class: 'process-tables' }, tables.map((t) => t.node));

	function apply(answers) {
		const none = answers[0].source === 'none';
		nobody.hidden = !none;
		holder.hidden = none;
		if (none) return '';
		tables.forEach(({ order, columns, node }, i) => {
			const list = Array.isArray(answers[i].processes) ? answers[i].processes : [];
			const most = Math.max(order.least, ...list.map(order.of));
			fillRows(node, columns, list.map((p) => rowOf(p, order.of(p) / most)));
		});
		return `${short(answers[0].total)} processes`;
	}
	return momentCard('Top Processes', { class: 'processes' }, h('div', null, nobody, holder), {
		every: EVERY_MS,
		show: async (t) => {
			const answers = await fetchAll(t);
			return () => apply(answers);
		},
	});
}
