// How a guardrail's look at a call ended.
import { GatewayError } from '@turnpike/errors';
import type { GuardrailRun } from '@turnpike/plugin-sdk';
import type { ActiveGuardrail } from './selection.js';

export type LookOutcome = Pick<GuardrailRun, 'status' | 'message' | 'error'>;

export const blockedBy = ({ settings }: ActiveGuardrail, message: string): GatewayError =>
  new GatewayError('GW_GUARDRAIL_BLOCKED', `Stopped by the guardrail '${settings.name}': ${message}`);
