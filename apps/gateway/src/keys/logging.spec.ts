import { describe, expect, it } from '@jest/globals';
import { loggingOf } from './logging.js';

const entry = (changes = {}) => ({
  callback_name: 'langfuse',
  callback_type: 'success',
  callback_vars: { langfuse_public_key: 'pk' },
  ...changes,
});

const CALLBACK = { name: 'langfuse', onSuccess: true, onFailure: false, variables: { langfuse_public_key: 'pk' } };

describe('what a key wants told of its calls', () => {
  it('is nothing where it says nothing', () => {
    expect(loggingOf({}, {})).toEqual({
      callbacks: undefined,
      disabledCallbacks: undefined,
      turnOffMessageLogging: false,
    });
  });

  it.each([
    ['success', [true, false]],
    ['failure', [false, true]],
    ['success_and_failure', [true, true]],
    [undefined, [true, true]],
  ])('is told of %s', (callback_type, expected) => {
    const [callback] = loggingOf({ logging: [entry({ callback_type })] }, {}).callbacks ?? [];
    expect([callback?.onSuccess, callback?.onFailure]).toEqual(expected);
  });

  it('is what its team wants, unless it says so itself', () => {
    const team = { logging: [entry({ callback_name: 'webhook' })] };
    expect(loggingOf({}, team).callbacks).toMatchObject([{ name: 'webhook' }]);
    expect(loggingOf({ logging: [entry()] }, team).callbacks).toEqual([CALLBACK]);
  });

  it('may stand in the settings of a team’s callbacks', () => {
    const settings = {
      success_callback: ['langfuse'],
      failure_callback: ['webhook', 'langfuse'],
      callback_vars: { langfuse_public_key: 'pk' },
    };
    expect(loggingOf({}, { callback_settings: settings }).callbacks).toMatchObject([
      { name: 'langfuse', onSuccess: true, onFailure: true },
      { name: 'webhook', onSuccess: false, onFailure: true },
    ]);
  });

  it('leaves names out, the team’s too', () => {
    const { disabledCallbacks } = loggingOf(
      { litellm_disabled_callbacks: ['Langfuse'] },
      { litellm_disabled_callbacks: ['s3'] },
    );
    expect(disabledCallbacks).toEqual(['langfuse', 's3']);
  });

  it.each([
    [{ turn_off_message_logging: true }],
    [{ logging: [entry({ callback_vars: { turn_off_message_logging: 'True' } })] }],
  ])('has no messages in it: %j', (metadata) => {
    const logging = loggingOf(metadata, {});
    expect(logging.turnOffMessageLogging).toBe(true);
    expect(logging.callbacks?.[0]?.variables ?? {}).toEqual({});
  });

  it.each([['langfuse'], [[null, 7, 'x', {}, { callback_name: 3 }]], [{ success_callback: 'x' }]])(
    'is nothing where it is malformed: %j',
    (logging) => expect(loggingOf({ logging }, { callback_settings: logging }).callbacks).toBeUndefined(),
  );
});
