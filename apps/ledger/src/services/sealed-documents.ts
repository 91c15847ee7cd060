// Secrets at rest: whole JSON documents, sealed for the row that they belong to.
import { Injectable } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest, isGatewayError } from '@turnpike/errors';
import { SecretBox } from '../storage/secret-box.js';

/** What a document belongs to: it opens nowhere else. */
export const placeOf = {
  model: (modelId: string): string => `models/${modelId}/litellm_params`,
  credential: (credentialId: string): string => `credentials/${credentialId}/credential_values`,
  setting: (paramName: string): string => `settings/${paramName}/param_value`,
};

@Injectable()
export class SealedDocuments {
  constructor(private readonly secrets: SecretBox) {}

  seal(document: JsonObject, place: string): string {
    return this.secrets.seal(JSON.stringify(document), place);
  }

  /** Undefined: it was sealed with another key, or damaged. */
  tryOpen(sealed: string, place: string): JsonObject | undefined {
    try {
      return JSON.parse(this.secrets.open(sealed, place)) as JsonObject;
    } catch (error) {
      if (isGatewayError(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** @throws GW_INVALID_REQUEST that says what can be done about it */
  open(sealed: string, place: string): JsonObject {
    const document = this.tryOpen(sealed, place);
    if (document) return document;
    throw invalidRequest(
      'What is stored here does not open with the present LITELLM_SALT_KEY. Delete it and make it anew, or give the key back.',
    );
  }
}
