// /tag/*: words that requests carry, as LiteLLM manages them.
import { Body, Controller, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { readBody } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';
import { fromTag, tagAnswer, tagBody, tagNameBody, tagNamesBody, toNewTag, toTagChanges } from './tag.json.js';

const Route = managementRoutes('tags');

const withMessage = z.object({ message: z.string(), tag: tagAnswer });

@Controller('tag')
@UseGuards(LedgerGuard)
export class TagController {
  @Route('POST', 'new', { summary: 'Makes a tag', body: tagBody, answer: withMessage })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { tag } = await ledger.ask(ledger.services.tags.createTag, toNewTag(readBody(tagBody, body)));
    return { message: `Tag ${tag!.name} created successfully`, tag: fromTag(tag!) };
  }

  @Route('POST', 'update', {
    summary: 'Changes the fields that are given; null clears one',
    body: tagBody,
    answer: withMessage,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { tag } = await ledger.ask(ledger.services.tags.updateTag, toTagChanges(readBody(tagBody, body)));
    return { message: `Tag ${tag!.name} updated successfully`, tag: fromTag(tag!) };
  }

  @Route('POST', 'info', {
    summary: 'Tags by their names',
    body: tagNamesBody,
    answer: z.record(z.string(), tagAnswer),
  })
  async info(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { names } = readBody(tagNamesBody, body);
    const { tags } = await ledger.ask(ledger.services.tags.getTags, { names });
    if (tags.length === 0) throw new GatewayError('GW_NOT_FOUND', 'None of these tags exists.', { param: 'names' });
    return Object.fromEntries(tags.map((tag) => [tag.name, fromTag(tag)]));
  }

  @Route('GET', 'list', {
    summary: 'All tags, also those that were only ever used',
    answer: z.array(tagAnswer),
  })
  async list(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.tags.listTags, { page, includeUsed: true });
      return { rows: answer.tags.map(fromTag), page: answer.page };
    });
  }

  @Route('POST', 'delete', { summary: 'Deletes a tag', body: tagNameBody, answer: z.object({ message: z.string() }) })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { name } = readBody(tagNameBody, body);
    await ledger.ask(ledger.services.tags.deleteTag, { name });
    return { message: `Tag ${name} deleted successfully` };
  }
}
