// /credentials: secrets of providers under names that models refer to.
import { Body, Controller, Inject, Param, UseGuards } from '@nestjs/common';
import { maskTree } from '@turnpike/config';
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import type { Runtime } from '../../runtime/runtime.js';
import { RUNTIME } from '../../runtime/tokens.js';
import { readBody } from './body.js';
import {
  credentialAnswer,
  credentialChangesBody,
  doneAnswer,
  fromCredential,
  newCredentialBody,
  toCredentialChanges,
  toNewCredential,
} from './credential.json.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';
import { assertStoring } from './stored.js';

const Route = managementRoutes('credentials');

@Controller('credentials')
@UseGuards(LedgerGuard)
export class CredentialController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('POST', '', { summary: 'Keeps a credential, encrypted', body: newCredentialBody, answer: doneAnswer })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    assertStoring(this.runtime);
    const request = toNewCredential(readBody(newCredentialBody, body));
    if (this.ofFile().some(({ credential_name: name }) => name === request.credential.credentialName))
      throw new GatewayError(
        'GW_ALREADY_EXISTS',
        `credential_list of the configuration file has '${request.credential.credentialName}', and wins. Choose another name.`,
        { param: 'credential_name' },
      );
    await ledger.ask(ledger.services.credentials.createCredential, request);
    await this.runtime.live.settled();
    return { success: true, message: 'Credential created successfully' };
  }

  @Route('GET', '', {
    summary: 'All credentials, the file’s first; secrets masked',
    answer: z.object({ success: z.boolean(), credentials: z.array(credentialAnswer) }),
  })
  async list(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const stored = await allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.credentials.listCredentials, { page });
      return { rows: answer.credentials.map(fromCredential), page: answer.page };
    });
    return { success: true, credentials: [...this.ofFile(), ...stored] };
  }

  @Route('GET', 'by_name/:name', { summary: 'One credential, secrets masked', answer: credentialAnswer })
  async byName(@Ledger() ledger: OnBehalf, @Param('name') credentialName: string): Promise<JsonObject> {
    const own = ledger.isAdmin && this.ofFile().find(({ credential_name: name }) => name === credentialName);
    if (own) return own;
    const { credential } = await ledger.ask(ledger.services.credentials.getCredential, { credentialName });
    return fromCredential(credential!);
  }

  @Route('GET', 'by_model/:id', {
    summary: 'What the deployment with this id connects with, secrets masked',
    answer: credentialAnswer,
  })
  async byModel(@Ledger() ledger: OnBehalf, @Param('id') modelId: string): Promise<JsonObject> {
    const deployment = this.runtime.config.deployments.find(({ id }) => id === modelId);
    if (deployment && ledger.isAdmin)
      return {
        credential_name: deployment.modelName,
        credential_values: maskTree(deployment.connection),
        credential_info: { custom_llm_provider: deployment.provider.slice('provider.'.length) },
      };
    const { credential } = await ledger.ask(ledger.services.credentials.getCredential, { modelId });
    return fromCredential(credential!);
  }

  @Route('PATCH', ':name', {
    summary: 'Changes what is given; null takes a value away, and a masked secret stays',
    body: credentialChangesBody,
    answer: doneAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Param('name') name: string, @Body() body: unknown): Promise<JsonObject> {
    assertStoring(this.runtime);
    const request = toCredentialChanges(readBody(credentialChangesBody, body), name);
    await ledger.ask(ledger.services.credentials.updateCredential, request);
    await this.runtime.live.settled();
    return { success: true, message: 'Credential updated successfully' };
  }

  @Route('DELETE', ':name', { summary: 'Removes a stored credential', answer: doneAnswer })
  async delete(@Ledger() ledger: OnBehalf, @Param('name') credentialName: string): Promise<JsonObject> {
    assertStoring(this.runtime);
    await ledger.ask(ledger.services.credentials.deleteCredential, { credentialName });
    await this.runtime.live.settled();
    return { success: true, message: 'Credential deleted successfully' };
  }

  private ofFile(): JsonObject[] {
    const list = this.runtime.config.kept.top['credential_list'];
    if (!Array.isArray(list)) return [];
    return list
      .filter(isJsonObject)
      .map(({ credential_name: name, credential_values: values, credential_info: info }) => ({
        credential_name: name ?? '',
        credential_values: isJsonObject(values) ? maskTree(values) : {},
        credential_info: isJsonObject(info) ? info : {},
      }));
  }
}
