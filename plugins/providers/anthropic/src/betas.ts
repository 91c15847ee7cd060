// Which betas a translated request needs. A client of Anthropic's own format names them in a header; others cannot.
// docs: https://platform.claude.com/docs/en/api/beta-headers, read 2026-11-20
import { isJsonObject, type ChatRequest, type ContentPart, type JsonValue } from '@turnpike/plugin-sdk';

/** Where clients of other dialects name their betas. They belong in the header, and are refused in the body. */
export const BETA_FIELDS = ['anthropic_beta', 'betas'] as const;

const FILES = 'files-api-2025-04-14';
const CONTEXT_MANAGEMENT = 'context-management-2025-06-27';

/** Tools by their type; the older ones of the same name go with other betas. */
const OF_TOOL: Readonly<Record<string, string>> = {
  mcp_toolset: 'mcp-client-2025-11-20',
  computer_20241022: 'computer-use-2024-10-22',
  computer_20250124: 'computer-use-2025-01-24',
  computer_20251124: 'computer-use-2025-11-24',
  code_execution_20250522: 'code-execution-2025-05-22',
  code_execution_20250825: 'code-execution-2025-08-25',
  web_fetch_20250910: 'web-fetch-2025-09-10',
  memory_20250818: CONTEXT_MANAGEMENT,
};

export const betasOf = (request: ChatRequest): string[] => [
  ...BETA_FIELDS.flatMap((field) => named(request.extras[field])),
  ...ofTools(request),
  ...ofExtras(request),
  ...(request.messages.some((message) => message.content.some(isKeptFile)) ? [FILES] : []),
];

const named = (value: JsonValue | undefined): string[] =>
  typeof value === 'string'
    ? value.split(',')
    : (Array.isArray(value) ? value : []).filter((name) => typeof name === 'string');

const ofTools = ({ tools = [] }: ChatRequest): string[] =>
  tools.flatMap((tool) => {
    const beta = tool.type === 'native' ? OF_TOOL[String(tool.definition['type'])] : undefined;
    return beta ? [beta] : [];
  });

const ofExtras = ({ extras, tools = [] }: ChatRequest): string[] => {
  const betas: string[] = [];
  const management = extras['context_management'];
  if (isJsonObject(management)) {
    betas.push(CONTEXT_MANAGEMENT);
    const edits = Array.isArray(management['edits']) ? management['edits'] : [];
    if (edits.some((edit) => isJsonObject(edit) && edit['type'] === 'compact_20260112')) {
      betas.push('compact-2026-01-12');
    }
  }
  const hasToolset = tools.some((tool) => tool.type === 'native' && tool.definition['type'] === 'mcp_toolset');
  if (extras['mcp_servers'] !== undefined && !hasToolset) betas.push('mcp-client-2025-04-04');
  if (extras['speed'] === 'fast') betas.push('fast-mode-2026-02-01');
  return betas;
};

const isKeptFile = (part: ContentPart | { type: string }): boolean => 'fileId' in part && part.fileId !== undefined;
