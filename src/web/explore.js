// Charts of any series: chosen by name or pattern, kept in the address (?chart=app.queue&chart=app.disk{*}), with the limits that rules set.
import { ask } from './api.js';
import { h } from './dom.js';
import { panel } from './panel.js';
import { setInAddress } from './range.js';
import { keepFresh, seriesChart } from './series.js';
import { writer } from './units.js';

const CHARTS_MAX = 12;
const COLOURS = ['--accent', '--second', '--third', '--fourth', '--fifth', '--sixth'];
const OFFERED = 8; // series named while nothing is chosen
const NAMES_MAX = 2000; // in the list that the input offers

let shown = null; // the section, while it is on the page

/** The name of a series as a link to its chart. */
export function chartLink(key) {
	return h('a', { class: 'series', href: '#charts', title: `Chart of ${key}`, click: () => shown && shown.show(key) }, h('code', null, key));
}

/** What tells the series of a pattern apart: app.disk{m=/srv} of app.disk{*} is m=/srv. */
function labelOf(key, pattern) {
	const wild = pattern.search(/[*?]/);
	if (wild < 0) return 'Value';
	const tail = /[^*?]*$/.exec(pattern)[0];
	return key.slice(wild, key.endsWith(tail) ? key.length - tail.length : key.length) || key;
}

async function chartOf(pattern, tools) {
	const { series } = await ask(`/api/series?match=${encodeURIComponent(pattern)}`);
	const drawn = series.slice(0, COLOURS.length), rate = drawn.some((s) => s.type === 'counter');
	const made = seriesChart(pattern, {
		series: drawn.map((s, i) => ({ key: s.key, label: labelOf(s.key, pattern), colour: COLOURS[i], rate: s.type === 'counter' })),
		unit: writer(pattern, drawn[0]?.unit, rate), class: 'half', tools, near: true,
	});
	if (series.length > drawn.length) made.note(`${drawn.length} of ${series.length} series`);
	return made;
}

function mount(root) {
	const names = h('datalist', { id: 'chart-series' });
	const input = h('input', { name: 'series', list: 'chart-series', 'aria-label': 'Series (* stands for any characters)', placeholder: 'Name of a series, or a pattern: app.disk{*}',
		autocomplete: 'off', spellcheck: 'false', required: true });
	const offered = h('div', { class: 'offered' });
	const picker = panel('Choose a Series', { class: 'wide picker' });
	const charts = new Map(); // pattern → chart
	picker.body.replaceChildren(h('form', { class: 'filters', submit: (e) => {
		e.preventDefault();
		show(input.value.trim());
		input.value = '';
	} }, input, h('button', { type: 'submit', class: 'act' }, 'Add chart')), names, offered);
	root.append(picker.node);

	function keep() {
		setInAddress({ chart: [...charts.keys()] });
		offered.hidden = charts.size > 0;
	}
	function remove(pattern) {
		charts.get(pattern).stop();
		charts.get(pattern).node.remove();
		charts.delete(pattern);
		keep();
		input.focus();
	}
	async function add(pattern) {
		const chart = await chartOf(pattern, h('button', { type: 'button', class: 'close', 'aria-label': `Remove the chart of ${pattern}`, title: 'Remove', click: () => remove(pattern) }, '×'));
		if (charts.has(pattern) || charts.size >= CHARTS_MAX) return chart.stop();
		charts.set(pattern, chart);
		root.append(chart.node);
		keep();
		return chart.refresh().catch(() => {});
	}
	async function show(pattern) {
		if (!pattern) return;
		if (!charts.has(pattern)) await add(pattern).catch(picker.fail);
		charts.get(pattern)?.node.scrollIntoView({ block: 'center' });
	}
	function offer({ series }) {
		const foreign = (s) => Number(/^(auspex|system)\./.test(s.key)); // those have sections of their own
		const best = [...series].sort((a, b) => foreign(a) - foreign(b) || (b.t || 0) - (a.t || 0) || (a.key < b.key ? -1 : 1)).slice(0, OFFERED);
		names.replaceChildren(...series.slice(0, NAMES_MAX).map((s) => h('option', { value: s.key })));
		offered.replaceChildren(...best.map((s) => h('button', { type: 'button', class: 'chip', click: () => show(s.key) }, s.key)));
	}

	const wanted = new URLSearchParams(location.search).getAll('chart');
	offered.hidden = wanted.length > 0;
	const begun = wanted.reduce((before, pattern) => before.then(() => add(pattern)), Promise.resolve()).catch(picker.fail);
	const all = () => [...charts.values()];
	const stopRefreshing = keepFresh(all);
	shown = { show };
	return {
		async refresh() {
			await begun;
			return Promise.allSettled([picker.load(ask('/api/series'), offer), ...all().map((c) => c.refresh())]);
		},
		stop() {
			stopRefreshing();
			all().forEach((c) => c.stop());
			shown = null;
		},
	};
}

export default {
	id: 'charts', nav: 'Charts', title: 'Charts', lead: 'Any series, beside any other', topics: [], ranged: true, mount,
};
