// Keys of series, as the daemon writes them: name{label=value,other="odd, value"}.

/** → {name, labels: {label: value}}. */
export function parseKey(key) {
	const brace = key.indexOf('{'), labels = {};
	if (brace < 0) return { name: key, labels };
	for (const [, label, quoted, plain] of key.slice(brace + 1, -1).matchAll(/([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)) {
		labels[label] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
	}
	return { name: key.slice(0, brace), labels };
}

/** Does the key match a pattern with * and ? ? */
export const matches = (pattern, key) => new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 's').test(key);
