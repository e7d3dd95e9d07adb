// Who may import whom, for what types cannot say. Prints every import that breaks the rules of the design and
// exits with 1 when there are any. Tested in layers.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Layer → the layers of this repository it may import. Itself is always allowed. */
const mayImport = {
  'main/contract': [],
  'main/services': ['main/contract'],
  'main/engine': ['main/contract'],
  'main/parser': ['main/contract', 'main/services'],
  'main/shell': ['main/contract', 'main/services'],
  'main/web': ['main/contract', 'main/services', 'main/shell'],
  'main/app': ['main/contract', 'main/services', 'main/shell'],
  'main/cli': ['main/contract', 'main/services', 'main/shell'],
  'main/preload': ['main/contract'],
  'main/setup': [],
  renderer: ['main/contract'],
};

/** Layer → may it import this package or Node module? Absent: anything. */
const packages = {
  'main/contract': (name) => name === 'zod',
  'main/preload': (name) => name === 'electron',
  renderer: (name) => !name.startsWith('node:') && name !== 'electron',
  'main/setup': (name) => /^(node:|esbuild$|cmake-js$|@electron\/)/.test(name),
};

/** Native folder → the folders whose headers it may include. `engine.h` and `base` are everybody's. */
const mayInclude = {
  addon: ['engine', 'model'],
  engine: ['sparsity', 'model', 'tokenizer', 'sampler', 'ops', 'cpu', 'cuda'],
  sparsity: ['ops', 'model'],
  model: ['ops'],
  tokenizer: ['model'],
  sampler: ['ops'],
  ops: [],
  cpu: ['ops'],
  cuda: ['ops'],
};

/** Configuration of build tools: part of no layer. */
const configuration = /(^|\/)(eslint|vite|svelte)\.config\.(js|ts)$/;

function sources(folder, pattern) {
  const found = [];
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory() && !['node_modules', 'build', 'dist'].includes(entry.name))
        visit(child);
      else if (entry.isFile() && pattern.test(entry.name)) found.push(child);
    }
  };
  visit(folder);
  return found.sort();
}

function layerOf(path) {
  const [first, second] = path.split('/');
  return first === 'main' ? `main/${second}` : first;
}

/** Every module a source names: static, dynamic and re-exported, with whether only types come in. */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = [];
  const statement = /\b(import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/g;
  for (const match of code.matchAll(statement)) {
    found.push({ name: match[3], typeOnly: match[2] !== undefined });
  }
  for (const match of code.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ name: match[1], typeOnly: false });
  }
  return found;
}

/** What is wrong with `path` importing `name`, or null. */
export function judgeImport(path, { name, typeOnly }) {
  const layer = layerOf(path);
  if (/\.node$/.test(name) && layer !== 'main/engine') return 'only main/engine loads the addon';
  if (!name.startsWith('.')) {
    if (name === 'electron' && !['main/app', 'main/preload'].includes(layer)) {
      return 'only main/app and main/preload know Electron';
    }
    const allowed = packages[layer];
    return allowed && !allowed(name) ? `${layer} may not use ${name}` : null;
  }
  const target = posix.normalize(posix.join(posix.dirname(path), name));
  const targetLayer = layerOf(target);
  if (targetLayer === layer) return null;
  if (targetLayer === 'test') return 'the product never imports tests';
  if (target === 'native/addon/index.d.ts' || target === 'native/addon/index.js') {
    return layer === 'main/engine' && typeOnly ? null : 'only main/engine knows the addon';
  }
  if (!(mayImport[layer] ?? []).includes(targetLayer))
    return `${layer} may not import ${targetLayer}`;
  if (layer === 'renderer' && !typeOnly) return 'the renderer takes only types from main/contract';
  return null;
}

/** What is wrong with the native file `path` including `header`, or null. */
export function judgeInclude(path, header) {
  const folder = path.split('/')[1];
  if (/^(napi|node_api)/.test(header) || header.startsWith('js_native')) {
    return folder === 'addon' ? null : 'only native/addon includes napi.h';
  }
  if (/(^|\/)test\//.test(header) || header.includes('..'))
    return 'headers are named by their folder';
  const [target, rest] = header.split('/');
  if (rest === undefined || target === folder || !(target in mayInclude)) return null;
  return (mayInclude[folder] ?? []).includes(target)
    ? null
    : `native/${folder} may not see native/${target}`;
}

/** `.node` files loaded by name (createRequire, process.dlopen) rather than by import. */
function loadsAddon(path, text) {
  return layerOf(path) !== 'main/engine' && /['"`][^'"`\n]*longleaf\.node['"`]/.test(text);
}

export function findViolations(root = repository) {
  const violations = [];
  const slashed = (file) => relative(root, file).split(sep).join('/');
  const complain = (path, name, why) => violations.push(`${path}: ${name}: ${why}`);
  for (const folder of ['main', 'renderer']) {
    for (const file of sources(join(root, folder), /\.(ts|svelte|mjs|js)$/)) {
      const path = slashed(file);
      if (configuration.test(path)) continue;
      const text = readFileSync(file, 'utf8');
      for (const found of importsOf(text)) {
        const why = judgeImport(path, found);
        if (why) complain(path, found.name, why);
      }
      if (!path.startsWith('main/setup/') && loadsAddon(path, text)) {
        complain(path, 'longleaf.node', 'only main/engine loads the addon');
      }
    }
  }
  for (const file of sources(join(root, 'native'), /\.(cpp|h|cu|cuh)$/)) {
    const path = slashed(file);
    for (const [, header] of readFileSync(file, 'utf8').matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
      const why = judgeInclude(path, header);
      if (why) complain(path, header, why);
    }
  }
  return violations;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = findViolations();
  if (violations.length > 0) {
    console.error(violations.join('\n'));
    process.exitCode = 1;
  }
}
