// Charts: the one place that knows the chart library. Colours come from the style sheet, so both themes fit.

/** The chart library; it is begun with the first chart, so that the page need not wait for it. */
export const library = () => require('dygraphs');

export const dark = matchMedia('(prefers-color-scheme: dark)');
const colours = new Map();
dark.addEventListener('change', () => colours.clear());

/** A colour of the style sheet, as the theme has it now. */
export function colour(name) {
	if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
	return colours.get(name);
}

/** Bars from the base line, later series in front of earlier ones; the first row's step is the width of a bar. */
function plotBars(e) {
	const ctx = e.drawingContext, points = e.points;
	if (points.length < 2) return;
	const base = e.dygraph.toDomYCoord(0);
	const width = Math.max(1, Math.floor((points[1].canvasx - points[0].canvasx) * 0.72));
	ctx.fillStyle = e.color;
	for (const p of points) {
		const top = p.yval > 0 ? Math.min(p.canvasy, base - 1.5) : base;
		if (base > top) ctx.fillRect(Math.round(p.canvasx - width / 2), top, width, base - top);
	}
}

function legendOf(target, describe) {
	return (data) => {
		target.textContent = data.x === undefined ? '' : describe(data.x, data.series.map((s) => s.y));
		return '';
	};
}

export const hidden = () => document.createElement('div'); // the library's own legend is not shown: ours is text

/**
 * barChart(host, {labels, colours: ['--accent'], describe(x, values) → text under the pointer, readout: element})
 * → {update(rows, summary)}; rows: [[Date, n, …], …] in steps of equal length, at least two.
 */
export function barChart(host, options) {
	let chart = null, rows = [];
	function theme() {
		return {
			colors: options.colours.map(colour),
			axisLineColor: colour('--line'),
			gridLineColor: colour('--grid'),
		};
	}
	/** Half a step of room on both sides, or the outer bars are cut. */
	function range() {
		const half = (rows[1][0] - rows[0][0]) / 2;
		return [rows[0][0].getTime() - half, rows[rows.length - 1][0].getTime() + half];
	}
	const top = () => Math.max(4, ...rows.map((r) => r[1])) * 1.12;
	const figure = document.createElement('div');
	figure.className = 'plot';
	host.append(figure);

	function create() {
		const Dygraph = library();
		chart = new Dygraph(figure, rows, {
			labels: options.labels, labelsDiv: hidden(), legendFormatter: legendOf(options.readout, options.describe),
			plotter: plotBars, dateWindow: range(), valueRange: [0, top()],
			interactionModel: {}, // a finger on the chart scrolls the page
			axes: {
				x: { drawGrid: false, pixelsPerLabel: 56, axisLabelWidth: 48 },
				y: { axisLabelWidth: 30, pixelsPerLabel: 32, axisLabelFormatter: (v) => (Number.isInteger(v) ? String(v) : '') },
			},
			axisLabelFontSize: 11, highlightCircleSize: 0, strokeWidth: 0, legend: 'always', ...theme(),
		});
	}
	new ResizeObserver(() => chart && chart.resize()).observe(host);
	dark.addEventListener('change', () => chart && chart.updateOptions(theme()));

	return {
		update(next, summary) {
			rows = next;
			figure.setAttribute('role', 'img');
			figure.setAttribute('aria-label', summary);
			if (!chart) create();
			else chart.updateOptions({ file: rows, dateWindow: range(), valueRange: [0, top()] });
		},
	};
}
