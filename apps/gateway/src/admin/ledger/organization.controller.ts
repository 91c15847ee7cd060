// /organization/*: teams and people under one bound, as LiteLLM manages them.
import { Body, Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { inQuery, readBody, readQuery } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import {
  fromMember,
  fromOrganization,
  memberAddBody,
  memberDeleteBody,
  memberUpdateBody,
  newOrganizationBody,
  organizationAnswer,
  organizationChangesBody,
  organizationIdsBody,
  organizationsBody,
  toAddedMembers,
  toMemberChanges,
  toNewOrganization,
  toOrganizationChanges,
} from './organization.json.js';
import { allPages } from './page.js';
import { fromTeam } from './team.json.js';

const Route = managementRoutes('organizations');

const infoQuery = z.object({
  organization_id: z.string({ error: 'is missing: it must be the id of an organization' }),
});

const listQuery = z.object({
  org_id: inQuery.text('The organization with this id'),
  org_alias: inQuery.text('A part of the alias'),
});

@Controller('organization')
@UseGuards(LedgerGuard)
export class OrganizationController {
  @Route('POST', 'new', { summary: 'Makes an organization', body: newOrganizationBody, answer: organizationAnswer })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toNewOrganization(readBody(newOrganizationBody, body));
    const { organization } = await ledger.ask(ledger.services.organizations.createOrganization, request);
    return fromOrganization(organization!);
  }

  @Route('PATCH', 'update', {
    summary: 'Changes the fields that are given; null clears one',
    body: organizationChangesBody,
    answer: organizationAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toOrganizationChanges(readBody(organizationChangesBody, body));
    const { organization } = await ledger.ask(ledger.services.organizations.updateOrganization, request);
    return fromOrganization(organization!);
  }

  @Route('DELETE', 'delete', {
    summary: 'Deletes organizations with their teams, keys and memberships',
    body: organizationIdsBody,
    answer: z.array(organizationAnswer),
  })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject[]> {
    const { organization_ids: organizationIds } = readBody(organizationIdsBody, body);
    const { deletedOrganizations } = await ledger.ask(ledger.services.organizations.deleteOrganizations, {
      organizationIds,
    });
    return deletedOrganizations.map(fromOrganization);
  }

  @Route('GET', 'list', { summary: 'Organizations that the caller may see', query: listQuery })
  async list(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { org_id: organizationId, org_alias: organizationAlias } = readQuery(listQuery, query);
    return allPages(async (page) => {
      const request = { page, organizationId, organizationAlias };
      const answer = await ledger.ask(ledger.services.organizations.listOrganizations, request);
      return { rows: answer.organizations.map(fromOrganization), page: answer.page };
    });
  }

  @Route('GET', 'info', { summary: 'An organization with its teams', query: infoQuery })
  async info(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    return infoOf(ledger, readQuery(infoQuery, query).organization_id);
  }

  @Route('POST', 'info', { summary: 'Several organizations with their teams', body: organizationsBody })
  async infoOfMany(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject[]> {
    const { organizations } = readBody(organizationsBody, body);
    const found: JsonObject[] = [];
    for (const id of organizations) found.push(await infoOf(ledger, id));
    return found;
  }

  @Route('POST', 'member_add', { summary: 'Adds members; who is not known becomes a user', body: memberAddBody })
  async addMembers(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toAddedMembers(readBody(memberAddBody, body));
    const { organization } = await ledger.ask(ledger.services.organizations.addOrganizationMembers, request);
    const { organizationId, members } = organization!;
    const isAdded = (userId: string, userEmail: string): boolean =>
      request.members.some((one) => (one.userId ? one.userId === userId : one.userEmail === userEmail));
    const added = members.filter(({ userId, userEmail }) => isAdded(userId, userEmail));
    return {
      organization_id: organizationId,
      updated_users: added.map(({ userId, userEmail }) => ({ user_id: userId, user_email: userEmail || null })),
      updated_organization_memberships: added.map((member) => fromMember(organizationId, member)),
    };
  }

  @Route('PATCH', 'member_update', { summary: "Changes a member's role and bound", body: memberUpdateBody })
  async updateMember(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toMemberChanges(readBody(memberUpdateBody, body));
    const { member } = await ledger.ask(ledger.services.organizations.updateOrganizationMember, request);
    return fromMember(request.organizationId, member!);
  }

  @Route('DELETE', 'member_delete', {
    summary: 'Takes a member out',
    body: memberDeleteBody,
    answer: organizationAnswer,
  })
  async deleteMember(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const {
      organization_id: organizationId,
      user_id: userId,
      user_email: userEmail,
    } = readBody(memberDeleteBody, body);
    const request = { organizationId, userId: userId ?? '', userEmail: userEmail ?? '' };
    const { organization } = await ledger.ask(ledger.services.organizations.deleteOrganizationMember, request);
    return fromOrganization(organization!);
  }
}

const infoOf = async (ledger: OnBehalf, organizationId: string): Promise<JsonObject> => {
  const { organizations } = ledger.services;
  const { organization, teams } = await ledger.ask(organizations.getOrganization, { organizationId });
  return { ...fromOrganization(organization!), teams: teams.map(fromTeam) };
};
