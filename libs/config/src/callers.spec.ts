import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders } from '../test/workspace.js';

afterEach(removeFolders);

describe('whom requests name', () => {
  it('is in no header but the known ones where nothing is written', () => {
    expect(loadYaml('model_list: []\n').callers).toEqual({
      customerHeaders: [],
      internalUserHeaders: [],
      tagHeaders: [],
      isCustomerCostIgnored: false,
      requiresUser: false,
      refusesClientTags: false,
      enforcedParams: [],
      serviceAccountParams: [],
    });
  });

  it('is in the headers that the file maps, by who is meant', () => {
    const { callers } = loadYaml(`general_settings:
  user_header_name: X-Old
  user_header_mappings:
    - {header_name: X-OpenWebUI-User-Id, litellm_user_role: internal_user}
    - {header_name: X-OpenWebUI-User-Email, litellm_user_role: Customer}
litellm_settings: {extra_spend_tag_headers: [X-Team]}
`);
    expect(callers).toMatchObject({
      customerHeaders: ['x-openwebui-user-email'],
      internalUserHeaders: ['x-openwebui-user-id'],
      tagHeaders: ['x-team'],
    });
  });

  it('is in the one header of older files', () => {
    expect(loadYaml('general_settings: {user_header_name: X-User}\n').callers.customerHeaders).toEqual(['x-user']);
  });

  it.each(['{header_name: X}', '{litellm_user_role: customer}', '{header_name: X, litellm_user_role: boss}', 'X', '5'])(
    'is not told by the mapping %s, which is refused',
    (entry) => {
      const yaml = `general_settings:\n  user_header_mappings: [${entry}]\n`;
      expect(problemOf(() => loadYaml(yaml))).toContain(
        'litellm_config.yaml:2: An entry of user_header_mappings needs',
      );
    },
  );
});

describe('service accounts', () => {
  it('have to say in every request what the file asks for', () => {
    const yaml = 'general_settings: {service_account_settings: {enforced_params: [user, metadata.name], more: 1}}\n';
    const { callers, warnings } = loadYaml(yaml);
    expect(callers.serviceAccountParams).toEqual(['user', 'metadata.name']);
    expect(warnings).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('more has no effect') }),
    );
  });

  it('of a list of something else are refused', () => {
    const yaml = 'general_settings: {service_account_settings: {enforced_params: [{}]}}\n';
    expect(problemOf(() => loadYaml(yaml))).toContain('service_account_settings: enforced_params must be');
  });
});
