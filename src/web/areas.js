// What is shown of the host, as rows: areas, and the charts in them. A series the machine lacks is left out, a chart without series, an area without charts.
import { bytes, short } from './format.js';

const percent = (v) => `${v >= 9.95 || Number.isInteger(v) ? Math.round(v) : v.toFixed(1)} %`;
const size = (v) => bytes(Math.abs(v));
const rate = (v) => `${size(v)}/s`;
const perSecond = (v) => `${short(Math.abs(v))}/s`;
const milliseconds = (v) => `${short(v)} ms`;
const degrees = (v) => `${short(v)} °C`;

const COLOURS = ['--accent', '--second', '--third', '--fourth', '--fifth', '--sixth'];

/** One line of a chart: a metric and its labels; down: drawn below the base. */
const line = (metric, label, colour, labels, more) => ({ metric: `system.${metric}`, label, colour, labels, ...more });
const up = (metric, label, labels) => line(metric, label, '--accent', labels);
const down = (metric, label, labels) => line(metric, label, '--second', labels, { scale: -1 });
const mode = (name, label, colour) => line('cpu.mode', label, colour, { mode: name });
const pressure = (of, label, colour) => line('pressure.avg10', label, colour, { of });

const tasks = { title: 'Tasks', unit: short, series: [line('tasks_running', 'Running', '--accent'), line('tasks_blocked', 'Blocked', '--bad-fill')] };

const cpu = (has) => [
	{ title: 'CPU Time', class: 'chart-wide', heat: true, unit: percent, max: 100, stack: true, series: [
		mode('user', 'User', '--accent'), mode('nice', 'Nice', '--bar'), mode('system', 'System', '--second'), mode('irq', 'Interrupts', '--fifth'),
		mode('softirq', 'Soft interrupts', '--fourth'), mode('iowait', 'Waiting for disk', '--third'), mode('steal', 'Stolen', '--bad-fill')] },
	{ title: 'Load', unit: short, series: [line('load1', '1 min', '--accent'), line('load5', '5 min', '--second'), line('load15', '15 min', '--third')] },
	{ title: 'Pressure', unit: percent, series: [pressure('cpu_some', 'CPU', '--accent'), pressure('memory_some', 'Memory', '--second'), pressure('io_some', 'Disk', '--third'), pressure('irq_full', 'Interrupts', '--fifth')] },
	...(has.key('system.pressure.avg10') ? [] : [tasks]),
];

const memory = (has) => [
	{ title: 'Memory', unit: size, max: has.last('system.memory.total'), stack: true, series: [
		line('memory.used', 'Programs', '--accent'), line('memory.slab_reclaimable', 'Kernel', '--fourth'), line('memory.buffers', 'Buffers', '--second'), line('memory.cached', 'Cache', '--bar')] },
	{ title: 'Swap', unit: size, max: has.last('system.swap.total'), series: [line('swap.used', 'Used', '--accent')] },
	{ title: 'Swapping', unit: rate, series: has.key('system.swap.used') ? [up('swap.in_bytes', 'In'), down('swap.out_bytes', 'Out')] : [] },
	{ title: 'Waiting to be Written', unit: size, series: [line('memory.dirty', 'Dirty', '--accent'), line('memory.writeback', 'Under way', '--second')] },
	{ title: 'Faults', unit: perSecond, series: [line('paging.major_faults', 'From disk', '--accent'), line('paging.stalls', 'Stalls', '--third')] },
];

const disks = (has, disk) => [
	{ title: 'Throughput', unit: rate, series: [up('disk.read_bytes', 'Read', { disk }), down('disk.write_bytes', 'Written', { disk })] },
	{ title: 'Latency', unit: milliseconds, series: [line('disk.read_await', 'Reads', '--accent', { disk }), line('disk.write_await', 'Writes', '--second', { disk })] },
	{ title: 'Utilisation', unit: percent, max: 100, series: [line('disk.util', 'Busy', '--accent', { disk })] },
];

const network = (has, name) => (name === null ? [
	{ title: 'Traffic', unit: rate, series: [up('network.rx_bytes', 'In'), down('network.tx_bytes', 'Out')] },
	{ title: 'Packets', unit: perSecond, series: [up('network.rx_packets', 'In'), down('network.tx_packets', 'Out')] },
	{ title: 'Drops', unit: perSecond, series: has.names('system.interface.rx_drops', 'interface').slice(0, COLOURS.length)
		.map((one, i) => line('interface.rx_drops', one, COLOURS[i], { interface: one })) },
] : [
	{ title: 'Traffic', unit: rate, series: [up('interface.rx_bytes', 'In', { interface: name }), down('interface.tx_bytes', 'Out', { interface: name })] },
	{ title: 'Packets', unit: perSecond, series: [up('interface.rx_packets', 'In', { interface: name }), down('interface.tx_packets', 'Out', { interface: name })] },
	{ title: 'Errors and Drops', unit: perSecond, series: [
		line('interface.rx_errors', 'Errors in', '--bad-fill', { interface: name }), line('interface.tx_errors', 'out', '--fifth', { interface: name }),
		line('interface.rx_drops', 'Drops in', '--third', { interface: name }), line('interface.tx_drops', 'out', '--second', { interface: name })] },
]);

const connections = () => [
	{ title: 'TCP Trouble', unit: perSecond, series: [line('tcp.retransmits', 'Sent again', '--third'), line('tcp.resets', 'Cut off', '--bad-fill'), line('tcp.out_resets', 'Resets sent', '--second'), line('tcp.listen_drops', 'Refused', '--fifth')] },
	{ title: 'Connections', unit: short, series: [line('tcp.established', 'Open', '--accent'), line('sockets', 'Closing', '--second', { kind: 'tcp_time_wait' })] },
	{ title: 'Opened', unit: perSecond, series: [line('tcp.passive_opens', 'By others', '--accent'), line('tcp.active_opens', 'By us', '--second'), line('tcp.attempt_fails', 'Failed', '--bad-fill')] },
	{ title: 'Sockets', unit: short, series: [line('sockets', 'All', '--accent', { kind: 'all' }), line('sockets', 'TCP', '--second', { kind: 'tcp' }), line('sockets', 'UDP', '--third', { kind: 'udp' })] },
	{ title: 'UDP', unit: perSecond, series: [up('udp.in', 'In'), down('udp.out', 'Out'), line('udp.in_errors', 'Lost', '--bad-fill')] },
	{ title: 'Tracked Connections', unit: percent, series: [line('conntrack.percent', 'Of the table', '--accent')] },
];

const kernel = (has) => [
	{ title: 'Switches and Interrupts', unit: perSecond, series: [line('context_switches', 'Switches', '--accent'), line('interrupts', 'Interrupts', '--second')] },
	...(has.key('system.pressure.avg10') ? [tasks] : []),
	{ title: 'Processes Made', unit: perSecond, series: [line('forks', 'Made', '--accent')] },
	{ title: 'Descriptors', unit: short, series: [line('files.open', 'Open files', '--accent')] },
	{ title: 'Receive Loop', unit: perSecond, series: [line('softnet.dropped', 'Dropped', '--bad-fill'), line('softnet.squeezed', 'Cut short', '--third')] },
	{ title: 'Temperatures', unit: degrees, near: true, series: has.names('system.temperature', 'sensor').slice(0, COLOURS.length)
		.map((sensor, i) => line('temperature', sensor, COLOURS[i], { sensor })) },
];

/** pick: what there may be several of, from which one is chosen. first: open on a narrow screen, too; closed: shown when it is asked for. */
const AREAS = [
	{ id: 'cpu', title: 'Processor', charts: cpu, first: true },
	{ id: 'processes', title: 'Processes', parts: ['processes'], first: true },
	{ id: 'memory', title: 'Memory', charts: memory },
	{ id: 'disks', title: 'Disks', charts: disks, pick: { metric: 'system.disk.util', label: 'disk', name: 'Disk' }, parts: ['volumes'] },
	{ id: 'network', title: 'Network', charts: network, pick: { metric: 'system.interface.rx_bytes', label: 'interface', name: 'Interface', all: 'All but lo', inner: 'lo' } },
	{ id: 'services', title: 'Services', parts: ['services'] },
	{ id: 'connections', title: 'Connections', charts: connections, closed: true },
	{ id: 'kernel', title: 'Kernel', charts: kernel, closed: true },
];

/** A chart with the keys of the series that are there, or null. */
function present(chart, has) {
	const series = chart.series.map((s) => ({ ...s, key: has.key(s.metric, s.labels) })).filter((s) => s.key);
	const cores = chart.heat ? { cores: has.names('system.core.percent', 'cpu') } : {};
	return series.length ? { ...chart, series, ...cores } : null;
}

/** The areas that the machine has. charts(picked) → chart specs; names: what can be picked, null standing for all. */
export function areasOf(has) {
	return AREAS.map((area) => {
		const found = area.pick ? has.names(area.pick.metric, area.pick.label) : [];
		const outer = found.filter((name) => name !== area.pick.inner), inner = found.filter((name) => name === area.pick.inner);
		const names = [...(area.pick?.all && outer.length > 1 ? [null] : []), ...outer, ...inner];
		const charts = (picked) => (area.charts && (!area.pick || names.length) ? area.charts(has, picked).map((c) => present(c, has)).filter(Boolean) : []);
		return { ...area, names, charts };
	});
}
