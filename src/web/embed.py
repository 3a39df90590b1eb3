#!/usr/bin/env python3
"""Writes the dashboard's files into one C source that defines the tables of include/web/assets.h.

    embed.py OUT.c --template index.html.in --page index.html:Auspex:* ... FILE...

Each FILE is served as /assets/<its name>. Each --page (file:title:sections) is made from the template and served as
/<file>; "*" stands for every section, @ICON@ for the favicon. The output depends on the input alone: no times, no paths of this machine.
"""
import argparse
import gzip
import hashlib
import html
import os
import re

TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
}


def read(path):
    with open(path, 'rb') as f:
        data = f.read()
    # A source map is not embedded: a pointer to it would only make developer tools ask for nothing.
    return re.sub(rb'\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$', b'\n', data)


def page(template, title, sections, icon):
    values = {'TITLE': html.escape(title), 'SECTIONS': html.escape(sections), 'ICON': icon}
    text = re.sub(r'@([A-Z]+)@', lambda m: values[m.group(1)], template)
    return text.encode()


def c_string(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def c_bytes(name, data):
    rows = [','.join(str(b) for b in data[i:i + 40]) for i in range(0, len(data), 40)]
    return f'static const unsigned char {name}[] = {{\n' + ',\n'.join(rows) + '\n};\n'


def view(name, data):
    return f'{{ (const char *){name}, {len(data)} }}' if data else '{ NULL, 0 }'


def render(assets):
    out = ['/* Made by src/web/embed.py; do not edit. */\n#include "web/assets.h"\n']
    rows = []
    for i, (path, data) in enumerate(assets):
        packed = gzip.compress(data, 9, mtime=0)
        if len(packed) >= len(data):
            packed = b''
        else:
            out.append(c_bytes(f'gzip_{i}', packed))
        out.append(c_bytes(f'plain_{i}', data))
        etag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
        kind = TYPES[os.path.splitext(path)[1]]
        rows.append(f'\t{{ {c_string(path)}, {c_string(kind)}, {c_string(etag)},\n'
                    f'\t  {view(f"plain_{i}", data)}, {view(f"gzip_{i}", packed)} }},')
    out.append('const struct web_asset web_assets[] = {\n' + '\n'.join(rows) + '\n};')
    out.append('const size_t web_n_assets = sizeof(web_assets) / sizeof(web_assets[0]);\n')
    return '\n'.join(out)


def collect(args):
    files = {os.path.basename(f): read(f) for f in args.files}
    with open(args.template, encoding='utf-8') as f:
        template = f.read()
    icon = files['favicon.svg'].decode().strip().replace(' xmlns="http://www.w3.org/2000/svg"', '')  # HTML knows it
    assets = []
    for spec in args.page:
        name, title, sections = spec.split(':')
        assets.append(('/' + name, page(template, title, sections, icon)))
    return assets + [('/assets/' + n, data) for n, data in sorted(files.items())]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('output')
    p.add_argument('files', nargs='+')
    p.add_argument('--template', required=True)
    p.add_argument('--page', action='append', default=[])
    args = p.parse_args()
    with open(args.output, 'w', encoding='ascii', newline='\n') as f:
        f.write(render(collect(args)))


main()
