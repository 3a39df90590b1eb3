// How the values of a series are written: by its unit, else by the end of its name.
import { bytes, NONE, number, short, span } from './format.js';

function seconds(v) {
	if (Math.abs(v) < 1) return `${short(v * 1000)} ms`;
	return v < 100 ? `${short(v)} s` : span(v);
}

const WRITERS = { bytes, seconds, percent: (v) => `${short(v)} %` };

const writerOf = (key, unit) => WRITERS[unit] || WRITERS[/_(bytes|seconds|percent)$/.exec(/^[^{]*/.exec(key)[0])?.[1]];

/** → a function of a value. perSecond: of what a counter grows by in a second. */
export function writer(key, unit, perSecond) {
	const write = writerOf(key, unit);
	if (perSecond) return (v) => `${write === bytes ? bytes(v) : short(v)}/s`;
	return write || short;
}

/** A single value; up to six digits where no unit is known. */
export function ofSeries(key, v) {
	const write = writerOf(key, '');
	return write && Number.isFinite(v) ? write(v) : v === null ? NONE : number(v);
}
