// The content blocks of a stream → chunks, one small object per kind of block.
import { isJsonObject, type ChatChunk, type JsonObject } from '@turnpike/domain';
import { unreadable } from '../faults.js';
import type { Emit } from '../stream.js';
import { fromAnthropicCitations } from './citations.js';
import { toArguments } from './from-content.js';
import { JSON_TOOL_NAME } from './json-tool.js';

/** What a block does with its events. Unknown deltas change nothing. */
export interface OpenBlock {
  delta(delta: JsonObject): void;
  close(): void;
}

/** What blocks share: where chunks go, and what is counted over the whole answer. */
export interface BlockContext {
  readonly emit: Emit<ChatChunk>;
  /** UTF-16 units of text so far; citations are placed by it. */
  written: number;
  /** Tool calls of the client so far. */
  calls: number;
}

export const openBlock = (block: JsonObject, context: BlockContext): OpenBlock => {
  switch (block['type']) {
    case 'text':
      return new TextBlock(block, context);
    case 'thinking':
      return new ThinkingBlock(block, context);
    case 'redacted_thinking':
      if (typeof block['data'] === 'string') {
        context.emit({ type: 'reasoning-signature', choice: 0, redacted: block['data'] });
      }
      return SILENT;
    case 'tool_use':
      return block['name'] === JSON_TOOL_NAME ? new JsonAnswerBlock(block, context) : new ToolUseBlock(block, context);
  }
  // The server's own tools and their results are no calls of the client's.
  return SILENT;
};

const SILENT: OpenBlock = { delta: () => {}, close: () => {} };

const textOf = (object: JsonObject, key: string): string => {
  const value = object[key];
  return typeof value === 'string' ? value : '';
};

const writeText = (context: BlockContext, text: string): void => {
  if (text === '') return;
  context.written += text.length;
  context.emit({ type: 'text-delta', choice: 0, text });
};

class TextBlock implements OpenBlock {
  private readonly start: number;
  private readonly citations: JsonObject[] = [];

  constructor(
    block: JsonObject,
    private readonly context: BlockContext,
  ) {
    this.start = context.written;
    if (Array.isArray(block['citations'])) this.citations.push(...block['citations'].filter(isJsonObject));
    writeText(context, textOf(block, 'text'));
  }

  delta(delta: JsonObject): void {
    if (delta['type'] === 'text_delta') writeText(this.context, textOf(delta, 'text'));
    else if (delta['type'] === 'citations_delta' && isJsonObject(delta['citation'])) {
      this.citations.push(delta['citation']);
    }
  }

  /** Citations may come before the text that they belong to, so they are told at the end. */
  close(): void {
    const { written, emit } = this.context;
    const annotations = fromAnthropicCitations(this.citations, this.start, written);
    if (annotations && written > this.start) emit({ type: 'annotations', choice: 0, annotations });
  }
}

class ThinkingBlock implements OpenBlock {
  private signature: string;

  constructor(
    block: JsonObject,
    private readonly context: BlockContext,
  ) {
    this.signature = textOf(block, 'signature');
    this.write(textOf(block, 'thinking'));
  }

  delta(delta: JsonObject): void {
    if (delta['type'] === 'thinking_delta') this.write(textOf(delta, 'thinking'));
    else if (delta['type'] === 'signature_delta') this.signature += textOf(delta, 'signature');
  }

  close(): void {
    if (this.signature) {
      this.context.emit({ type: 'reasoning-signature', choice: 0, signature: this.signature });
    }
  }

  private write(text: string): void {
    if (text !== '') this.context.emit({ type: 'reasoning-delta', choice: 0, text });
  }
}

/** Arguments come in pieces, or not at all; some hosts put them whole into the block's start instead. */
abstract class InputBlock implements OpenBlock {
  private hasPieces = false;

  constructor(private readonly block: JsonObject) {}

  delta(delta: JsonObject): void {
    const piece = delta['type'] === 'input_json_delta' ? textOf(delta, 'partial_json') : '';
    if (piece === '') return;
    this.hasPieces = true;
    this.write(piece);
  }

  close(): void {
    if (!this.hasPieces) this.write(toArguments(this.block['input']));
  }

  protected abstract write(json: string): void;
}

class ToolUseBlock extends InputBlock {
  private readonly index: number;

  constructor(
    block: JsonObject,
    private readonly context: BlockContext,
  ) {
    super(block);
    const id = textOf(block, 'id');
    const name = textOf(block, 'name');
    if (!id || !name) throw unreadable('a tool call has no id or no name');
    this.index = context.calls;
    context.calls += 1;
    context.emit({ type: 'tool-call-start', choice: 0, index: this.index, id, name });
  }

  protected write(json: string): void {
    this.context.emit({ type: 'tool-call-delta', choice: 0, index: this.index, arguments: json });
  }
}

/** The emulated JSON answer: its input is the text. */
class JsonAnswerBlock extends InputBlock {
  constructor(
    block: JsonObject,
    private readonly context: BlockContext,
  ) {
    super(block);
  }

  protected write(json: string): void {
    writeText(this.context, json);
  }
}
