// Cards that tell of one moment: now, or the one that is looked at in the charts.
import { moment, onMoment, pinMoment } from './cursor.js';
import { h } from './dom.js';
import { clock, dateForm } from './format.js';
import { panel } from './panel.js';
import { timeRange } from './range.js';

const SETTLED_MS = 150; // so long the pointer rests before it is asked what was then
const NOW_MS = 3000; // a moment so short ago is the present

const weekday = dateForm({ weekday: 'short', day: 'numeric', month: 'short' });

/** "03:12:07", "Fri 20 Nov 03:12:07". */
function momentText(t) {
	const date = new Date(t), today = date.toDateString() === new Date().toDateString();
	return `${today ? '' : `${weekday(date)} `}${clock(date)}`;
}

/** The time that is told of; null: now. */
function wanted() {
	const { end, live } = timeRange(), t = moment() ?? (live ? null : end);
	return t === null || Date.now() - t < NOW_MS ? null : t;
}

/**
 * momentCard(title, {class}, content, {show(t) → apply, every, rebuild?}) → {node, rebuild(inventory), refresh(), stop()}. show is given the moment in ms,
 * null for now, and answers, after it has asked, what puts the answer on the card: apply() → text about it, or nothing. every: ms between two
 * questions about now. rebuild: whether there is anything to tell of.
 */
export function momentCard(title, options, content, { show, every, rebuild }) {
	const back = h('button', { type: 'button', class: 'act plain', hidden: true, click: () => pinMoment(null) }, 'Back to now');
	const card = panel(title, { class: options.class, tools: back });
	let seen = false, settle = 0, round = 0;
	card.body.replaceChildren(content);
	const about = card.node.querySelector('.about');

	async function refresh() {
		if (!seen) return null;
		const t = wanted(), mine = ++round;
		return card.load(show(t), (apply) => {
			if (mine !== round) return; // another moment was asked for meanwhile
			const words = apply();
			about.ariaLive = t === null ? 'off' : 'polite'; // the present goes by in silence
			card.note(`${t === null ? 'now' : momentText(t)}${words ? `, ${words}` : ''}`);
			card.node.classList.toggle('past', t !== null);
			back.hidden = t === null || moment() === null;
		});
	}
	const quietly = () => refresh().catch(() => {});
	const leave = onMoment(() => {
		clearTimeout(settle);
		settle = setTimeout(quietly, SETTLED_MS);
	});
	const timer = setInterval(() => {
		if (!document.hidden && wanted() === null) quietly();
	}, every);
	const sight = new IntersectionObserver(([entry]) => {
		const came = entry.isIntersecting && !seen;
		seen = entry.isIntersecting;
		if (came) quietly();
	}, { rootMargin: '100px' });
	sight.observe(card.node);
	return {
		node: card.node,
		refresh,
		rebuild(has) {
			const any = !rebuild || rebuild(has);
			card.node.hidden = !any;
			if (any) quietly();
			return any;
		},
		stop() {
			leave();
			clearInterval(timer);
			clearTimeout(settle);
			sight.disconnect();
		},
	};
}
