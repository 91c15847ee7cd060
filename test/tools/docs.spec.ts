// The tools that write and check documents.
import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import {
  checkCommands,
  checkConfigKeys,
  checkErrorCodes,
  checkLinks,
  checkNames,
  checkPaths,
  checkScripts,
} from '../../tools/docs/checks.mjs';
import { errorsPage } from '../../tools/docs/errors-page.mjs';
import { anchorsOf, fencesOf, linksOf, spansOf } from '../../tools/docs/markdown.mjs';
import { providersPage } from '../../tools/docs/providers-page.mjs';
import { withShownFiles } from '../../tools/docs/shown-files.mjs';

const problems = (found: { line: number; text: string }[]): string[] =>
  found.map(({ line, text }) => `${line}: ${text}`);

const block = (language: string, ...lines: string[]): string => ['```' + language, ...lines, '```'].join('\n');

describe('reading Markdown', () => {
  it('finds fenced blocks with language and place, longer fences and unclosed ones included', () => {
    const text = ['a', '```js', 'one', '```', '~~~~', '```', '~~~~', '```yaml', 'never closed'].join('\n');
    expect(fencesOf(text)).toEqual([
      { language: 'js', text: 'one', line: 2 },
      { language: '', text: '```', line: 5 },
    ]);
  });

  it('takes links and code spans from the prose alone', () => {
    const text = ['[a](b.md) `code` `[no](link)`', block('', '[not](this.md) `nor that`'), '![p](q.png "t")'].join(
      '\n',
    );
    expect(linksOf(text).map((link: { text: string }) => link.text)).toEqual(['b.md', 'q.png']);
    expect(spansOf(text).map((span: { text: string }) => span.text)).toEqual(['code', '[no](link)']);
  });

  it('names headings as forges do', () => {
    const text = '# What is `GW_X`?\n## A, b – c\n## [Link](x.md) *now*\n### Twice\n### Twice\n' + block('', '# no');
    expect([...anchorsOf(text)]).toEqual(['what-is-gw_x', 'a-b--c', 'link-now', 'twice', 'twice-1']);
  });
});

describe('checking a document', () => {
  it('tells of relative links and headings that are not there', () => {
    const files: Record<string, string> = { 'docs/b.md': '# There', 'docs/folder': '' };
    const text =
      '[1](b.md)\n[2](b.md#there)\n[3](b.md#gone)\n[4](c.md)\n[5](https://x.y/z)\n[6](#here)\n[7](folder)\n# Here';
    expect(problems(checkLinks('docs/a.md', text, (path: string) => files[path]))).toEqual([
      '3: docs/b.md has no heading #gone',
      '4: the link c.md leads nowhere',
    ]);
  });

  it('tells of paths of this repository that are not there, and leaves built ones alone', () => {
    const text = '`libs/wire/`, `libs/gone.ts`, `apps/cli/dist/x.js`, `test/conformance.spec.ts`, `libs/*/x`';
    expect(problems(checkPaths(text, (path: string) => (path === 'libs/wire' ? '' : undefined)))).toEqual([
      '1: there is no libs/gone.ts',
    ]);
  });

  const program = new Command('turnpike').option('-c, --config <file>').option('--num-workers <n>');
  program.command('health').option('--port <n>');

  it.each([
    ['a flag of the command', 'turnpike --config x --num_workers=2', []],
    ['a flag of a subcommand', 'turnpike health --port 4000', []],
    ['a flag that only a subcommand has', 'npm start -- --port 4000', ['2: turnpike has no flag --port']],
    ['a flag on the next line', 'turnpike \\\n  --strict', ['3: turnpike has no flag --strict']],
    ['a comment', 'turnpike health # --never', []],
    ['another program', 'docker --prune', []],
  ])('knows %s', (_title, command, expected) => {
    expect(problems(checkCommands(block('sh', command), program))).toEqual(expected);
  });

  it('knows flags in code spans, and no others in the prose', () => {
    expect(problems(checkCommands('`turnpike --bad` and turnpike --worse', program))).toEqual([
      '1: turnpike has no flag --bad',
    ]);
  });

  it('tells of scripts that package.json lacks', () => {
    const text = `\`npm run build\`\n${block('sh', 'npm run biuld')}`;
    expect(problems(checkScripts(text, { build: '' }))).toEqual(['3: package.json has no script biuld']);
  });

  it('tells of error codes that are not in the table', () => {
    expect(problems(checkErrorCodes('GW_TIMEOUT and GW_PLUGIN_*\nGW_NONSENSE', { GW_TIMEOUT: {} }))).toEqual([
      '2: there is no error GW_NONSENSE',
    ]);
  });

  it('tells of names of ours that no code has', () => {
    const code = 'litellm_spend_metric_total TURNPIKE_DATA_DIR';
    const text = '`litellm_spend_metric_total`, `turnpike_gone`, `TURNPIKE_DATA_DIR`, `litellm_…`, `turnpike_plugin_*`';
    expect(problems(checkNames(text, code))).toEqual(['1: nothing is called turnpike_gone']);
  });

  const known = {
    top: new Set(['model_list', 'general_settings', 'router_settings']),
    setting: (name: string) => ['master_key', 'timeout'].includes(name),
  };

  it('tells of keys that the configuration does not have', () => {
    const text = [
      block('yaml', 'general_settings:', '  master_key: x', '  mastre_key: y', 'modle_list: []', 'x-mine: 1'),
      block('yaml', 'services: {}', 'anything: goes'),
      block('yaml', 'a: [1'),
      '`router_settings.timeout`, `router_settings.tiemout`, `router_settings.redis_*`',
    ].join('\n');
    expect(problems(checkConfigKeys(text, known))).toEqual([
      '1: general_settings has no key mastre_key',
      '1: the configuration has no key modle_list',
      expect.stringMatching(/^12: the block is not YAML: /),
      '15: router_settings has no key tiemout',
    ]);
  });
});

describe('the generated pages', () => {
  it('give each error its row, those at start-up apart', () => {
    const row = {
      status: 429,
      type: 'budget_exceeded',
      openAiCode: null,
      retryable: false,
      meaning: 'a | b',
      remedy: 'Wait.',
    };
    const page: string = errorsPage({ GW_ONE: row, GW_TWO: { ...row, status: 0 } });
    const [answers, start] = page.split('## At start-up');
    expect(answers).toContain('| `GW_ONE` | 429 | `budget_exceeded` | `429` | no | a \\| b | Wait. |');
    expect(answers).not.toContain('GW_TWO');
    expect(start).toContain('| `GW_TWO` | a \\| b | Wait. |');
  });

  it('give each provider its row, with prefixes, operations and variables in their order', () => {
    const manifest = {
      id: 'provider.acme',
      capabilities: ['models', 'chat'],
      prefixes: ['acme/'],
      recognises: ['^acme-', '^solo$', '^o\\d'],
      env: { ACME_KEY: 'api_key', OLD_KEY: 'api_key', ACME_BASE: 'api_base', ACME_ORG: 'organization' },
    };
    const page: string = providersPage(
      {
        plugins: [
          { package: '@x/acme', manifests: [manifest] },
          { package: '@x/shuffle', manifests: [{ ...manifest, id: 'strategy.shuffle' }] },
        ],
      },
      () => '../acme/README.md',
    );
    expect(page).toContain('1 providers are built in');
    expect(page).toContain('[acme](../acme/README.md)');
    expect(page).toContain(
      '| `acme/…`, `acme-…`, `solo`, `^o\\d` | ● |  |  | ● | `ACME_KEY`, `OLD_KEY` | `ACME_BASE` |',
    );
    expect(page).not.toContain('shuffle');
  });
});

describe('a page that shows a file', () => {
  const read = (path: string): string => ({ 'a.ts': "const dollar = '$&';\n" })[path]!;
  const page = (...shown: string[]): string =>
    ['# Title', '', '<!-- file: a.ts -->', '', ...shown, '', block('ts', 'other'), ''].join('\n');

  it.each([
    ['nothing yet', ['```ts', '```']],
    ['what it was', ['```ts', 'let old;', '', 'let older;', '```']],
    ['what it is', ['```ts', "const dollar = '$&';", '```']],
  ])('has the text of the file in place of %s', (_, shown) => {
    expect(withShownFiles(page(...shown), read)).toBe(page('```ts', "const dollar = '$&';", '```'));
  });

  it('is an error where there is no such file', () => {
    expect(() => withShownFiles(page('```ts', '```').replace('a.ts', 'b.ts'), read)).toThrow();
  });
});
