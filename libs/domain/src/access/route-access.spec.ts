import { describe, expect, it } from '@jest/globals';
import { AllowedRoutes, isInRouteGroup, mayRoleCall } from './route-access.js';
import { ROUTE_GROUPS, type RouteGroup } from './route-groups.js';

describe('a key', () => {
  it.each<[string, string[], string, boolean]>([
    ['without entries may call everything', [], '/key/generate', true],
    ['may call a path that is named', ['/v1/chat/completions'], '/v1/chat/completions', true],
    ['may call it with a slash at the end', ['/v1/chat/completions'], '/v1/chat/completions/', true],
    ['may not call what only begins like it', ['/v1/chat'], '/v1/chat/completions', false],
    ['may call what its wildcard holds', ['/scim/v2/*'], '/scim/v2/Users/7', true],
    ['may not call the parent of its wildcard', ['/scim/v2/*'], '/scim/v2', false],
    ['may call a path with a part left open', ['/key/{key}/regenerate'], '/key/abc/regenerate', true],
    ['may not put a slash into an open part', ['/key/{key}/regenerate'], '/key/a/b/regenerate', false],
    ['may call what a group holds', ['llm_api_routes'], '/v1/chat/completions', true],
    ['may not call what is in another group', ['llm_api_routes'], '/key/generate', false],
    ['may call what any entry holds', ['info_routes', '/key/block'], '/key/block', true],
    ['reads a dot as a dot', ['/eu.assemblyai/*'], '/euXassemblyai/v2', false],
    ['may call everything by the star', ['*'], '/config/update', true],
  ])('%s', (_title, entries, path, isAllowed) => {
    const routes = new AllowedRoutes(entries);
    expect([routes.allows(path), routes.allows(path)]).toEqual([isAllowed, isAllowed]);
  });

  it('is told what it may call', () => {
    expect(new AllowedRoutes(['info_routes']).refusalOf('/key/generate')).toBe(
      "Virtual key is not allowed to call this route. Only allowed to call routes: ['info_routes']. " +
        'Tried to call route: /key/generate',
    );
  });
});

describe('a group of routes', () => {
  it.each<[RouteGroup, string]>([
    ['openai_routes', '/chat/completions'],
    ['openai_routes', '/engines/gpt-4o/chat/completions'],
    ['openai_routes', '/openai/deployments/meta/llama-3/embeddings'],
    ['openai_routes', '/v1/responses/resp_1/input_items'],
    ['openai_routes', '/v1/models'],
    ['openai_routes', '/v1/files/file-1/content'],
    ['anthropic_routes', '/v1/messages'],
    ['google_routes', '/v1beta/models/gemini-2.0-flash:streamGenerateContent'],
    ['google_routes', '/models/publishers/x/gemini:countTokens'],
    ['mcp_routes', '/mcp/tools/list'],
    ['agent_routes', '/a2a/agent/message/send'],
    ['mapped_pass_through_routes', '/bedrock'],
    ['passthrough_routes_wildcard', '/bedrock/model/x/converse'],
    ['llm_api_routes', '/anthropic/v1/messages'],
    ['llm_api_routes', '/rag/query'],
    ['info_routes', '/key/info'],
    ['management_routes', '/team/new'],
    ['key_management_routes', '/key/abc/reset_spend'],
    ['spend_tracking_routes', '/spend/logs/ui'],
    ['global_spend_tracking_routes', '/global/spend/report'],
    ['master_key_only_routes', '/global/spend/reset'],
    ['public_routes', '/health/liveliness'],
    ['internal_user_routes', '/key/generate'],
    ['internal_user_view_only_routes', '/spend/logs'],
    ['self_managed_routes', '/team/member_add'],
    ['org_admin_only_routes', '/organization/info'],
    ['admin_viewer_routes', '/user/list'],
  ])('%s holds %s', (group, path) => {
    expect(isInRouteGroup(group, path)).toBe(true);
  });

  it('holds no path that a management route could be mistaken for', () => {
    const management = [...ROUTE_GROUPS.management_routes, ...ROUTE_GROUPS.master_key_only_routes];
    const mistaken = management.filter((path) => !path.includes('{') && isInRouteGroup('llm_api_routes', path));
    expect(mistaken).toEqual([]);
  });
});

describe('a role', () => {
  it.each<[string, string, boolean]>([
    ['proxy_admin', '/config/update', true],
    ['proxy_admin_viewer', '/user/list', true],
    ['proxy_admin_viewer', '/global/spend/report', true],
    ['proxy_admin_viewer', '/key/generate', false],
    ['org_admin', '/team/new', true],
    ['org_admin', '/organization/member_add', true],
    ['org_admin', '/config/update', false],
    ['internal_user', '/key/generate', true],
    ['internal_user', '/team/member_add', true],
    ['internal_user', '/user/new', false],
    ['internal_user_viewer', '/spend/logs', true],
    ['internal_user_viewer', '/key/generate', false],
    ['customer', '/v1/chat/completions', true],
    ['customer', '/spend/logs', false],
    ['team', '/key/info', true],
    ['', '/v1/chat/completions', true],
    ['constructor', '/key/generate', false],
  ])('%s and %s: %s', (role, path, isAllowed) => {
    expect(mayRoleCall(role, path)).toBe(isAllowed);
  });
});
