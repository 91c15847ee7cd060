// /model/info and its kin: which models there are, what they cost and can do. From the configuration, so without a ledger too.
import { Controller, Inject, Query, UseGuards } from '@nestjs/common';
import type { Deployment, JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { teamOf } from '@turnpike/router';
import type { Principal } from '../pipeline/exchange.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { Caller, CallerGuard } from './caller.guard.js';
import { inQuery, readQuery } from './ledger/body.js';
import { managementRoutes } from './ledger/management-route.js';
import { describeGroup, type GroupMember } from './model-groups.js';
import { describeDisabled, describeModel } from './model-info.js';

const Route = managementRoutes('models');

const entry = z.object({
  model_name: z.string(),
  litellm_params: z.looseObject({ model: z.string() }),
  model_info: z.looseObject({ id: z.string().nullable(), db_model: z.boolean() }),
});
const infoQuery = z.object({ litellm_model_id: inQuery.text('Only the deployment with this id') });
const pageQuery = z.object({
  page: inQuery.count('From 1'),
  size: inQuery.count('1 to 1,000; 50 without it'),
  search: inQuery.text('A part of the name or of the upstream’s name'),
  model: inQuery.text('Only those of this name'),
  modelId: inQuery.text('Only the deployment with this id'),
  teamId: inQuery.text('Only those of this team, and those that all have'),
  sortBy: inQuery.text('`model_name`, `created_at` or another field of model_info; as configured without one'),
  sortOrder: z
    .enum(['asc', 'desc'], { error: 'must be asc or desc' })
    .optional()
    .describe('`asc`, which is usual, or `desc`'),
});
const groupQuery = z.object({ model_group: inQuery.text('Only this name') });

const USUAL_SIZE = 50;
const LARGEST_SIZE = 1_000;

@Controller()
@UseGuards(CallerGuard)
export class ModelInfoController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('GET', ['model/info', 'v1/model/info'], {
    summary: 'The deployments that the caller may use; admins see where each is called, secrets masked',
    query: infoQuery,
    answer: z.object({ data: z.array(entry) }),
  })
  info(@Caller() caller: Principal, @Query() query: unknown): JsonObject {
    const { litellm_model_id: id } = readQuery(infoQuery, query);
    const data = this.entries(caller).filter((one) => !id || idOf(one) === id);
    if (id && data.length === 0)
      throw new GatewayError('GW_INVALID_REQUEST', `Model id = ${id.slice(0, 200)} not found on litellm proxy.`, {
        param: 'litellm_model_id',
      });
    return { data };
  }

  @Route('GET', 'v2/model/info', {
    summary: 'The same in pages, searched and sorted',
    query: pageQuery,
    answer: z.object({
      data: z.array(entry),
      total_count: z.int(),
      current_page: z.int(),
      total_pages: z.int(),
      size: z.int(),
    }),
  })
  pages(@Caller() caller: Principal, @Query() asked: unknown): JsonObject {
    const {
      page = 1,
      size = USUAL_SIZE,
      search,
      model,
      modelId,
      teamId,
      sortBy,
      sortOrder,
    } = readQuery(pageQuery, asked);
    const perPage = Math.min(Math.max(size, 1), LARGEST_SIZE);
    const wanted = search?.toLowerCase();
    const found = this.entries(caller).filter(
      (one) =>
        (!wanted || searchedIn(one).some((text) => text.toLowerCase().includes(wanted))) &&
        (!model || one['model_name'] === model) &&
        (!modelId || idOf(one) === modelId) &&
        (!teamId || [teamId, undefined].includes(infoOf(one)['team_id'] as string | undefined)),
    );
    if (sortBy) sort(found, sortBy, sortOrder === 'desc');
    const first = (Math.max(page, 1) - 1) * perPage;
    return {
      data: found.slice(first, first + perPage),
      total_count: found.length,
      current_page: Math.max(page, 1),
      total_pages: Math.ceil(found.length / perPage),
      size: perPage,
    };
  }

  @Route('GET', 'model_group/info', {
    summary: 'The names that the caller may ask for, each with what its deployments can do together',
    query: groupQuery,
    answer: z.object({ data: z.array(z.looseObject({ model_group: z.string(), providers: z.array(z.string()) })) }),
  })
  groups(@Caller() caller: Principal, @Query() query: unknown): JsonObject {
    const { model_group: only } = readQuery(groupQuery, query);
    const members = only ? this.members(only, caller) : [];
    if (only && members.length === 0)
      throw new GatewayError('GW_NOT_FOUND', `There is no model group '${only.slice(0, 200)}'.`, {
        param: 'model_group',
      });
    const names = only ? [only] : this.names(caller);
    return { data: names.map((name) => describeGroup(name, this.members(name, caller), this.runtime)) };
  }

  private entries(caller: Principal): JsonObject[] {
    const { deployments, disabled } = this.runtime.config;
    return [
      ...deployments.filter((one) => mayUse(one, caller)).map((one) => describeModel(one, caller, this.runtime)),
      ...(caller.isAdmin ? disabled.map(describeDisabled) : []),
    ];
  }

  /** Those of wildcards are named one by one, as far as their provider's are known. */
  private names({ teamId, terms }: Principal): string[] {
    const { current, prices } = this.runtime;
    const names = current.index.names(teamId).flatMap(({ name, isPattern, deployments }) => {
      const known = isPattern ? prices.modelsOf(deployments[0]?.provider ?? '') : [];
      return known.length === 0 ? [name] : known.map((model) => name.replace('*', model));
    });
    return [...new Set(names)].filter((name) => terms?.models.allows(name) ?? true);
  }

  private members(name: string, { teamId, terms }: Principal): GroupMember[] {
    if (terms && !terms.models.allows(name)) return [];
    const groups = this.runtime.current.index.resolve(name, teamId)?.groups ?? [];
    return groups.flatMap(({ targets }) => targets.map(({ deployment, model }) => ({ deployment, model })));
  }
}

const mayUse = (deployment: Deployment, { isAdmin, teamId, terms }: Principal): boolean => {
  if (isAdmin) return true;
  const team = teamOf(deployment);
  if (team && team.id !== teamId) return false;
  return terms?.models.allows(team?.modelName ?? deployment.modelName) ?? true;
};

const infoOf = (one: JsonObject): JsonObject => one['model_info'] as JsonObject;
const idOf = (one: JsonObject): unknown => infoOf(one)['id'];

const searchedIn = (one: JsonObject): string[] =>
  [one['model_name'], (one['litellm_params'] as JsonObject)['model'], infoOf(one)['team_public_model_name']].filter(
    (text) => typeof text === 'string',
  );

const sort = (entries: JsonObject[], by: string, isDescending: boolean): void => {
  const valueOf = (one: JsonObject): unknown => {
    const holder = Object.hasOwn(one, by) ? one : infoOf(one);
    return Object.hasOwn(holder, by) ? holder[by] : undefined;
  };
  const order = (left: JsonObject, right: JsonObject): number => {
    const [a, b] = [valueOf(left), valueOf(right)];
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return textOf(a).localeCompare(textOf(b));
  };
  entries.sort((left, right) => (isDescending ? order(right, left) : order(left, right)));
};

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
