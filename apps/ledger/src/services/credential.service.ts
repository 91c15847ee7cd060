// Secrets of providers under names that models refer to. Told masked, kept sealed.
import { Inject, Injectable } from '@nestjs/common';
import { isConnectionKey, maskTree, withChanges } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import {
  Credential,
  type CreateCredentialRequest,
  type DeleteCredentialRequest,
  type GetCredentialRequest,
  type ListCredentialsRequest,
  type ListCredentialsResponse,
  type UpdateCredentialRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { CredentialRepository } from '../repositories/credential.repository.js';
import { ModelRepository } from '../repositories/model.repository.js';
import type { CredentialEntity } from '../schema/entities/credential.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { authorOf, type Caller } from './caller.js';
import { API_ENV_NAMES } from './ledger-settings.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, type Deed } from './recorder.js';
import { placeOf, SealedDocuments } from './sealed-documents.js';
import { assertDocument, assertParams, mapOf } from './stored-values.js';
import { authorshipOf } from './stored-terms.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { assertName } from './terms.js';

type CredentialAnswer = Promise<{ credential: Credential }>;

@Injectable()
export class CredentialService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: CredentialRepository,
    private readonly models: ModelRepository,
    private readonly documents: SealedDocuments,
    private readonly recorder: Recorder,
    @Inject(API_ENV_NAMES) private readonly envNames: readonly string[],
  ) {}

  async create(caller: Caller, request: CreateCredentialRequest): CredentialAnswer {
    assertAdmin(caller, 'make credentials');
    const asked = request.credential ?? Credential.fromPartial({});
    const { credentialName } = asked;
    assertCredentialName(credentialName);
    const credentialInfo = withChanges({}, mapOf(asked.credentialInfo), 'credential_info');
    assertDocument(credentialInfo, 'credential_info');
    const credentialId = randomUUID();
    return await this.transact(async (manager) => {
      const given = asked.credentialValues ?? (await this.connectionOf(manager, request.modelId));
      const values = withChanges({}, mapOf(given), 'credential_values');
      this.assertValues(values);
      const author = authorOf(caller);
      const credential = await this.repository.insert(manager, {
        credentialId,
        credentialName,
        credentialValues: this.documents.seal(values, placeOf.credential(credentialId)),
        credentialInfo,
        createdBy: author,
        updatedBy: author,
      });
      return await this.answer(manager, caller, { action: 'created', id: credentialId }, credential);
    }, taken(credentialName));
  }

  async update(caller: Caller, request: UpdateCredentialRequest): CredentialAnswer {
    assertAdmin(caller, 'change credentials');
    const { credentialName, newCredentialName } = request;
    if (newCredentialName) assertCredentialName(newCredentialName);
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, credentialName);
      const place = placeOf.credential(before.credentialId);
      const current = this.documents.open(before.credentialValues, place);
      const values = withChanges(current, mapOf(request.credentialValues), 'credential_values');
      this.assertValues(values);
      const credentialInfo = withChanges(before.credentialInfo, mapOf(request.credentialInfo), 'credential_info');
      assertDocument(credentialInfo, 'credential_info');
      const credential = await this.repository.update(manager, before.credentialId, {
        ...(newCredentialName && { credentialName: newCredentialName }),
        credentialValues: this.documents.seal(values, place),
        credentialInfo,
        updatedBy: authorOf(caller),
      });
      const deed = { action: 'updated', id: before.credentialId, before: this.shown(before) } as const;
      return await this.answer(manager, caller, deed, credential!);
    }, taken(newCredentialName));
  }

  /** Models that refer to it are off from then on, until there is one of the name again. */
  async delete(caller: Caller, { credentialName }: DeleteCredentialRequest): CredentialAnswer {
    assertAdmin(caller, 'delete credentials');
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, credentialName);
      await this.repository.delete(manager, [before.credentialId]);
      const credential = this.shown(before);
      await this.record(manager, caller, { action: 'deleted', id: before.credentialId, before: credential });
      return { credential };
    });
  }

  async get(caller: Caller, { credentialName, modelId }: GetCredentialRequest): CredentialAnswer {
    assertSeesAll(caller, 'see credentials');
    return await storing(async () => {
      const { manager } = this.dataSource;
      const name = modelId ? await this.nameIn(manager, modelId) : credentialName;
      const credential = await this.repository.findByName(manager, name);
      if (!credential) throw unknown(name);
      return { credential: this.shown(credential) };
    });
  }

  async list(caller: Caller, { page }: ListCredentialsRequest): Promise<ListCredentialsResponse> {
    assertSeesAll(caller, 'see credentials');
    const query = toPageQuery(page);
    return await storing(async () => {
      const { rows, totalCount } = await this.repository.page(this.dataSource.manager, query);
      return { credentials: rows.map((row) => this.shown(row)), page: pageInfoOf(query, totalCount) };
    });
  }

  private assertValues(values: JsonObject): void {
    if (Object.keys(values).length === 0)
      throw invalidRequest(
        'credential_values is empty: give an api_key, or what the provider asks for.',
        'credential_values',
      );
    assertParams(values, 'credential_values', this.envNames);
  }

  /** What a stored model connects with. */
  private async connectionOf(manager: EntityManager, modelId: string): Promise<JsonObject> {
    if (modelId === '') return {};
    const params = await this.paramsOf(manager, modelId);
    return Object.fromEntries(Object.entries(params).filter(([key]) => isConnectionKey(key)));
  }

  private async nameIn(manager: EntityManager, modelId: string): Promise<string> {
    const { litellm_credential_name: name } = await this.paramsOf(manager, modelId);
    if (typeof name === 'string') return name;
    throw notFound(`A credential that the model '${modelId.slice(0, 200)}' refers to`, 'model_id');
  }

  private async paramsOf(manager: EntityManager, modelId: string): Promise<JsonObject> {
    const model = await this.models.find(manager, modelId);
    if (!model) throw notFound(`The stored model '${modelId.slice(0, 200)}'`, 'model_id');
    return this.documents.open(model.litellmParams, placeOf.model(modelId));
  }

  private async lock(manager: EntityManager, name: string): Promise<CredentialEntity> {
    const found = await this.repository.findByName(manager, name);
    const credential = found && (await this.repository.lock(manager, found.credentialId));
    if (!credential) throw unknown(name);
    return credential;
  }

  private shown(row: CredentialEntity): Credential {
    const values = this.documents.tryOpen(row.credentialValues, placeOf.credential(row.credentialId));
    return {
      credentialId: row.credentialId,
      credentialName: row.credentialName,
      credentialValues: values && maskTree(values),
      credentialInfo: row.credentialInfo,
      authorship: authorshipOf(row),
    };
  }

  private async answer(
    manager: EntityManager,
    caller: Caller,
    deed: Omit<Deed, 'table' | 'after'>,
    row: CredentialEntity,
  ): CredentialAnswer {
    const credential = this.shown(row);
    await this.record(manager, caller, { ...deed, after: credential });
    return { credential };
  }

  private async record(manager: EntityManager, caller: Caller, deed: Omit<Deed, 'table'>): Promise<void> {
    await this.recorder.record(manager, caller, {
      deeds: [{ ...deed, table: 'credential' }],
      changes: [{ kind: 'credential', id: deed.id }],
    });
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

const unknown = (name: string): Error => notFound(`The credential '${name.slice(0, 200)}'`, 'credential_name');

const taken = (name: string): Meanings => ({
  credential_name_key: () => alreadyExists(`The credential '${name}'`, 'credential_name'),
});

const assertCredentialName = (name: string): void => {
  if (name.trim() === '') throw invalidRequest('credential_name is missing.', 'credential_name');
  assertName(name, 'credential_name');
};
