// The part of every suite that does not ask what kind of plugin it is.
import type { JsonObject } from '@turnpike/plugin-sdk';
import type { Check, Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { configChecks } from './config.checks.js';
import { importChecks } from './import.checks.js';
import { initChecks } from './init.checks.js';
import { lifecycleChecks } from './lifecycle.checks.js';
import { manifestChecks } from './manifest.checks.js';
import type { Openable } from './opened.js';
import { secretChecks } from './secret.checks.js';

export interface PluginSubject extends Openable {
  /** Settings that must be refused: one, or a list. */
  badConfig?: JsonObject | readonly JsonObject[];
  /** The built file that the package exports; else found in the package that holds `entryNear` or the spec. */
  entry?: URL;
  entryNear?: URL;
}

export const pluginChecks = (subject: PluginSubject): Check[] => [
  ...manifestChecks(subject),
  ...configChecks(subject),
  ...importChecks(subject),
  ...initChecks(subject),
  ...lifecycleChecks(subject),
  ...secretChecks(subject),
];

/** Declares the common suite alone. The suites of the kinds hold it already. */
export const pluginConformance = (subject: PluginSubject & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the plugin contract`, pluginChecks(subject), subject.skips);
