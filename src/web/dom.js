// Building the page out of nodes. Data becomes text nodes and attributes, never markup, so nothing needs escaping.

/** h('td', {class: 'num', title: 'x'}, 'text', node, null) → element. A property whose value is null or false is left out. */
export function h(tag, props, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(props || {})) {
		if (value === null || value === undefined || value === false) continue;
		if (typeof value === 'function') node.addEventListener(name, value);
		else node.setAttribute(name, value === true ? '' : String(value));
	}
	node.append(...children.flat().filter((c) => c !== null && c !== undefined));
	return node;
}

/** A table with column headings. columns: [{title, class}]. Rows are put in with fillRows. */
export function table(caption, columns) {
	// The roles are said because the narrow layout changes `display`, which would take the table's meaning away.
	const head = h('tr', { role: 'row' },
		columns.map((c) => h('th', { scope: 'col', role: 'columnheader', class: c.class }, c.title)));
	return h('table', { role: 'table' },
		h('caption', { class: 'unseen' }, caption),
		h('thead', { role: 'rowgroup' }, head),
		h('tbody', { role: 'rowgroup' }));
}

/** Replaces the body. rows: arrays of cells; a cell is a node or text. */
export function fillRows(target, columns, rows) {
	const body = target.tBodies[0];
	body.replaceChildren(...rows.map((cells) => h('tr', { role: 'row' },
		cells.map((cell, i) => h('td', { role: 'cell', class: columns[i].class }, cell)))));
}

/** Named figures: [{title, value}] → a description list. */
export function figures(items) {
	return h('dl', { class: 'figures' }, items.map((item) => h('div', { class: item.class },
		h('dt', null, item.title), h('dd', { class: item.tone }, item.value))));
}

/** Tables are made anew with every answer; whoever stands on a button of one (by its data-key) must not be thrown out. */
export function keepFocus(root, change) {
	const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	change();
	if (key) root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
