// The host: the last second in figures, charts by area, who used it. What the machine lacks is not shown.
import { areasOf } from './areas.js';
import { h } from './dom.js';
import { bytes } from './format.js';
import { heatStrip } from './heat.js';
import { takeInventory } from './inventory.js';
import { processesCard } from './processes.js';
import { setInAddress } from './range.js';
import { keepFresh, seriesChart } from './series.js';
import { servicesCard } from './services.js';
import { tilesCard } from './tiles.js';
import { volumesCard } from './volumes.js';

const INVENTORY_MS = 60e3;
const SOON_MS = [2e3, 6e3, 15e3]; // a daemon that has just begun finds more and more
const PILLS_MOST = 6; // more names are a list to choose from
const narrow = matchMedia('(max-width: 560px)'); // there only what comes first is open
const PARTS = { processes: processesCard, volumes: volumesCard, services: servicesCard };

/** A chart, and under that of all cores a strip with each of them. */
function chartOf(spec, has) {
	const chart = seriesChart(spec.title, spec), cores = spec.cores || [];
	if (!cores.length) return chart;
	const strip = heatStrip('Cores', cores.map((core) => ({ core, key: has.key('system.core.percent', { cpu: core }) })));
	chart.node.append(strip.node);
	return {
		node: chart.node,
		refresh: () => Promise.all([chart.refresh(), strip.refresh()]),
		stop() {
			chart.stop();
			strip.stop();
		},
	};
}

/** Which of several: buttons, or a list where they are many. */
function pickerOf(area, picked, pick) {
	if (area.names.length < 2) return null;
	const text = (name) => name ?? area.pick.all;
	if (area.names.length > PILLS_MOST) {
		return h('select', { class: 'area-pick', 'aria-label': area.pick.name, change: (e) => pick(area.names[e.target.selectedIndex]) },
			area.names.map((name) => h('option', { selected: name === picked }, text(name))));
	}
	return h('div', { class: 'range-group area-pick', role: 'group', 'aria-label': area.pick.name },
		area.names.map((name) => h('button', { type: 'button', 'aria-pressed': String(name === picked), click: () => pick(name) }, text(name))));
}

/** An area of the section: its heading, its charts and its other cards. */
function mountArea(id) {
	const body = h('div', { class: 'grid' }), summary = h('summary', null), parts = new Map();
	const node = h('details', { class: 'area', id: `system-${id}`, open: true }, summary, body);
	let charts = [], shown = '', touched = false;
	summary.addEventListener('click', () => { touched = true; });

	function wantedOf(area, has) {
		const named = new URLSearchParams(location.search).get(area.pick?.label || '');
		if (area.names.includes(named)) return named;
		const worth = (name) => (name === null ? Infinity : has.last(area.pick.metric, { [area.pick.label]: name }) ?? -1);
		const candidates = area.names.filter((name) => name !== area.pick.inner || area.names.length === 1);
		return candidates.reduce((a, b) => (worth(b) > worth(a) ? b : a), candidates[0]);
	}
	function build(area, has, picked) {
		for (const c of charts) c.stop();
		const picker = area.pick && pickerOf(area, picked, (name) => {
			setInAddress({ [area.pick.label]: name ?? '' });
			build(area, has, name);
			node.querySelector('.area-pick [aria-pressed=true], select.area-pick')?.focus();
		});
		charts = area.charts(picked).map((spec) => chartOf(spec, has));
		for (const c of charts) c.refresh().catch(() => {}); // once they are seen
		summary.replaceChildren(h('h3', null, area.title));
		body.replaceChildren(...(picker ? [picker] : []), ...charts.map((c) => c.node), ...[...parts.values()].map((p) => p.node));
	}
	return {
		node,
		update(area, has) {
			for (const name of area.parts || []) if (!parts.has(name)) parts.set(name, PARTS[name]());
			const some = [...parts.values()].filter((p) => p.rebuild(has));
			const picked = area.pick ? wantedOf(area, has) : null, now = JSON.stringify([area.charts(picked), area.names]);
			if (!touched) node.open = !area.closed && (!narrow.matches || area.first === true);
			if (now !== shown) build(area, has, picked);
			shown = now;
			node.hidden = !charts.length && !some.length;
		},
		cards: () => [...charts, ...parts.values()],
		charts: () => charts,
	};
}

function mount(root, frame) {
	const tiles = tilesCard(), areas = new Map();
	let has = null;
	root.append(tiles.node);

	function build(found) {
		if (has?.signature === found.signature) return;
		has = found;
		frame.absent(!has.signature);
		tiles.rebuild(has);
		for (const area of areasOf(has)) {
			if (!areas.has(area.id)) {
				areas.set(area.id, mountArea(area.id));
				root.append(areas.get(area.id).node);
			}
			areas.get(area.id).update(area, has);
		}
		const cores = has.names('system.core.percent', 'cpu').length, memory = has.last('system.memory.total');
		frame.lead([cores ? `${cores} ${cores === 1 ? 'core' : 'cores'}` : '', memory ? `${bytes(memory)} of memory` : ''].filter(Boolean).join(', '));
	}
	const look = () => takeInventory().then(build);
	const cards = () => [...areas.values()].flatMap((a) => a.cards());
	const stopRefreshing = keepFresh(() => [...areas.values()].flatMap((a) => a.charts()));
	const again = () => { if (!document.hidden) look().catch(() => {}); };
	const timer = setInterval(again, INVENTORY_MS), soon = SOON_MS.map((ms) => setTimeout(again, ms));
	return {
		async refresh() {
			const looked = look();
			await looked.catch(() => {});
			return Promise.allSettled([looked, tiles.refresh(), ...cards().map((c) => c.refresh())]);
		},
		tick: tiles.tick,
		stop() {
			stopRefreshing();
			clearInterval(timer);
			soon.forEach(clearTimeout);
			tiles.stop();
			for (const c of cards()) c.stop();
		},
	};
}

export default {
	id: 'system', nav: 'System', title: 'System', lead: 'The host, once a second', topics: [], samples: 'system.*', ranged: true, mount,
};
