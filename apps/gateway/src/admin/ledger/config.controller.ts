// /config/*: settings that are kept in the ledger's database. What only the file may say is refused with a word why.
import { Body, Controller, Inject, Query, UseGuards } from '@nestjs/common';
import { checkStoredSetting, maskTree, SETTING_KEYS, STORED_SECTIONS } from '@turnpike/config';
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest, isGatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import type { Runtime } from '../../runtime/runtime.js';
import { RUNTIME } from '../../runtime/tokens.js';
import { readBody, readQuery } from './body.js';
import {
  callbackDeleteBody,
  configBody,
  fieldAnswer,
  fieldBody,
  fieldDeleteBody,
  fieldNames,
  fieldQuery,
  fromField,
  listQuery,
  rowAnswer,
  storedFields,
} from './config.json.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { assertStoring } from './stored.js';

const Route = managementRoutes('config');

const CALLBACK_LISTS = ['callbacks', 'success_callback', 'failure_callback'];

type Sections = Record<string, JsonObject>;

@Controller()
@UseGuards(LedgerGuard)
export class ConfigController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('POST', 'config/update', {
    summary: 'Changes the given fields of the given sections; null takes one away',
    body: configBody,
    answer: z.object({ message: z.string() }),
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const sections = readBody(configBody, body);
    for (const name of ['environment_variables', 'model_list', 'credential_list'])
      if (sections[name] !== undefined && sections[name] !== null) checkStoredSetting(name, '', null);
    const given = Object.fromEntries(
      STORED_SECTIONS.flatMap((name) => (sections[name] ? [[name, sections[name] as JsonObject]] : [])),
    );
    if (Object.keys(given).length === 0)
      throw invalidRequest(`Give at least one of ${STORED_SECTIONS.join(', ')}.`, STORED_SECTIONS[0]);
    await this.store(ledger, given);
    return { message: 'Config updated successfully' };
  }

  @Route('GET', 'config/list', {
    summary: 'Settings that may be stored, with what is in use',
    query: listQuery,
    answer: z.array(fieldAnswer),
  })
  async list(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { config_type: paramName } = readQuery(listQuery, query);
    // Whoever may see settings may see this.
    await this.stored(ledger, paramName);
    const stored = storedFields(this.runtime.live.stored.settings);
    return fieldNames(paramName).map((name) => fromField(name, this.inUse(name), stored));
  }

  @Route('GET', 'config/field/info', {
    summary: 'One setting as it is in use, secrets masked',
    query: fieldQuery,
    answer: z.object({ field_name: z.string(), field_value: z.unknown(), stored_in_db: z.boolean().nullable() }),
  })
  async field(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { field_name: name } = readQuery(fieldQuery, query);
    const key = SETTING_KEYS.get(name);
    if (!key) throw invalidRequest(`There is no setting '${name.slice(0, 100)}'.`, 'field_name');
    await this.stored(ledger, `${key.homes[0]}_settings`);
    const stored = storedFields(this.runtime.live.stored.settings);
    const { stored_in_db } = fromField(name, this.inUse(name), stored);
    return {
      field_name: name,
      field_value: maskTree({ [name]: this.inUse(name) ?? null })[name]!,
      stored_in_db: stored_in_db!,
    };
  }

  @Route('POST', 'config/field/update', { summary: 'Changes one setting', body: fieldBody, answer: rowAnswer })
  async updateField(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { field_name: name, field_value: value, config_type: paramName } = readBody(fieldBody, body);
    await this.store(ledger, { [paramName]: { [name]: (value ?? null) as JsonValue } });
    return { param_name: paramName, param_value: await this.stored(ledger, paramName) };
  }

  @Route('POST', 'config/field/delete', {
    summary: 'Takes a stored setting away: what the file says counts again',
    body: fieldDeleteBody,
    answer: rowAnswer,
  })
  async deleteField(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    assertStoring(this.runtime);
    const { field_name: name, config_type: paramName } = readBody(fieldDeleteBody, body);
    await ledger.ask(ledger.services.settings.deleteSetting, { paramName, fields: [name] });
    await this.runtime.live.settled();
    return { param_name: paramName, param_value: await this.stored(ledger, paramName) };
  }

  @Route('POST', 'config/callback/delete', {
    summary: 'Takes a callback out of the stored lists',
    body: callbackDeleteBody,
    answer: z.object({ message: z.string(), removed_callback: z.string(), remaining_callbacks: z.array(z.string()) }),
  })
  async deleteCallback(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { callback_name: name } = readBody(callbackDeleteBody, body);
    const stored = await this.stored(ledger, 'litellm_settings');
    const lists = CALLBACK_LISTS.flatMap((key) => {
      const list = [stored[key]].flat().filter((one) => typeof one === 'string');
      return list.includes(name) ? [[key, list.filter((one) => one !== name)] as const] : [];
    });
    if (lists.length === 0)
      throw new GatewayError(
        'GW_NOT_FOUND',
        `No stored list of callbacks has '${name.slice(0, 100)}'. One of the configuration file is taken out there.`,
        { param: 'callback_name' },
      );
    await this.store(ledger, {
      litellm_settings: Object.fromEntries(lists.map(([key, list]) => [key, list.length === 0 ? null : list])),
    });
    const { both, success, failure } = this.runtime.config.callbacks;
    const left = [...new Set([...both, ...success, ...failure])];
    return { message: `Successfully deleted callback: ${name}`, removed_callback: name, remaining_callbacks: left };
  }

  @Route('GET', 'get/config/callbacks', {
    summary: 'Callbacks in use, and the settings of the router',
    answer: z.looseObject({ status: z.string(), callbacks: z.array(z.looseObject({ name: z.string() })) }),
  })
  async callbacks(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    // Whoever may see settings may see this.
    await this.stored(ledger, 'litellm_settings');
    const { callbacks, kept } = this.runtime.config;
    const typed = (names: readonly string[], type: string): JsonObject[] =>
      names.map((name) => ({ name, type, variables: {} }));
    return {
      status: 'success',
      callbacks: [
        ...typed(callbacks.both, 'success_and_failure'),
        ...typed(callbacks.success, 'success'),
        ...typed(callbacks.failure, 'failure'),
      ],
      alerts: [],
      router_settings: maskTree(kept.router),
      available_callbacks: {},
    };
  }

  /** All of it is checked before any of it is stored. */
  private async store(ledger: OnBehalf, sections: Sections): Promise<void> {
    assertStoring(this.runtime);
    for (const [section, fields] of Object.entries(sections)) {
      for (const [name, value] of Object.entries(fields))
        if (value !== null && value !== undefined) checkStoredSetting(section, name, value);
    }
    if (ledger.isAdmin) this.assertReadable(sections);
    for (const [paramName, value] of Object.entries(sections))
      await ledger.ask(ledger.services.settings.updateSetting, { paramName, value });
    await this.runtime.live.settled();
  }

  /** Together with the file and the models that there are. @throws GW_INVALID_REQUEST */
  private assertReadable(sections: Sections): void {
    const { live } = this.runtime;
    const settings = { ...live.stored.settings };
    for (const [section, fields] of Object.entries(sections)) {
      const joined = Object.entries({ ...settings[section], ...fields }).filter(([, value]) => value !== null);
      settings[section] = Object.fromEntries(joined);
    }
    try {
      live.readWith({ settings });
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      throw new GatewayError('GW_INVALID_REQUEST', error.message, { cause: error });
    }
  }

  private async stored(ledger: OnBehalf, paramName: string): Promise<JsonObject> {
    const { setting } = await ledger.ask(ledger.services.settings.getSetting, { paramName });
    return setting?.value ?? {};
  }

  private inUse(name: string): JsonValue | undefined {
    const { general, litellm, router } = this.runtime.config.kept;
    return general[name] ?? litellm[name] ?? router[name];
  }
}
