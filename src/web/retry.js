// Retries: what they cost this host. Three cards with the guide's titles, the hours of the last day, the busiest commands.
import { ask } from './api.js';
import { barChart } from './chart.js';
import { fillRows, figures, h, table } from './dom.js';
import { clock, count, fixed, goDuration, NONE, percent, seconds, secondsOfNs, when } from './format.js';
import { panel } from './panel.js';

const HOUR = 3600000;
const HOURS_SHOWN = 24;

const list = (v) => (Array.isArray(v) ? v : []);

function showSystem(card, stats) {
	card.body.replaceChildren(figures([
		{ title: 'Total Metrics', value: count(stats.total_metrics) },
		{ title: 'Max Storage', value: count(stats.max_size) },
		{ title: 'Max Age', value: goDuration(stats.max_age) },
	]));
}

function rateTone(good, bad) {
	if (good > bad) return 'good';
	return bad > 0 ? 'bad' : '';
}

function showOverview(card, stats) {
	const tone = rateTone(stats.successful_runs || 0, stats.failed_runs || 0);
	card.body.replaceChildren(figures([
		{ title: 'Total Runs', value: count(stats.total_runs) },
		{ title: 'Success Rate', value: percent(stats.success_rate), tone },
		{ title: 'Avg Attempts', value: fixed(stats.average_attempts, 1) },
		{ title: 'Avg Duration', value: secondsOfNs(stats.average_duration) },
	]));
}

/** One row per hour of the last day, hours without runs included: [Date, runs, failures]. */
export function hourRows(breakdown, now) {
	const byHour = new Map();
	for (const hour of list(breakdown)) {
		const runs = hour.total_runs || 0;
		byHour.set(Math.floor(Date.parse(hour.hour) / HOUR), [runs, Math.round(runs * (1 - (hour.success_rate || 0)))]);
	}
	const last = Math.floor(now / HOUR);
	const rows = [];
	for (let hour = last - HOURS_SHOWN + 1; hour <= last; hour++) {
		rows.push([new Date(hour * HOUR), ...(byHour.get(hour) || [0, 0])]);
	}
	return rows;
}

const hourText = (ms) => clock(new Date(ms)).slice(0, 5);
const plural = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;

function describeHour(x, [runs, failures]) {
	return `${hourText(x)}–${hourText(x + HOUR)}: ${plural(runs, 'run')}, ${plural(failures, 'failure')}`;
}

function hoursCard() {
	const card = panel('Runs per Hour', { class: 'chart' });
	const readout = h('span', { class: 'readout' });
	const key = h('p', { class: 'key' },
		h('span', { class: 'swatch accent' }), 'Runs', h('span', { class: 'swatch bad' }), 'of which failed', readout);
	const host = h('div', { class: 'chart-host' });
	let chart = null;
	return {
		card,
		show(stats) {
			const rows = hourRows(stats.hourly_breakdown, Date.now());
			const runs = rows.reduce((n, r) => n + r[1], 0), failures = rows.reduce((n, r) => n + r[2], 0);
			const busiest = rows.reduce((a, b) => (b[1] > a[1] ? b : a));
			card.body.hidden = false; // the chart measures the room it has
			if (!chart) {
				card.body.replaceChildren(key, host);
				chart = barChart(host, { labels: ['Hour', 'Runs', 'Failures'], colours: ['--accent', '--bad-fill'], describe: describeHour, readout });
			}
			chart.update(rows, `Runs per hour, last ${HOURS_SHOWN} hours: ${plural(runs, 'run')}, ${plural(failures, 'failure')}` +
				(runs ? `; most in the hour from ${hourText(busiest[0])}: ${busiest[1]}` : ''));
		},
	};
}

const commandColumns = [{ title: 'Command', class: 'command' }, { title: 'Runs', class: 'num' }, { title: 'Success', class: 'num' }, { title: 'Avg', class: 'num' }];

function commandCell(text, share) {
	const cell = h('code', { title: text }, text);
	if (share !== undefined) cell.style.setProperty('--share', `${Math.round(share * 100)}%`);
	return cell;
}

function showCommands(card, stats) {
	const commands = list(stats.top_commands);
	if (!commands.length) {
		card.body.replaceChildren(h('p', { class: 'empty' }, 'No commands in the last 24 hours.'));
		return;
	}
	const most = Math.max(1, ...commands.map((c) => c.count || 0));
	const rows = commands.map((c) => [
		commandCell(String(c.command ?? NONE), (c.count || 0) / most), count(c.count),
		h('span', { class: rateTone(c.success_rate || 0, 1 - (c.success_rate ?? 1)) }, percent(c.success_rate)), secondsOfNs(c.avg_duration),
	]);
	const target = table('Most frequent commands', commandColumns);
	fillRows(target, commandColumns, rows);
	card.body.replaceChildren(h('div', { class: 'scroll share' }, target));
}

const recentColumns = [{ title: 'Time', class: 'time' }, { title: 'Command', class: 'command' }, { title: 'Status', class: 'state' },
	{ title: 'Attempts', class: 'num attempts' }, { title: 'Duration', class: 'num' }];

function recentRow(record) {
	const run = (record && record.metrics) || {};
	const good = run.final_status === 'succeeded';
	return [
		when(record && record.timestamp), commandCell(String(run.command ?? NONE)),
		h('span', { class: good ? 'good' : 'bad' }, good ? '✓ Success' : '✗ Failed'),
		count(run.total_attempts), seconds(run.total_duration_seconds),
	];
}

function showRecent(card, answer) {
	const records = list(answer.metrics).slice().reverse(); // the answer has the oldest first
	if (!records.length) {
		card.body.replaceChildren(h('p', { class: 'empty' }, 'No recent operations found.'),
			h('p', { class: 'hint' }, 'A run appears here by itself as soon as the daemon receives it.'));
		return;
	}
	const target = table('The last ten runs, newest first', recentColumns);
	fillRows(target, recentColumns, records.map(recentRow));
	card.body.replaceChildren(h('div', { class: 'recent' }, target));
}

function mount(root) {
	const system = panel('System Statistics', { class: 'system' });
	const overview = panel('Metrics Overview (Last 24 Hours)', { class: 'overview' });
	const hours = hoursCard();
	const commands = panel('Top Commands', { class: 'commands' });
	const recent = panel('Recent Operations', { class: 'wide' });
	root.append(system.node, overview.node, hours.card.node, commands.node, recent.node);
	return {
		refresh() {
			const stats = ask('/api/metrics/stats');
			return Promise.allSettled([
				system.load(ask('/api/daemon/stats'), (a) => showSystem(system, a)),
				overview.load(stats, (a) => showOverview(overview, a)),
				hours.card.load(stats, hours.show),
				commands.load(stats, (a) => showCommands(commands, a)),
				recent.load(ask('/api/metrics/recent?limit=10'), (a) => showRecent(recent, a)),
			]);
		},
	};
}

export default {
	id: 'retry', nav: 'Retries', title: 'Retry Daemon Dashboard', lead: 'Real-time monitoring of retry operations',
	topics: ['retry'], // stream topics after whose messages the section is asked again
	mount,
};
