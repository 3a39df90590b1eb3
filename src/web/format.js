// Numbers and times as an operator reads them. Every function takes anything and answers "–" for what is no value.

export const NONE = '–';

const isNumber = (v) => typeof v === 'number' && Number.isFinite(v);

/** 10000 → "10 000" to the eye; the gap is a margin, so that copied text stays a number. */
export function count(value) {
	if (!isNumber(value)) return NONE;
	const text = String(Math.round(value));
	const digits = text.replace('-', '');
	if (digits.length < 5) return text;
	const node = document.createElement('span');
	const first = digits.length % 3 || 3;
	node.append(text.slice(0, text.length - digits.length + first));
	for (let i = first; i < digits.length; i += 3) {
		const group = document.createElement('span');
		group.className = 'group';
		group.textContent = digits.slice(i, i + 3);
		node.append(group);
	}
	return node;
}

/** Share 0..1 → "97.5%". */
export const percent = (share) => (isNumber(share) ? `${(share * 100).toFixed(1)}%` : NONE);

export const fixed = (value, digits) => (isNumber(value) ? value.toFixed(digits) : NONE);

/** At most six digits, without an ending row of zeros. */
export const number = (v) => (isNumber(v) ? String(Number(v.toPrecision(6))) : NONE);

/** run_failed → "run failed". */
export const words = (name) => String(name).replace(/_/g, ' ');

/** The name of a severity, in its colour. */
export function severity(name) {
	const node = document.createElement('span');
	node.className = `severity ${name}`;
	node.textContent = name;
	return node;
}

/** Nanoseconds → "1.50s". */
export const secondsOfNs = (ns) => (isNumber(ns) ? `${(ns / 1e9).toFixed(2)}s` : NONE);

/** Seconds → "1.50s", but "7ms" where two decimals would hide the figure. */
export function seconds(s) {
	if (!isNumber(s)) return NONE;
	if (s > 0 && s < 0.1) return s < 0.001 ? '<1ms' : `${(s * 1000).toFixed(0)}ms`;
	return `${s.toFixed(2)}s`;
}

/** A Go duration text such as "24h0m0s"; its zero tail is shown faintly. */
export function goDuration(text) {
	if (typeof text !== 'string' || !text) return NONE;
	const tail = /^(\d.*?[hm])((?:0m)?0s)$/.exec(text);
	if (!tail) return text;
	const node = document.createElement('span');
	const faint = document.createElement('span');
	faint.className = 'faint';
	faint.textContent = tail[2];
	node.append(tail[1], faint);
	return node;
}

/** A form that dates are written in, in the reader's language. It is made when it is first needed: making one takes milliseconds. */
export function dateForm(options) {
	let form = null;
	return (date) => {
		form = form || new Intl.DateTimeFormat(undefined, options);
		return form.format(date);
	};
}

const whole = dateForm({ dateStyle: 'full', timeStyle: 'long' });
export const dayMonth = dateForm({ day: 'numeric', month: 'short' });

const two = (n) => String(n).padStart(2, '0');
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** A time stamp → <time> in local time: the clock alone for today, with the date before it for other days. */
export function when(stamp) {
	const date = new Date(stamp);
	if (stamp === null || stamp === undefined || Number.isNaN(date.getTime())) return NONE;
	const node = document.createElement('time');
	node.dateTime = date.toISOString();
	node.addEventListener('pointerenter', () => { node.title = whole(date); }, { once: true });
	const today = date.toDateString() === new Date().toDateString();
	node.textContent = today ? clock(date) : `${dayMonth(date)} ${clock(date)}`;
	return node;
}

const three = (v) => String(Number(v.toPrecision(3)));

function scaled(v, units) {
	let i = 0, n = v;
	while (Math.abs(n) >= 999.5 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return `${three(n)}${units[i]}`;
}

/** Bytes → "4.9 MB". */
export const bytes = (v) => (isNumber(v) ? scaled(v, [' B', ' kB', ' MB', ' GB', ' TB']) : NONE);

/** Any quantity in three digits: 0.0213, 48, "1.2 M". */
export const short = (v) => (isNumber(v) ? scaled(v, ['', ' k', ' M', ' G', ' T']) : NONE);

/** Seconds → "3 d 4 h", the two largest units. */
export function span(s) {
	if (!isNumber(s)) return NONE;
	const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const i = parts.findIndex(([size]) => s >= size);
	if (i < 0) return '0 s';
	const first = Math.floor(s / parts[i][0]), rest = i < 3 ? Math.floor((s % parts[i][0]) / parts[i + 1][0]) : 0;
	return `${first} ${parts[i][1]}${rest ? ` ${rest} ${parts[i + 1][1]}` : ''}`;
}

/** Seconds → "7.30s", "1m 48s", "2h 05m": for what may be long. */
export function longSeconds(s) {
	if (!isNumber(s) || s < 100) return seconds(s);
	const minutes = Math.floor(s / 60), two = (n) => String(Math.floor(n)).padStart(2, '0');
	return minutes < 60 ? `${minutes}m ${two(s % 60)}s` : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}
