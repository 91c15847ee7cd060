import { describe, expect, it } from '@jest/globals';
import { fromOpenAiRequest, type JsonObject } from '@turnpike/plugin-sdk';
import { betasOf } from './betas.js';

describe('betasOf', () => {
  it.each<[string, JsonObject, string[]]>([
    ['needs none for what everyone may use', { tools: [{ type: 'function', function: { name: 'f' } }] }, []],
    ['takes the lists of either field', { betas: ['a'], anthropic_beta: 'b,c' }, ['b', 'c', 'a']],
    [
      'names that of a file kept at Anthropic',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }] },
      ['files-api-2025-04-14'],
    ],
    [
      'names those of tools',
      { tools: [{ type: 'computer_20250124' }, { type: 'bash_20250124' }] },
      ['computer-use-2025-01-24'],
    ],
    ['names that of MCP servers', { mcp_servers: [] }, ['mcp-client-2025-04-04']],
    [
      'names the newer one of MCP toolsets',
      { mcp_servers: [], tools: [{ type: 'mcp_toolset', mcp_server_name: 's' }] },
      ['mcp-client-2025-11-20'],
    ],
    [
      'names those of context management',
      { context_management: { edits: [{ type: 'compact_20260112' }] } },
      ['context-management-2025-06-27', 'compact-2026-01-12'],
    ],
    ['names that of fast answers', { speed: 'fast' }, ['fast-mode-2026-02-01']],
  ])('%s', (_title, fields, expected) =>
    expect(betasOf(fromOpenAiRequest({ model: 'm', messages: [], ...fields }))).toEqual(expected),
  );
});
