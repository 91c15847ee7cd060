// Finds people by id or address, and makes users of those who are not known yet.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { UserRepository } from '../repositories/user.repository.js';
import type { UserEntity } from '../schema/entities/user.entity.js';
import { authorOf, type Caller } from './caller.js';
import type { Trace } from './recorder.js';
import { notFound } from './storing.js';
import { assertId, assertName } from './terms.js';

export interface PersonName {
  userId: string;
  userEmail: string;
}

@Injectable()
export class People {
  constructor(private readonly users: UserRepository) {}

  /** Null: nobody. @throws GW_INVALID_REQUEST where several have the address */
  async find(manager: EntityManager, { userId, userEmail }: PersonName): Promise<UserEntity | null> {
    if (userId) return await this.users.find(manager, userId);
    if (!userEmail) throw invalidRequest('Name a user: by user_id or by user_email.', 'user_id');
    const found = await this.users.findByEmails(manager, [userEmail]);
    if (found.length > 1) {
      throw invalidRequest(`Several users have the address ${userEmail}. Name one by user_id.`, 'user_email');
    }
    return found[0] ?? null;
  }

  async get(manager: EntityManager, name: PersonName): Promise<UserEntity> {
    const user = await this.find(manager, name);
    if (!user) throw notFound(`The user '${name.userId || name.userEmail}'`, name.userId ? 'user_id' : 'user_email');
    return user;
  }

  /** @returns the id, and what is to be recorded where they were made */
  async findOrMake(
    manager: EntityManager,
    caller: Caller,
    name: PersonName,
    organizationId: string | null,
  ): Promise<{ userId: string; trace: Trace }> {
    const known = await this.find(manager, name);
    if (known) return { userId: known.userId, trace: { deeds: [], changes: [] } };
    assertId(name.userId, 'user_id');
    assertName(name.userEmail, 'user_email');
    const made = await this.users.insert(manager, {
      userId: name.userId || randomUUID(),
      userEmail: name.userEmail || null,
      userRole: 'internal_user',
      organizationId,
      createdBy: authorOf(caller),
      updatedBy: authorOf(caller),
    });
    const { userId } = made;
    return {
      userId,
      trace: {
        deeds: [{ action: 'created', table: 'user', id: userId, after: made }],
        changes: [{ kind: 'user', id: userId }],
      },
    };
  }

  /** By id; those who are not known are left out. */
  async emails(manager: EntityManager, userIds: readonly string[]): Promise<Map<string, string>> {
    const users = await this.users.findMany(manager, [...new Set(userIds)]);
    return new Map(users.map(({ userId, userEmail }) => [userId, userEmail ?? '']));
  }
}
