// /key/*: virtual keys, as LiteLLM manages them.
import { Body, Controller, Param, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { inQuery, readBody, readQuery } from './body.js';
import {
  bulkKeysBody,
  changedKeyAnswer,
  deleteKeysBody,
  fromKey,
  fromKeyInfo,
  fromNewKey,
  keyAnswer,
  keyBody,
  keyChangesBody,
  keysBody,
  newKeyAnswer,
  newKeyBody,
  regenerateKeyBody,
  resetSpendBody,
  toKeyChanges,
  toNewKey,
  toRegeneratedKey,
} from './key.json.js';
import { toNano, toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { pageQuery, toPage } from './page.js';
import { fromUser } from './user.json.js';

const Route = managementRoutes('keys');

const USUAL_KEYS = 10;
const USUAL_ALIASES = 50;

const infoQuery = z.object({ key: inQuery.text("The secret or its hash; the caller's own without it") });

const listQuery = z.object({
  ...pageQuery,
  size: inQuery.count('1 to 100; 10 without it'),
  user_id: inQuery.text('Keys of this user'),
  team_id: inQuery.text('Keys of this team'),
  organization_id: inQuery.text('Keys of this organization'),
  key_hash: inQuery.text('The key with this hash'),
  key_alias: inQuery.text('The key with this alias'),
  return_full_object: inQuery.flag('Rows instead of hashes'),
  include_team_keys: inQuery.flag('Also keys of the teams that the user administers'),
  include_created_by_keys: inQuery.flag('Also keys that the user made for others'),
  expand: inQuery.texts('`user`: each row has its user'),
  status: inQuery.text('`deleted`: those that were'),
});

const aliasesQuery = z.object({
  ...pageQuery,
  size: inQuery.count('1 to 100; 50 without it'),
  search: inQuery.text('A part of the alias'),
});

@Controller()
@UseGuards(LedgerGuard)
export class KeyController {
  @Route('POST', 'key/generate', {
    summary: 'Makes a key. Its secret is in the answer, and nowhere else ever',
    body: newKeyBody,
    answer: newKeyAnswer,
  })
  async generate(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { secret, key } = await ledger.ask(ledger.services.keys.generateKey, toNewKey(readBody(newKeyBody, body)));
    return fromNewKey(secret, key!);
  }

  @Route('POST', 'key/service-account/generate', {
    summary: 'Makes a key of a team, and of none of its people',
    body: newKeyBody,
    answer: newKeyAnswer,
  })
  async generateServiceAccount(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const wish = toNewKey(readBody(newKeyBody, body), true);
    const { secret, key } = await ledger.ask(ledger.services.keys.generateKey, wish);
    return fromNewKey(secret, key!);
  }

  @Route('POST', 'key/update', {
    summary: 'Changes the fields that are given; null clears one',
    body: keyChangesBody,
    answer: changedKeyAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return updateKey(ledger, readBody(keyChangesBody, body));
  }

  /** One after the other: what is wrong with one of them keeps none of the others. */
  @Route('POST', 'key/bulk_update', {
    summary: 'Changes several keys, and tells what became of each',
    body: bulkKeysBody,
  })
  async updateMany(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { keys } = readBody(bulkKeysBody, body);
    const done: JsonObject[] = [];
    const failed: JsonObject[] = [];
    for (const one of keys) {
      try {
        done.push({ key: one.key, key_info: await updateKey(ledger, readBody(keyChangesBody, one)) });
      } catch (error) {
        if (!isGatewayError(error) || error.status >= 500) throw error;
        failed.push({ key: one.key, key_info: null, failed_reason: error.message });
      }
    }
    return { total_requested: keys.length, successful_updates: done, failed_updates: failed };
  }

  @Route('POST', 'key/delete', {
    summary: 'Deletes keys, by secret, hash or alias',
    body: deleteKeysBody,
    answer: z.object({ deleted_keys: z.array(z.string()) }),
  })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { keys, key_aliases: aliases } = readBody(deleteKeysBody, body);
    const request = { keys: keys ?? [], keyAliases: aliases ?? [] };
    const { deletedKeys } = await ledger.ask(ledger.services.keys.deleteKeys, request);
    return { deleted_keys: deletedKeys };
  }

  @Route('GET', 'key/info', {
    summary: 'A key with what it spent',
    query: infoQuery,
    answer: z.object({ key: z.string().describe('As it was asked for'), info: keyAnswer.omit({ token: true }) }),
  })
  async info(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { key: asked = '' } = readQuery(infoQuery, query);
    const { key } = await ledger.ask(ledger.services.keys.getKey, { key: asked });
    return { key: asked || key!.token, info: fromKeyInfo(key!) };
  }

  @Route('POST', 'v2/key/info', { summary: 'Several keys; unknown ones are left out', body: keysBody })
  async infoOfMany(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { keys } = readBody(keysBody, body);
    const found: JsonObject[] = [];
    for (const asked of keys) {
      try {
        const { key } = await ledger.ask(ledger.services.keys.getKey, { key: asked });
        found.push(fromKeyInfo(key!));
      } catch (error) {
        if (!isGatewayError(error) || error.code !== 'GW_NOT_FOUND') throw error;
      }
    }
    if (found.length === 0) throw new GatewayError('GW_NOT_FOUND', 'None of these keys exists.', { param: 'keys' });
    return { key: keys, info: found };
  }

  @Route('GET', 'key/list', { summary: 'Keys, page by page', query: listQuery })
  async list(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(listQuery, query);
    const { keys, page } = await ledger.ask(ledger.services.keys.listKeys, {
      page: toPage(asked, asked.size ?? USUAL_KEYS),
      userId: asked.user_id,
      teamId: asked.team_id,
      organizationId: asked.organization_id,
      token: asked.key_hash,
      keyAlias: asked.key_alias,
      includeTeamKeys: asked.include_team_keys,
      includeCreatedByKeys: asked.include_created_by_keys,
      status: asked.status,
    });
    const hasUsers = asked.expand?.includes('user') === true;
    const users = hasUsers ? await usersOf(ledger, keys) : undefined;
    const isFull = hasUsers || asked.return_full_object === true;
    return {
      keys: isFull
        ? keys.map((key) => (users ? { ...fromKey(key), user: users.get(key.userId) ?? null } : fromKey(key)))
        : keys.map(({ token }) => token),
      total_count: page?.totalCount ?? 0,
      current_page: page?.page ?? 1,
      total_pages: page?.totalPages ?? 0,
    };
  }

  @Route('GET', 'key/aliases', { summary: 'Aliases of keys, in their order', query: aliasesQuery })
  async aliases(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(aliasesQuery, query);
    const { aliases, page } = await ledger.ask(ledger.services.keys.listKeyAliases, {
      page: { ...toPage(asked, asked.size ?? USUAL_ALIASES), descending: asked.sort_order === 'desc' },
      search: asked.search,
    });
    return {
      aliases,
      total_count: page?.totalCount ?? 0,
      current_page: page?.page ?? 1,
      total_pages: page?.totalPages ?? 0,
      size: page?.size ?? 0,
    };
  }

  @Route('POST', 'key/block', { summary: 'Refuses a key from now on', body: keyBody, answer: keyAnswer })
  async block(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return setBlocked(ledger, body, true);
  }

  @Route('POST', 'key/unblock', { summary: 'Lets a key in again', body: keyBody, answer: keyAnswer })
  async unblock(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return setBlocked(ledger, body, false);
  }

  @Route('POST', 'key/regenerate', {
    summary: 'A new secret with all that the old one had, and what is given changed',
    body: regenerateKeyBody,
    answer: newKeyAnswer,
  })
  async regenerate(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { secret, key } = await ledger.ask(
      ledger.services.keys.regenerateKey,
      toRegeneratedKey(readBody(regenerateKeyBody, body)),
    );
    return fromNewKey(secret, key!);
  }

  @Route('POST', 'key/:key/regenerate', {
    summary: 'As /key/regenerate, for the key of the path',
    body: regenerateKeyBody,
    answer: newKeyAnswer,
  })
  async regenerateOne(
    @Ledger() ledger: OnBehalf,
    @Param('key') key: string,
    @Body() body: unknown,
  ): Promise<JsonObject> {
    return this.regenerate(ledger, { ...readBody(regenerateKeyBody, body), key });
  }

  @Route('POST', 'key/:key/reset_spend', { summary: 'What a key spent becomes this', body: resetSpendBody })
  async resetSpend(@Ledger() ledger: OnBehalf, @Param('key') name: string, @Body() body: unknown): Promise<JsonObject> {
    const { reset_to: amount } = readBody(resetSpendBody, body);
    const before = await ledger.ask(ledger.services.keys.getKey, { key: name });
    const request = { key: name, resetToNanoUsd: toNano(amount) };
    const { key } = await ledger.ask(ledger.services.keys.resetKeySpend, request);
    const { token, spend, max_budget, budget_reset_at } = fromKey(key!);
    const previous = toUsd(before.key!.spendNanoUsd);
    return { key_hash: token, spend, previous_spend: previous, max_budget, budget_reset_at };
  }
}

const setBlocked = async (ledger: OnBehalf, body: unknown, blocked: boolean): Promise<JsonObject> => {
  const { key: name } = readBody(keyBody, body);
  const { key } = await ledger.ask(ledger.services.keys.blockKey, { key: name, blocked });
  return fromKey(key!);
};

/** The key is told as the caller named it, which scripts look for. */
const updateKey = async (ledger: OnBehalf, body: z.output<typeof keyChangesBody>): Promise<JsonObject> => {
  const { spend } = body;
  // First, because fewer may do it: who may not changes nothing.
  if (spend != null)
    await ledger.ask(ledger.services.keys.resetKeySpend, { key: body.key, resetToNanoUsd: toNano(spend) });
  const { key } = await ledger.ask(ledger.services.keys.updateKey, toKeyChanges(body));
  return { ...fromKey(key!), key: body.key };
};

const usersOf = async (ledger: OnBehalf, keys: readonly { userId: string }[]): Promise<Map<string, JsonObject>> => {
  const userIds = [...new Set(keys.map(({ userId }) => userId).filter((id) => id !== ''))];
  if (userIds.length === 0) return new Map();
  const page = toPage({}, Math.max(1, userIds.length));
  const { users } = await ledger.ask(ledger.services.users.listUsers, { userIds, page });
  return new Map(users.map((user) => [user.userId, fromUser(user)]));
};
