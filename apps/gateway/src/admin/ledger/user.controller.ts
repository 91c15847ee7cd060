// /user/*: people who have keys, as LiteLLM manages them.
import { Body, Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest, isGatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { inQuery, readBody, readQuery } from './body.js';
import { fromKeyInfo, fromNewKey } from './key.json.js';
import { toNano } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages, pageQuery, toPage } from './page.js';
import { fromTeam } from './team.json.js';
import {
  bulkUsersBody,
  fromNewUser,
  fromUser,
  newUserBody,
  toNewUser,
  toUserChanges,
  USER_ROLES,
  userAnswer,
  userChangesBody,
  userIdsBody,
} from './user.json.js';

const Route = managementRoutes('users');

const USUAL_USERS = 25;

const infoQuery = z.object({ user_id: inQuery.text('The caller themselves without it') });

const listQuery = z.object({
  ...pageQuery,
  page_size: inQuery.count('1 to 100; 25 without it'),
  role: inQuery.text('Users with this role'),
  user_ids: inQuery.texts('These users'),
  sso_user_ids: inQuery.texts('These users, as the identity provider names them'),
  user_email: inQuery.text('A part of the address'),
  team: inQuery.text('Members of this team'),
  organization_id: inQuery.text('Members of this organization'),
});

@Controller()
@UseGuards(LedgerGuard)
export class UserController {
  @Route('POST', 'user/new', {
    summary: 'Makes a user, and a key of theirs unless auto_create_key is false',
    body: newUserBody,
    answer: userAnswer,
  })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toNewUser(readBody(newUserBody, body));
    const { user, secret, key } = await ledger.ask(ledger.services.users.createUser, request);
    // Where both have a field, it tells of the user.
    return { ...(key ? fromNewKey(secret, key) : { key: '' }), ...fromNewUser(user!) };
  }

  @Route('POST', 'user/update', {
    summary: 'Changes the fields that are given; null clears one',
    body: userChangesBody,
    answer: z.object({ user_id: z.string(), data: userAnswer }),
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return updateUser(ledger, body);
  }

  /** One after the other: what is wrong with one of them keeps none of the others. */
  @Route('POST', 'user/bulk_update', {
    summary: 'Changes several users, and tells what became of each',
    body: bulkUsersBody,
  })
  async updateMany(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const users = await this.changesOfMany(ledger, readBody(bulkUsersBody, body));
    const results: JsonObject[] = [];
    for (const one of users) {
      const { user_id: userId, user_email: userEmail } = one as JsonObject;
      const who = { user_id: userId ?? null, user_email: userEmail ?? null };
      try {
        const { data } = await updateUser(ledger, one);
        results.push({ ...who, success: true, error: null, updated_user: data });
      } catch (error) {
        if (!isGatewayError(error) || error.status >= 500) throw error;
        results.push({ ...who, success: false, error: error.message, updated_user: null });
      }
    }
    const successful = results.filter(({ success }) => success === true).length;
    return {
      results,
      total_requested: results.length,
      successful_updates: successful,
      failed_updates: results.length - successful,
    };
  }

  @Route('POST', 'user/delete', { summary: 'Deletes users with their keys and memberships', body: userIdsBody })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { user_ids: userIds } = readBody(userIdsBody, body);
    const { deletedUserIds } = await ledger.ask(ledger.services.users.deleteUsers, { userIds });
    return { deleted_users: deletedUserIds.length, deleted_user_ids: deletedUserIds };
  }

  @Route('GET', 'user/info', { summary: 'A user with keys and teams', query: infoQuery })
  async info(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { user_id: userId } = readQuery(infoQuery, query);
    const request = { userId, includeKeys: true, includeTeams: true };
    const { user, keys, teams } = await ledger.ask(ledger.services.users.getUser, request);
    return {
      user_id: user!.userId,
      user_info: fromUser(user!),
      keys: keys.map((key) => ({ ...fromKeyInfo(key), token: key.token })),
      teams: teams.map(fromTeam),
    };
  }

  @Route('GET', 'v2/user/info', { summary: 'A user', query: infoQuery, answer: userAnswer })
  async infoAlone(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { user_id: userId } = readQuery(infoQuery, query);
    const { user } = await ledger.ask(ledger.services.users.getUser, { userId });
    return fromUser(user!);
  }

  @Route('GET', 'user/list', { summary: 'Users, page by page', query: listQuery })
  async list(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(listQuery, query);
    const { users, page, keyCounts } = await ledger.ask(ledger.services.users.listUsers, {
      page: toPage(asked, asked.page_size ?? USUAL_USERS),
      userRole: asked.role,
      userIds: asked.user_ids,
      userEmail: asked.user_email,
      teamId: asked.team,
      organizationId: asked.organization_id,
      ssoUserIds: asked.sso_user_ids,
    });
    return {
      users: users.map((user) => ({ ...fromUser(user), key_count: keyCounts[user.userId] ?? 0 })),
      total: page?.totalCount ?? 0,
      page: page?.page ?? 1,
      page_size: page?.size ?? 0,
      total_pages: page?.totalPages ?? 0,
    };
  }

  @Route('GET', 'user/available_roles', { summary: 'Roles that a user may have' })
  roles(): JsonObject {
    return USER_ROLES;
  }

  private async changesOfMany(ledger: OnBehalf, body: z.output<typeof bulkUsersBody>): Promise<readonly object[]> {
    if (!body.all_users) return body.users ?? [];
    const changes = body.user_updates;
    if (!changes) throw invalidRequest("'user_updates' is missing: it says what changes of each user.", 'user_updates');
    const users = await allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.users.listUsers, { page });
      return { rows: answer.users, page: answer.page };
    });
    return users.map(({ userId }) => ({ ...changes, user_id: userId }));
  }
}

const updateUser = async (ledger: OnBehalf, sent: unknown): Promise<JsonObject> => {
  const body = readBody(userChangesBody, sent);
  const { users } = ledger.services;
  const { spend } = body;
  // First, because fewer may do it: who may not changes nothing.
  if (spend != null) {
    const userId = body.user_id ?? (await idOf(ledger, body));
    await ledger.ask(users.resetUserSpend, { userId, resetToNanoUsd: toNano(spend) });
  }
  const { user } = await ledger.ask(users.updateUser, toUserChanges(body));
  return { user_id: user!.userId, data: fromUser(user!) };
};

const idOf = async (ledger: OnBehalf, body: z.output<typeof userChangesBody>): Promise<string> => {
  const { userEmail } = toUserChanges(body);
  const { user } = await ledger.ask(ledger.services.users.getUser, { userEmail });
  return user!.userId;
};
