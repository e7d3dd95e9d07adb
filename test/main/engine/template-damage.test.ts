// Damaged and malicious templates by seed: each gives text or a reason within its time, and none reaches anything
// outside its thread. LONGLEAF_TEMPLATES says how many (test/README.md).
import { expect, test } from 'vitest';
import { renderTemplate, TemplateError } from '../../../main/engine/template-worker.js';
import { draws } from '../../fixtures/draws.js';

const count = Number(process.env['LONGLEAF_TEMPLATES'] ?? 60);
const limits = { milliseconds: 1000, characters: 20_000 };

const sound = [
  `{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set text = messages[0]['content'] | trim %}{% set messages = messages[1:] %}{% else %}{% set text = '' %}{% endif %}<|system|>{{ text }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}<|{{ m['role'] }}|>{{ m['content'] | trim }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`,
  `{%- macro head(role) -%}<|im_start|>{{ role + '\\n' }}{%- endmacro -%}{%- set ns = namespace(last=0, all='') -%}{%- for m in messages -%}{%- if m.content is string and '</think>' in m.content -%}{%- set content = m.content.split('</think>')[-1].lstrip('\\n') -%}{%- else -%}{%- set content = m.content -%}{%- endif -%}{%- set ns.last = loop.index -%}{{ head(m.role) }}{{ content }}<|im_end|>{%- endfor -%}{{ head('assistant') }}{%- if enable_thinking is defined and enable_thinking is false -%}<think></think>{%- endif -%}`,
  `{{ strftime_now('%d %b %Y') }}{% for m in messages | selectattr('role', 'equalto', 'user') | list %}{{ loop.cycle('a', 'b') if false else '' }}{{ m | tojson(indent=2) }}{{ m.items() | list | length }}{{ '%s' | replace('s', m.role | upper) }}{% endfor %}{% for a in range(3) %}{{ a ~ ', ' }}{% endfor %}{{ [1, 2, 3] | join('-') }}{{ {'k': 'v'}['k'] }}`,
];

const malicious = [
  'range(1000000000)',
  'range(9000)',
  "('a' * 99999999)",
  "('ab' | indent(1e9))",
  "('a' | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))",
  "messages.constructor.constructor('return process')()",
  "''.constructor.constructor('return process.env.LONGLEAF_SECRET')()",
  'messages.__proto__',
  "messages['constructor']['constructor']",
  "cycler.__init__.__globals__['os'].environ",
  "namespace(s='aaaaaaaaaaaaaaaa')",
  'loop.__proto__.polluted',
  'head(head(head(head)))',
  '1e309',
  '-9007199254740993',
  "'\\ud800'",
  "'x'.split('')",
  '{% for a in range(90000) %}{% for b in range(90000) %}',
  '{% set ns.s = ns.s ~ ns.s %}',
  '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  "{% set messages = 'gone' %}",
  '{% set range = messages %}',
  '{% include "/etc/passwd" %}',
  '{% break %}{% continue %}{% endfor %}{% endif %}',
];

/** One to three changes of whole words and marks: left out, doubled, exchanged, replaced by something malicious. */
function damaged(draw: () => number): string {
  const one = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T;
  const words = one(sound).split(/(\s+|\{[{%]-?|-?[%}]\}|[()[\]|.,'~+=]|<[^>]*>)/);
  for (let changes = 1 + Math.floor(draw() * 3); changes > 0; changes--) {
    const at = Math.floor(draw() * words.length);
    const kind = Math.floor(draw() * 5);
    if (kind === 0) words.splice(at, 1 + Math.floor(draw() * 3));
    else if (kind === 1) words.splice(at, 0, ...words.slice(at, at + 1 + Math.floor(draw() * 8)));
    else if (kind === 2) words[at] = one(words);
    else if (kind === 3) words[at] = one(malicious);
    else
      words.splice(
        at,
        0,
        one(['{{ ', ' }}', '{% ', ' %}']),
        one(malicious),
        one([' }}', ' %}', '']),
      );
  }
  return words.join('');
}

const messages = [
  { role: 'system', content: 'The documents.' },
  { role: 'user', content: 'One? </think> Two?' },
  { role: 'assistant', content: 'Three.' },
  { role: 'user', content: 'Four?' },
];
const secret = 'a word that only this process knows';

test(
  `${count} damaged templates`,
  async () => {
    process.env['LONGLEAF_SECRET'] = secret;
    const draw = draws(21);
    let rendered = 0;
    for (let made = 0; made < count; made++) {
      const template = damaged(draw);
      const begun = performance.now();
      const said = await renderTemplate(
        { template, messages, bosToken: '<s>', eosToken: '</s>' },
        limits,
      ).catch((error: unknown) => {
        expect(error, template).toBeInstanceOf(TemplateError);
        return (error as TemplateError).message;
      });
      if (performance.now() - begun > 20_000) throw new Error(`took too long: ${template}`);
      expect(said, template).not.toContain(secret);
      expect(said, template).not.toContain(process.version);
      expect(said.length, template).toBeLessThanOrEqual(limits.characters);
      if (said.includes('Four?')) rendered++;
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(rendered).toBeGreaterThan(count / 20); // damage that breaks everything finds nothing
    delete process.env['LONGLEAF_SECRET'];
  },
  60_000 + count * 2000,
);
