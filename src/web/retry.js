// Retries: what they cost this host. Three cards with the guide's titles, the hours of the last day, the busiest commands.
import { ask } from './api.js';
import { barChart } from './chart.js';
import { fillRows, figures, h, table } from './dom.js';
import { clock, count, fixed, goDuration, longSeconds, NONE, percent, seconds, secondsOfNs, when } from './format.js';
import { panel } from './panel.js';
import { timeRange } from './range.js';

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

/** How well one command does: what fails now and then is not yet red. */
function shareTone(rate) {
	if (typeof rate !== 'number') return '';
	return rate >= 0.95 ? 'good' : rate >= 0.8 ? '' : rate >= 0.5 ? 'warn' : 'bad';
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
		h('span', { class: shareTone(c.success_rate) }, percent(c.success_rate)), secondsOfNs(c.avg_duration),
	]);
	const target = table('Most frequent commands', commandColumns);
	fillRows(target, commandColumns, rows);
	card.body.replaceChildren(h('div', { class: 'scroll share' }, target));
}

/** How long and how often tried, over the range of time that is chosen. */
function showDurations(card, answer) {
	card.note(timeRange().text);
	if (!answer.runs) {
		card.body.replaceChildren(h('p', { class: 'empty' }, `No runs: ${timeRange().text}.`));
		return;
	}
	const shares = list(answer.attempts).map((a) => {
		const share = a.runs / answer.runs;
		const bar = h('span', { class: 'bar-share' });
		bar.style.setProperty('--share', `${share * 100}%`);
		return h('li', null, h('span', { class: 'tries' }, `${a.attempts}${a.or_more ? ' or more' : ''} ${a.attempts === 1 ? 'attempt' : 'attempts'}`), bar,
			h('span', { class: 'num' }, percent(share)));
	});
	card.body.replaceChildren(figures([['Median', 'p50'], ['90%', 'p90'], ['95%', 'p95'], ['99%', 'p99'], ['Longest', 'max']].map(
		([title, name]) => ({ title, value: longSeconds(answer[name]) }))), h('ul', { class: 'attempts-shares', 'aria-label': 'Attempts needed' }, shares));
}

const recentColumns = [{ title: 'Time', class: 'time' }, { title: 'Command', class: 'command' }, { title: 'Status', class: 'state' },
	{ title: 'Attempts', class: 'num attempts' }, { title: 'Duration', class: 'num' }];

const opened = new Set(); // runs whose attempts are shown, by time and command: they stay open when the table is made anew
const keyOf = (record) => `${record && record.timestamp} ${record && record.metrics && record.metrics.command}`;

function attemptsOf(run) {
	const tries = list(run.attempts);
	if (!tries.length) return h('p', { class: 'empty' }, 'This run came without its attempts.');
	return h('ol', { class: 'tries-list' }, tries.map((a) => h('li', null, h('span', { class: a.success ? 'good' : 'bad' }, a.success ? '✓ Success' : '✗ Failed'),
		h('span', null, seconds(a.duration_seconds)), h('span', null, `exit code ${a.exit_code ?? NONE}`))));
}

/** The count of attempts opens a row below with each of them. */
function attemptsButton(record, run) {
	const key = keyOf(record);
	return h('button', { type: 'button', class: 'link open-run', 'aria-expanded': String(opened.has(key)), 'data-key': key,
		title: 'Show the attempts', click: (e) => {
			const open = !opened.delete(key) && Boolean(opened.add(key));
			e.currentTarget.setAttribute('aria-expanded', String(open));
			const row = e.currentTarget.closest('tr');
			if (open) row.after(attemptsRow(run));
			else row.nextElementSibling.remove();
		} }, count(run.total_attempts));
}

const attemptsRow = (run) => h('tr', { role: 'row', class: 'tries-row' }, h('td', { role: 'cell', colspan: recentColumns.length }, attemptsOf(run)));

function recentRow(record) {
	const run = (record && record.metrics) || {};
	const good = run.final_status === 'succeeded';
	return [
		when(record && record.timestamp), commandCell(String(run.command ?? NONE)),
		h('span', { class: good ? 'good' : 'bad' }, good ? '✓ Success' : '✗ Failed'),
		attemptsButton(record, run), seconds(run.total_duration_seconds),
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
	[...target.tBodies[0].rows].forEach((row, i) => opened.has(keyOf(records[i])) && row.after(attemptsRow(records[i].metrics || {})));
	const focused = card.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	card.body.replaceChildren(h('div', { class: 'recent' }, target));
	if (focused) [...target.querySelectorAll('button')].find((b) => b.dataset.key === focused)?.focus();
}

function mount(root) {
	const system = panel('System Statistics', { class: 'system' });
	const overview = panel('Metrics Overview (Last 24 Hours)', { class: 'overview' });
	const hours = hoursCard();
	const commands = panel('Top Commands', { class: 'commands' });
	const durations = panel('Durations and Attempts', { class: 'wide durations' });
	const recent = panel('Recent Operations', { class: 'wide' });
	root.append(system.node, overview.node, hours.card.node, commands.node, durations.node, recent.node);
	return {
		refresh() {
			const stats = ask('/api/metrics/stats');
			const { start, end, live } = timeRange();
			const range = `start=${new Date(start).toISOString()}${live ? '' : `&end=${new Date(end).toISOString()}`}`;
			return Promise.allSettled([
				system.load(ask('/api/daemon/stats'), (a) => showSystem(system, a)),
				overview.load(stats, (a) => showOverview(overview, a)),
				hours.card.load(stats, hours.show),
				commands.load(stats, (a) => showCommands(commands, a)),
				durations.load(ask(`/api/retry/durations?${range}`), (a) => showDurations(durations, a)),
				recent.load(ask('/api/metrics/recent?limit=10'), (a) => showRecent(recent, a)),
			]);
		},
	};
}

export default {
	id: 'retry', nav: 'Retries', title: 'Retry Daemon Dashboard', lead: 'Real-time monitoring of retry operations',
	ranged: true,
	topics: ['retry'], // stream topics after whose messages the section is asked again
	mount,
};
