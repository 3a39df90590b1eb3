// What lies under the lines of a chart: limits across, events on the upper edge.
import { colour } from './chart.js';

const TONES = { critical: '--bad', warning: '--warn', info: '--faint' };
const MARK_ROOM = 7; // pixels from one mark to the next
const TEXT_MOST = 30; // characters of a limit's name

/** One mark for so many pixels, the gravest of them: a hundred events in an hour are not a bar. */
function byPlace(marks, graph) {
	const kept = new Map(), order = ['info', 'warning', 'critical'];
	for (const mark of marks) {
		const place = Math.floor(graph.toDomXCoord(mark.t) / MARK_ROOM), there = kept.get(place);
		if (!there || order.indexOf(mark.severity) > order.indexOf(there.severity)) kept.set(place, mark);
	}
	return [...kept.values()];
}

function drawLimit(ctx, area, graph, line, unit) {
	const y = Math.round(graph.toDomYCoord(line.y)) + 0.5;
	if (y < area.y || y > area.y + area.h) return;
	ctx.strokeStyle = ctx.fillStyle = colour(TONES[line.tone] || '--warn');
	ctx.setLineDash([5, 4]);
	ctx.beginPath();
	ctx.moveTo(area.x, y);
	ctx.lineTo(area.x + area.w, y);
	ctx.stroke();
	const text = `${line.text?.length > TEXT_MOST ? `${line.text.slice(0, TEXT_MOST - 1)}…` : line.text || ''} ${unit(line.y)}`.trim();
	const above = y - area.y > 14; // else the text stands below its line
	if (ctx.measureText(text).width < area.w * 0.7) ctx.fillText(text, area.x + area.w - 4, above ? y - 4 : y + 12);
}

/** A change is a small flag, any other event a tick; what is critical goes down faintly to the base. */
function drawMark(ctx, area, graph, mark) {
	const x = Math.round(graph.toDomXCoord(mark.t)), change = mark.kind === 'change_point';
	ctx.fillStyle = colour(change && mark.severity === 'info' ? '--accent-ink' : TONES[mark.severity] || '--faint');
	ctx.globalAlpha = change ? 0.45 : 0.22;
	if (change || mark.severity === 'critical') ctx.fillRect(x, area.y, 1, area.h);
	ctx.globalAlpha = 0.9;
	if (!change) {
		ctx.fillRect(x - 1, area.y, 3, 6);
		return;
	}
	ctx.beginPath();
	ctx.moveTo(x, area.y);
	ctx.lineTo(x + 8, area.y + 4);
	ctx.lineTo(x, area.y + 8);
	ctx.fill();
}

/** The chart library's callback. of(): {lines: [{y, tone, text}], marks: [{t, severity, kind}]}; unit: v → text. */
export function underlay(of, unit) {
	return (ctx, area, graph) => {
		const { lines, marks } = of();
		ctx.save();
		ctx.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
		ctx.textAlign = 'right';
		for (const line of lines) drawLimit(ctx, area, graph, line, unit);
		ctx.setLineDash([]);
		for (const mark of byPlace(marks, graph)) drawMark(ctx, area, graph, mark);
		ctx.restore();
	};
}
