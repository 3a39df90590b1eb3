// The page's frame: which sections it shows, when they are refreshed, and what it may say about its own freshness.
//
// A section is a module listed in meson.build: {id, nav, title, lead, topics, samples?, ranged?, mount(root, frame) → {refresh(), event?(event),
// tick?({t, values}), stop?()}}. samples: a pattern; tick() is given those that match, as they come.
// A ranged one shows the range of time that range.js holds, and is refreshed when it changes. frame.lead(…nodes) replaces the sentence
// beside the title, frame.badge(n) puts a number of things that need somebody beside the section's name and into the window's title,
// frame.absent(true) takes the section off the page: this daemon has nothing for it.
// refresh() answers with settled promises; the frame reads from them whether the daemon answers and wants a key.
import { ask } from './api.js';
import { h } from './dom.js';
import { clock, when } from './format.js';
import { openStream, throttle } from './live.js';
import { mountRangeBar, onTimeRange } from './range.js';
import sections from './sections.js';
import { mountRangeSelector } from './selector.js';
import { session, signInForm, signOut } from './session.js';

const REFRESH_MS = 30000;
const LIVE_MS = 1000; // new data is fetched at most this often
const GONE_MS = 2000; // how often a daemon that is gone is looked for
const FIRST_MS = 300; // so long the first figures wait for the stream: what comes after them is then told

const at = (id) => document.getElementById(id);
const main = at('main');
const asked = document.body.dataset.sections;
const shown = sections.filter((s) => asked === '*' || asked.split(',').includes(s.id));

const title = document.title;

let mounted = []; // [{section, refresh, event, tick, refreshLive}]
let stream = null;
let streamOpen = null; // null: not tried yet
let answered = false; // has the daemon ever answered this page?
let goneSince = null; // when it was noticed that the daemon does not answer
let goneTimer = 0;
let signingIn = false;
let spy = null;
let jumped = false; // has the place that the address names been gone to?
const badges = new Map(); // section id → what needs somebody there

function say(state, text) {
	at('status').dataset.state = state;
	if (at('status-text').textContent !== text) at('status-text').textContent = text; // read aloud only when it changes
	document.body.dataset.state = state;
}

function sayStatus() {
	if (signingIn) say('key', 'A key is needed');
	else if (goneSince) say('gone', `Daemon gone since ${clock(goneSince)}`);
	else if (!answered) say('connecting', 'Connecting…');
	else if (streamOpen) say('live', 'Live');
	else say('reconnecting', 'Reconnecting; refreshed every 30 s');
}

/** Takes what a round of requests came to: one answer of any kind proves the daemon alive. Who did not ask answers null. */
function judge(round) {
	const results = round.filter((r) => r.status === 'rejected' || r.value !== null);
	if (!results.length) return;
	const errors = results.filter((r) => r.status === 'rejected').map((r) => r.reason);
	const gone = errors.length > 0 && errors.length === results.length && errors.every((e) => e.kind === 'gone');
	if (gone) {
		goneSince = goneSince || new Date();
		clearTimeout(goneTimer);
		goneTimer = setTimeout(refreshAll, GONE_MS);
	} else {
		goneSince = null;
		answered = true;
	}
	if (errors.some((e) => e.kind === 'key')) askForKey();
	if (!errors.length) at('updated').textContent = `updated ${clock(new Date())}`;
	sayStatus();
}

async function refreshAll() {
	if (signingIn) return;
	const rounds = await Promise.all(mounted.map((m) => m.refresh()));
	judge(rounds.flat());
	if (!jumped) document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: 'instant' }); // only now the sections have their heights
	jumped = true;
}

function showLatest(event) {
	at('latest').replaceChildren('Latest event: ', when(event.time), ` ${event.title ?? event.kind ?? ''}`);
}

function onMessage(name, data) {
	if (name === 'lost') refreshAll(); // messages were dropped: we cannot know which
	if (name === 'event' && data) showLatest(data);
	for (const m of mounted) {
		if (name === 'event' && m.event) m.event(data);
		if (name === 'samples' && m.tick) m.tick(data);
		if (m.section.topics.includes(name)) m.refreshLive();
	}
}

function onState(state) {
	const open = state === 'open';
	if (open === streamOpen) return; // a reopening that fails again tells nothing new
	streamOpen = open;
	refreshAll(); // opened: what is there, what did we miss? lost: is anybody there?
	sayStatus();
}

function listen() {
	const match = shown.find((s) => s.samples)?.samples;
	const topics = [...new Set([...shown.flatMap((s) => s.topics), 'events', ...(match ? ['samples'] : [])])];
	stream = openStream(topics, match, [...topics.filter((t) => t !== 'events'), 'event', 'lost'], { message: onMessage, state: onState });
}

function setBadge(section, n) {
	const badge = at('nav').querySelector(`[href="#${section.id}"] .count`);
	badge.textContent = n ? String(n) : '';
	badge.hidden = !n;
	badges.set(section.id, n);
	const all = [...badges.values()].reduce((sum, one) => sum + one, 0);
	document.title = all ? `(${all}) ${title}` : title;
}

function setAbsent(section, gone) {
	at(section.id).hidden = at('nav').querySelector(`[href="#${section.id}"]`).hidden = gone;
}

function mountSection(section) {
	const root = h('div', { class: 'grid' }), lead = h('p', { class: 'lead' }, section.lead);
	main.append(h('section', { id: section.id, class: 'page', 'aria-labelledby': `${section.id}-title` },
		h('header', { class: 'page-head' }, h(shown.length > 1 ? 'h2' : 'h1', { id: `${section.id}-title` }, section.title), lead), root));
	const live = section.mount(root, { lead: (...nodes) => lead.replaceChildren(...nodes), badge: (n) => setBadge(section, n), absent: (gone) => setAbsent(section, gone) });
	const refreshLive = throttle(LIVE_MS, async () => {
		if (!document.hidden) judge(await live.refresh());
	});
	return { section, refresh: live.refresh, event: live.event, tick: live.tick, stop: live.stop, refreshLive };
}

function unmount() {
	for (const m of mounted) if (m.stop) m.stop();
	mounted = [];
	main.replaceChildren();
	document.title = title;
	badges.clear();
	if (spy) spy.disconnect();
}

function mountNav() {
	at('nav').hidden = shown.length < 2;
	at('nav').replaceChildren(...shown.map((s) => h('a', { href: `#${s.id}` }, s.nav, h('span', { class: 'count', hidden: true }))));
}

/** The section that is being read is marked in the bar: the last one that begins above a line below the bar. */
function spyOnSections() {
	const inSight = new Set();
	spy = new IntersectionObserver((entries) => {
		for (const e of entries) inSight[e.isIntersecting ? 'add' : 'delete'](e.target.id);
		const here = shown.find((s) => inSight.has(s.id));
		for (const link of at('nav').children) {
			if (here && link.hash === `#${here.id}`) link.setAttribute('aria-current', 'true');
			else link.removeAttribute('aria-current');
		}
	}, { rootMargin: '-130px 0px -50% 0px' });
	for (const section of main.querySelectorAll('.page')) spy.observe(section);
}

async function refreshRanged() {
	judge((await Promise.all(mounted.filter((m) => m.section.ranged).map((m) => m.refresh()))).flat());
}

function showSections() {
	signingIn = false;
	unmount();
	mountNav();
	mounted = shown.map(mountSection);
	spyOnSections();
	if (shown.some((s) => s.ranged)) {
		if (!at('range').childElementCount) {
			mountRangeBar(at('range'));
			mountRangeSelector(at('range'));
		}
		at('range').hidden = false;
	}
	listen();
	setTimeout(() => { if (streamOpen === null) refreshAll(); }, FIRST_MS);
}

/** back: the sections may be seen without a key. */
function askForKey(back) {
	if (signingIn) return;
	signingIn = true;
	streamOpen = null;
	if (stream) stream.close();
	unmount();
	at('range').hidden = at('nav').hidden = true;
	main.replaceChildren(signInForm(start, back));
	at('key').focus();
	at('updated').textContent = '';
	at('latest').replaceChildren();
	at('sign-in').hidden = at('sign-out').hidden = true;
	sayStatus();
}

async function start() {
	let known = {};
	try {
		known = await session();
	} catch {
		// Nobody there yet: the sections say so and recover by themselves.
	}
	signingIn = false;
	if (known.reads_guarded && !known.signed_in) {
		askForKey();
		return;
	}
	at('sign-in').hidden = !(known.key_needed && !known.signed_in);
	at('sign-out').hidden = !(known.key_needed && known.signed_in);
	showSections();
	ask('/api/events?limit=1').then((answer) => answer.events?.[0] && showLatest(answer.events[0]), () => {});
	ask('/api/health').then((health) => { at('version').textContent = `Auspex ${health.version ?? ''}`; }, () => {});
}

at('sign-in').addEventListener('click', () => askForKey(start));
at('sign-out').addEventListener('click', async () => {
	await signOut().catch(() => {});
	location.reload();
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) refreshAll(); });
onTimeRange(refreshRanged);
setInterval(refreshAll, REFRESH_MS);
start();
