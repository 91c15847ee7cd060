// /v1/access_group, and /access_group/* of LiteLLM's older form: one name for many models.
import { Body, Controller, Inject, Param, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { AccessGroup } from '@turnpike/rpc';
import type { Runtime } from '../../runtime/runtime.js';
import { RUNTIME } from '../../runtime/tokens.js';
import {
  accessGroupAnswer,
  accessGroupChangesBody,
  fromAccessGroup,
  newAccessGroupBody,
  toAccessGroupChanges,
  toNewAccessGroup,
} from './access-group.json.js';
import { bodyOf, names, readBody, required } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';

const Route = managementRoutes('access groups');

const PATHS = ['v1/access_group', 'v1/unified_access_group'];
const ONE = PATHS.map((path) => `${path}/:access_group_id`);

const modelsBody = bodyOf({ model_names: names });
const newBody = bodyOf({ access_group: required, model_names: names });
const shortAnswer = z.object({
  access_group: z.string(),
  model_names: z.array(z.string()),
  deployment_count: z.int(),
});

@Controller()
@UseGuards(LedgerGuard)
export class AccessGroupController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('POST', PATHS, {
    summary: 'Makes an access group',
    body: newAccessGroupBody,
    answer: accessGroupAnswer,
    status: 201,
  })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toNewAccessGroup(readBody(newAccessGroupBody, body));
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.createAccessGroup, request);
    return fromAccessGroup(accessGroup!);
  }

  @Route('GET', PATHS, { summary: 'All access groups, the newest first', answer: z.array(accessGroupAnswer) })
  async list(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return (await allGroups(ledger)).map(fromAccessGroup);
  }

  @Route('GET', ONE, { summary: 'An access group', answer: accessGroupAnswer })
  async get(@Ledger() ledger: OnBehalf, @Param('access_group_id') accessGroupId: string): Promise<JsonObject> {
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.getAccessGroup, { accessGroupId });
    return fromAccessGroup(accessGroup!);
  }

  @Route('PUT', ONE, {
    summary: 'Changes the fields that are given; null clears one',
    body: accessGroupChangesBody,
    answer: accessGroupAnswer,
  })
  async update(
    @Ledger() ledger: OnBehalf,
    @Param('access_group_id') id: string,
    @Body() body: unknown,
  ): Promise<JsonObject> {
    const request = toAccessGroupChanges(id, readBody(accessGroupChangesBody, body));
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.updateAccessGroup, request);
    return fromAccessGroup(accessGroup!);
  }

  @Route('DELETE', ONE, { summary: 'Deletes an access group', status: 204 })
  async delete(@Ledger() ledger: OnBehalf, @Param('access_group_id') accessGroupId: string): Promise<void> {
    await ledger.ask(ledger.services.accessGroups.deleteAccessGroup, { accessGroupId });
  }

  @Route('POST', 'access_group/new', { summary: 'Makes an access group of these models', body: newBody })
  async createShort(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { access_group: name, model_names: models } = readBody(newBody, body);
    const request = { accessGroup: { name, models } };
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.createAccessGroup, request);
    return this.changed(accessGroup!);
  }

  @Route('GET', 'access_group/list', {
    summary: 'All access groups, also those of the configuration',
    answer: z.object({ access_groups: z.array(shortAnswer) }),
  })
  async listShort(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const groups = (await allGroups(ledger)).map(({ name, models }) => this.short(name, models));
    return { access_groups: [...groups, ...this.configured()] };
  }

  @Route('GET', 'access_group/:access_group/info', { summary: 'An access group', answer: shortAnswer })
  async infoShort(@Ledger() ledger: OnBehalf, @Param('access_group') name: string): Promise<JsonObject> {
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.getAccessGroup, { name });
    return this.short(accessGroup!.name, accessGroup!.models);
  }

  @Route('PUT', 'access_group/:access_group/update', { summary: 'Replaces its models', body: modelsBody })
  async updateShort(
    @Ledger() ledger: OnBehalf,
    @Param('access_group') name: string,
    @Body() body: unknown,
  ): Promise<JsonObject> {
    const { model_names: models } = readBody(modelsBody, body);
    const request = { changes: { name, models }, updateMask: ['models'] };
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.updateAccessGroup, request);
    return this.changed(accessGroup!);
  }

  @Route('DELETE', 'access_group/:access_group/delete', { summary: 'Deletes an access group' })
  async deleteShort(@Ledger() ledger: OnBehalf, @Param('access_group') name: string): Promise<JsonObject> {
    const { accessGroup } = await ledger.ask(ledger.services.accessGroups.deleteAccessGroup, { name });
    return {
      access_group: name,
      models_updated: this.countOf(accessGroup!.models),
      message: `Access group ${name} deleted successfully`,
    };
  }

  private changed({ name, models }: AccessGroup): JsonObject {
    return { access_group: name, model_names: models, models_updated: this.countOf(models) };
  }

  private short(name: string, models: readonly string[]): JsonObject {
    return { access_group: name, model_names: [...models], deployment_count: this.countOf(models) };
  }

  /** Deployments that are configured under these names. */
  private countOf(models: readonly string[]): number {
    return this.runtime.config.deployments.filter(({ modelName }) => models.includes(modelName)).length;
  }

  /** Those that deployments name themselves: `model_info.access_groups`. */
  private configured(): JsonObject[] {
    const named = this.runtime.config.deployments.flatMap(({ modelName: group, info }) => {
      const { access_groups: groups } = info;
      return (Array.isArray(groups) ? groups : [])
        .filter((name) => typeof name === 'string')
        .map((name) => ({ name, group }));
    });
    return [...Map.groupBy(named, ({ name }) => name)].map(([name, own]) =>
      this.short(name, [...new Set(own.map(({ group }) => group))]),
    );
  }
}

const allGroups = (ledger: OnBehalf): Promise<AccessGroup[]> =>
  allPages(async (page) => {
    const answer = await ledger.ask(ledger.services.accessGroups.listAccessGroups, { page });
    return { rows: answer.accessGroups, page: answer.page };
  });
