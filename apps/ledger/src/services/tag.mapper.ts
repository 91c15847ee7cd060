// Tags: from messages to rows and back.
import { Tag } from '@turnpike/rpc';
import type { TagEntity } from '../schema/entities/tag.entity.js';
import type { Spent } from './bounds-keeper.js';
import {
  authorshipOf,
  columnOf,
  fromBudgetColumns,
  fromLimitColumns,
  fromStoredModelTerms,
  textOf,
  toBoundColumns,
  toStoredModelTerms,
} from './stored-terms.js';

export type TagColumns = Omit<TagEntity, 'tagName' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'>;

export const toTagColumns = (tag: Tag): TagColumns => ({
  ...toBoundColumns(tag.budget, tag.limits),
  description: columnOf(tag.description),
  models: tag.models,
  modelInfo: tag.modelInfo ?? {},
  budgetId: columnOf(tag.budgetId),
  modelTerms: toStoredModelTerms(tag.modelTerms),
});

export const fromTagEntity = (tag: TagEntity, spent?: Spent): Tag => ({
  name: tag.tagName,
  description: textOf(tag.description),
  models: tag.models,
  modelInfo: tag.modelInfo,
  budgetId: textOf(tag.budgetId),
  budget: fromBudgetColumns(tag, spent?.resetAt),
  limits: fromLimitColumns(tag),
  modelTerms: fromStoredModelTerms(tag.modelTerms),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  isStored: true,
  authorship: authorshipOf(tag),
});

/** One that was only ever used. */
export const usedTag = (name: string, spendNanoUsd: number): Tag => Tag.fromPartial({ name, spendNanoUsd });
