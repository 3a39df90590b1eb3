// The last second in figures, as it is told, each with its last two minutes as a small line.
import { colour, dark } from './chart.js';
import { h } from './dom.js';
import { samples } from './feed.js';
import { bytes, NONE, short } from './format.js';
import { limitsOf } from './limits.js';
import { panel } from './panel.js';

const SECONDS = 120;
const EVERY_MS = 5000; // how often the lines are asked for and painted
const CANDIDATES = 32; // disks, mounts or sensors among which the greatest is looked for

const percent = (v) => (v === null ? NONE : `${v < 9.95 ? v.toFixed(1) : Math.round(v)} %`);
const rate = (v) => (v === null ? NONE : `${bytes(v)}/s`);
const fixed = (v) => (v === null ? NONE : v.toFixed(2));

/** What is most worth a word beside how busy the processor is. */
function besideCpu({ iowait, steal, running }) {
	if (steal >= 5) return `${percent(steal)} stolen`;
	if (iowait >= 1) return `${percent(iowait)} waits for disk`;
	return running === null ? '' : `${running} ${running === 1 ? 'task runs' : 'tasks run'}`;
}

/**
 * metric: whose value is told and drawn; several: by this label there are many, of which the greatest counts; with: what else tell needs, by name:
 * [metric, labels]; top: end of the scale of the line. tell(value, with, name of the greatest) → [figure, words below].
 */
const TILES = [
	{ title: 'CPU', metric: 'cpu.percent', top: 100, with: { iowait: ['cpu.mode', { mode: 'iowait' }], steal: ['cpu.mode', { mode: 'steal' }], running: ['tasks_running'] },
		tell: (v, more) => [percent(v), besideCpu(more)] },
	{ title: 'Load', metric: 'load1', with: { five: ['load5'], fifteen: ['load15'] }, tell: (v, more) => [fixed(v), `${fixed(more.five)} · ${fixed(more.fifteen)}`] },
	{ title: 'Memory', metric: 'memory.percent', top: 100, with: { available: ['memory.available'] }, tell: (v, more) => [percent(v), `${bytes(more.available)} available`] },
	{ title: 'Swap', metric: 'swap.percent', top: 100, with: { used: ['swap.used'] }, tell: (v, more) => [percent(v), `${bytes(more.used)} used`] },
	{ title: 'Busiest Disk', metric: 'disk.util', several: 'disk', top: 100, tell: (v, more, name) => [percent(v), name] },
	{ title: 'Fullest', metric: 'filesystem.percent', several: 'mount', top: 100, tell: (v, more, name) => [percent(v), name] },
	{ title: 'Received', metric: 'network.rx_bytes', with: { packets: ['network.rx_packets'] }, tell: (v, more) => [rate(v), `${short(more.packets)} packets/s`] },
	{ title: 'Sent', metric: 'network.tx_bytes', with: { packets: ['network.tx_packets'] }, tell: (v, more) => [rate(v), `${short(more.packets)} packets/s`] },
	{ title: 'Hottest', metric: 'temperature', several: 'sensor', tell: (v, more, name) => [v === null ? NONE : `${short(v)} °C`, name] },
];

/** The line of the last minutes, as wide as its tile. */
function drawLine(canvas, values, top) {
	const scale = devicePixelRatio || 1, ctx = canvas.getContext('2d'), [width, height] = [canvas.clientWidth, canvas.clientHeight];
	const most = top || Math.max(...values.filter((v) => v !== null), 0) || 1;
	if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
	if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
	ctx.setTransform(scale, 0, 0, scale, 0, 0);
	ctx.clearRect(0, 0, width, height);
	const points = values.map((v, i) => [(i / (values.length - 1)) * width, v === null ? null : height - 1 - Math.min(1, v / most) * (height - 3)]).filter(([, y]) => y !== null);
	if (points.length < 2) return;
	ctx.beginPath();
	points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
	ctx.strokeStyle = colour('--accent');
	ctx.lineWidth = 1.2;
	ctx.stroke();
	ctx.lineTo(points[points.length - 1][0], height);
	ctx.lineTo(points[0][0], height);
	ctx.fillStyle = colour('--share-fill');
	ctx.globalCompositeOperation = 'destination-over';
	ctx.fill();
}

/** The worst limit that a value breaks. */
const broken = (limits, v) => limits.findLast((l) => v !== null && (l.above ? v > l.y : v < l.y));

/** newest(key) → value or null. */
function tile(row, has, newest) {
	const key = (metric, labels) => has.key(`system.${metric}`, labels);
	const found = row.several ? has.names(`system.${row.metric}`, row.several).slice(0, CANDIDATES).map((name) => ({ name, key: key(row.metric, { [row.several]: name }) }))
		: [{ key: key(row.metric) }].filter((one) => one.key);
	if (!found.length) return null;
	const more = Object.entries(row.with || {}).map(([name, [metric, labels]]) => [name, key(metric, labels)]);
	const figure = new Text(), below = new Text(); // their data are changed, not they: that is cheaper
	const value = h('dd', null, figure), words = h('dd', { class: 'words' }, below), canvas = h('canvas', { 'aria-hidden': 'true' });
	const of = (k) => (k ? newest(k) : null);
	const greatest = () => found.reduce((a, b) => ((of(b.key) ?? -1) > (of(a.key) ?? -1) ? b : a));
	return {
		node: h('div', { class: 'tile' }, h('dt', null, row.title), value, words, canvas),
		keys: [...found.map((one) => one.key), ...more.map(([, k]) => k).filter(Boolean)],
		draw: (answer) => drawLine(canvas, answer.get(greatest().key).avg, row.top),
		async tell() {
			const best = greatest(), now = of(best.key);
			const [text, beside] = row.tell(now, Object.fromEntries(more.map(([name, k]) => [name, of(k)])), best.name);
			if (figure.data !== text) figure.data = text;
			if (below.data !== beside) below.data = words.title = beside;
			const limit = broken(await limitsOf([best.key]), now);
			const tone = { critical: 'bad', warning: 'warn' }[limit?.tone] || '';
			if (value.className !== tone) value.className = tone;
			const broke = limit ? `${limit.text}: ${limit.above ? 'above' : 'below'} ${row.tell(limit.y, {}, '')[0]}` : '';
			if (value.title !== broke) value.title = broke;
		},
	};
}

/** → {node, rebuild(inventory), refresh(), tick({t, values}), stop()}. */
export function tilesCard() {
	const card = panel('Now', { class: 'now' }), list = h('dl', { class: 'tiles' });
	const known = new Map(); // key → {t, v}, the newest
	let tiles = [], keys = [], seen = true, latest = 0, asked = false;
	card.body.replaceChildren(list);

	function note(key, t, v) {
		if (!(known.get(key)?.t >= t)) known.set(key, { t, v });
		latest = Math.max(latest, t);
	}
	function newest(key) {
		const one = known.get(key);
		return one && latest - one.t < SECONDS * 1000 ? one.v : null;
	}
	const tellAll = () => tiles.forEach((t) => t.tell());
	async function refresh() {
		if (!tiles.length) return null;
		const end = Math.ceil(Date.now() / 1000) * 1000, start = end - SECONDS * 1000;
		const answer = samples(keys, { start, end, step: 1000 }, 'avg');
		return card.load(answer, (found) => {
			for (const [key, { avg }] of found) {
				const i = avg.findLastIndex((v) => v !== null);
				if (i >= 0) note(key, start + i * 1000, avg[i]);
			}
			tellAll();
			tiles.forEach((t) => t.draw(found));
		});
	}
	const again = () => { if (seen && !document.hidden) refresh().catch(() => {}); };
	const timer = setInterval(again, EVERY_MS);
	dark.addEventListener('change', again);
	const sight = new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; });
	sight.observe(card.node);
	return {
		node: card.node,
		refresh,
		rebuild(has) {
			tiles = TILES.map((row) => tile(row, has, newest)).filter(Boolean);
			keys = [...new Set(tiles.flatMap((t) => t.keys))];
			list.replaceChildren(...tiles.map((t) => t.node));
		},
		tick({ t, values }) {
			for (const key of keys) if (values[key] !== undefined) note(key, t * 1000, values[key]);
			if (asked || !seen || document.hidden) return; // several ticks of a second are told together
			asked = true;
			requestAnimationFrame(() => {
				asked = false;
				tellAll();
			});
		},
		stop() {
			clearInterval(timer);
			sight.disconnect();
			dark.removeEventListener('change', again);
		},
	};
}
