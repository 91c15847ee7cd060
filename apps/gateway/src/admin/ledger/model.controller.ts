// /model/*: models that are kept in the ledger's database, as LiteLLM manages them.
import { Body, Controller, Inject, Param, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { randomUUID } from 'node:crypto';
import type { Runtime } from '../../runtime/runtime.js';
import { RUNTIME } from '../../runtime/tokens.js';
import { readBody } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import {
  fromModel,
  modelAnswer,
  modelChangesBody,
  modelIdBody,
  modelUpdateBody,
  newModelBody,
  toModelChanges,
  toNewModel,
} from './model.json.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { assertCallable, assertNotOfFile, assertStillCallable } from './stored-model.check.js';
import { assertStoring } from './stored.js';

const Route = managementRoutes('models');

@Controller('model')
@UseGuards(LedgerGuard)
export class ModelController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('POST', 'new', {
    summary: 'Adds a deployment, which every worker serves within a second',
    body: newModelBody,
    answer: modelAnswer,
  })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    assertStoring(this.runtime);
    const model = toNewModel(readBody(newModelBody, body), randomUUID());
    // Only whom the ledger will surely let has names resolved and settings tried.
    if (ledger.isAdmin)
      await assertCallable(this.runtime, {
        id: model.modelId!,
        modelName: model.modelName!,
        params: model.litellmParams as JsonObject,
        info: model.modelInfo as JsonObject,
        teamId: model.teamId!,
        teamPublicModelName: model.teamPublicModelName!,
      });
    const { model: made } = await ledger.ask(ledger.services.models.createModel, { model });
    await this.runtime.live.settled();
    return fromModel(made!);
  }

  @Route('POST', 'update', {
    summary: 'Changes what is given of the deployment with this model_info.id',
    body: modelUpdateBody,
    answer: modelAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const changes = readBody(modelUpdateBody, body);
    return await this.change(ledger, changes.model_info.id, changes);
  }

  @Route('PATCH', ':id/update', {
    summary: 'Changes what is given; null takes a field away, and a masked secret stays',
    body: modelChangesBody,
    answer: modelAnswer,
  })
  async patch(@Ledger() ledger: OnBehalf, @Param('id') id: string, @Body() body: unknown): Promise<JsonObject> {
    return await this.change(ledger, id, readBody(modelChangesBody, body));
  }

  @Route('POST', 'delete', {
    summary: 'Removes a stored deployment',
    body: modelIdBody,
    answer: z.object({ message: z.string() }),
  })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    assertStoring(this.runtime);
    const { id: modelId } = readBody(modelIdBody, body);
    assertNotOfFile(this.runtime, modelId);
    await ledger.ask(ledger.services.models.deleteModel, { modelId });
    await this.runtime.live.settled();
    return { message: `Model: ${modelId} deleted successfully` };
  }

  private async change(
    ledger: OnBehalf,
    modelId: string,
    body: z.output<typeof modelChangesBody>,
  ): Promise<JsonObject> {
    assertStoring(this.runtime);
    assertNotOfFile(this.runtime, modelId);
    const changes = toModelChanges(body, modelId);
    if (ledger.isAdmin) await assertStillCallable(this.runtime, changes);
    let { model } = await ledger.ask(ledger.services.models.updateModel, changes);
    const { blocked } = body;
    if (blocked !== undefined && blocked !== null && blocked !== model!.blocked)
      ({ model } = await ledger.ask(ledger.services.models.blockModel, { modelId, blocked }));
    await this.runtime.live.settled();
    return fromModel(model!);
  }
}
