// The daemon about itself: what it costs, what it lost, and what is wrong with it.
import { ask } from './api.js';
import { fillRows, figures, h, table } from './dom.js';
import { bytes, count, NONE, short, span } from './format.js';
import { panel } from './panel.js';
import { keepFresh, seriesChart } from './series.js';

const own = (key, label, colour, more) => ({ key: `auspex.${key}`, label, colour, ...more });
const perSecond = (v) => `${short(v)}/s`;
const percent = (v) => `${short(v)} %`;
const milliseconds = (v) => `${short(v)} ms`;

const charts = [
	['Memory', { unit: bytes, series: [own('rss_bytes', 'Resident', '--accent'), own('private_dirty_bytes', 'Private', '--second')] }],
	['CPU', { unit: percent, series: [own('cpu_seconds', 'Of one core', '--accent', { rate: true, scale: 100 })] }],
	['Longest Turn of the Loop', { unit: milliseconds, series: [own('loop_delay_max_seconds', 'Turn', '--accent', { scale: 1000 })] }],
	['Taken In', { unit: perSecond, series: [own('intake_documents', 'Documents', '--accent', { rate: true }), own('intake_requests', 'Requests', '--second', { rate: true })] }],
	['HTTP', { unit: perSecond, series: [own('http_requests', 'Requests', '--accent', { rate: true }), own('http_errors', 'Errors', '--bad-fill', { rate: true })] }],
	['Commits', { unit: milliseconds, series: [own('store_commit_seconds{stat=avg}', 'Average', '--accent', { scale: 1000 })] }],
	['History File', { unit: bytes, series: [own('store_file_bytes', 'Size', '--accent')] }],
	['Waiting', { unit: bytes, series: [own('queue_bytes{queue=store}', 'Disk', '--accent'), own('queue_bytes{queue=intake}', 'Half documents', '--second')] }],
	['Open', { unit: short, series: [own('http_connections', 'HTTP', '--accent'), own('intake_peers', 'Unix', '--second'), own('open_fds', 'Files', '--faint')] }],
];

const problemColumns = [{ title: 'Part' }, { title: 'Problem' }, { title: 'Cure' }];

function showState(card, health) {
	const d = health.detail || {}, history = d.history || {}, problems = d.problems || [];
	const parts = [figures([
		{ title: 'State', value: d.state === 'ok' ? 'Well' : d.state || NONE, tone: d.state === 'ok' ? 'good' : 'bad' },
		{ title: 'Up for', value: span(d.uptime_seconds) },
		{ title: 'History', value: bytes(history.file_bytes) },
		{ title: 'Commits', value: count(history.commits) },
		{ title: 'Refused or Dropped', value: count((history.dropped_queue || 0) + (history.dropped_fault || 0) + (history.push_refused || 0)) },
	])];
	if (problems.length) {
		const target = table('What is wrong', problemColumns);
		fillRows(target, problemColumns, problems.map((p) => [String(p.part ?? NONE), String(p.problem ?? NONE), String(p.cure ?? NONE)]));
		parts.push(h('div', { class: 'problems' }, target));
	}
	card.body.replaceChildren(...parts);
}

function mount(root) {
	const state = panel('State', { class: 'wide' });
	const mounted = charts.map(([title, spec]) => seriesChart(title, spec));
	root.append(state.node, ...mounted.map((c) => c.node));
	const refreshCharts = () => Promise.allSettled(mounted.map((c) => c.refresh()));
	const stopRefreshing = keepFresh(() => mounted);
	return {
		async refresh() {
			const health = state.load(ask('/api/health?detail=1'), (a) => showState(state, a));
			return [...await Promise.allSettled([health]), ...await refreshCharts()];
		},
		stop() {
			stopRefreshing();
			mounted.forEach((c) => c.stop());
		},
	};
}

export default {
	id: 'daemon', nav: 'Daemon', title: 'This Daemon', lead: 'What it costs, what waits, and what is wrong', topics: [], ranged: true, mount,
};
