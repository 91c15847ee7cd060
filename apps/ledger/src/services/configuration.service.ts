// All that is configured by API, with the secrets in it: for gateways, and nobody else.
import { Injectable } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import type { LoadConfigurationResponse } from '@turnpike/rpc';
import { DataSource } from 'typeorm';
import { Changes } from '../repositories/changes.js';
import { CredentialRepository } from '../repositories/credential.repository.js';
import { ModelRepository } from '../repositories/model.repository.js';
import { SettingRepository } from '../repositories/setting.repository.js';
import { toClearModel } from './model.mapper.js';
import { placeOf, SealedDocuments } from './sealed-documents.js';
import { authorshipOf } from './stored-terms.js';
import { storing } from './storing.js';

@Injectable()
export class ConfigurationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly models: ModelRepository,
    private readonly credentials: CredentialRepository,
    private readonly settings: SettingRepository,
    private readonly changes: Changes,
    private readonly documents: SealedDocuments,
  ) {}

  async load(): Promise<LoadConfigurationResponse> {
    const { manager } = this.dataSource;
    return await storing(async () => {
      // Before the rest is read: what is read may only be newer than this.
      const sequence = await this.changes.latest(manager);
      const [models, credentials, settings] = [
        await this.models.all(manager),
        await this.credentials.all(manager),
        await this.settings.all(manager),
      ];
      const undecryptable: string[] = [];
      /** Nothing for what does not open, which is named. */
      const opened = <Message>(
        name: string,
        sealed: string,
        place: string,
        make: (document: JsonObject) => Message,
      ): Message[] => {
        const document = this.documents.tryOpen(sealed, place);
        if (document) return [make(document)];
        undecryptable.push(name);
        return [];
      };
      return {
        sequence,
        models: models
          .filter(({ blocked }) => !blocked)
          .flatMap((row) =>
            opened(`model ${row.modelId}`, row.litellmParams, placeOf.model(row.modelId), (params) =>
              toClearModel(row, params),
            ),
          ),
        credentials: credentials.flatMap((row) => {
          const { credentialId, credentialName, credentialValues: sealed, credentialInfo } = row;
          return opened(
            `credential ${credentialName}`,
            sealed,
            placeOf.credential(credentialId),
            (credentialValues) => ({
              credentialId,
              credentialName,
              credentialValues,
              credentialInfo,
              authorship: authorshipOf(row),
            }),
          );
        }),
        settings: settings.flatMap((row) =>
          opened(`setting ${row.paramName}`, row.paramValue, placeOf.setting(row.paramName), (value) => ({
            paramName: row.paramName,
            value,
            authorship: authorshipOf(row),
          })),
        ),
        accessGroups: [],
        tags: [],
        undecryptable,
      };
    });
  }
}
