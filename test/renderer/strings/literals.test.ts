// Every word shown comes from renderer/strings: none is written into a component.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../renderer', import.meta.url));

const components = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.svelte'),
);

/** Attributes and properties whose text people see or hear. */
const spoken =
  /^(aria-(label|description|placeholder|roledescription|valuetext)|title|alt|placeholder|label|hint|note)$/;
/** Set apart by looks alone, the same in every language. */
const name = /^(Longleaf)$/;

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
}

function meaning(type: string, attribute: string, within: string): string {
  if (type === 'Attribute') return spoken.test(attribute) ? 'spoken' : 'silent';
  return type === 'ExpressionTag' && within === '' ? 'spoken' : within;
}

/** Texts with letters in them, anywhere below `node`. */
function literals(node: unknown, within = ''): string[] {
  if (Array.isArray(node)) return node.flatMap((each) => literals(each, within));
  if (typeof node !== 'object' || node === null) return [];
  const { type, name: attribute = '', data, value } = node as Node;
  if (type === 'Text')
    return /\p{L}/u.test(data ?? '') && within !== 'silent' ? [data!.trim()] : [];
  if (type === 'Literal' && within === 'spoken')
    return typeof value === 'string' && /\p{L}/u.test(value) ? [value] : [];
  // What is compared or looked up is not shown.
  if (type === 'MemberExpression' || type === 'BinaryExpression') return [];
  if (type === 'StyleDirective') return [];
  const next = meaning(type, attribute, within);
  return Object.values(node).flatMap((each) => literals(each, next));
}

test.each(components)('%s has no words of its own', (component) => {
  const source = readFileSync(join(root, component), 'utf8');
  const { fragment } = parse(source, { modern: true, filename: relative(root, component) });
  expect(literals(fragment).filter((text) => !name.test(text))).toEqual([]);
});
