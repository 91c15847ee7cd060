// The page of error codes, from the table that the code uses.

const INTRODUCTION = `# Errors

<!-- Written by \`npm run docs\` from libs/errors/src/table.ts. -->

Every error answer has one shape, OpenAI's, whatever went wrong:

\`\`\`json
{ "error": { "message": "…", "type": "invalid_request_error", "param": "model", "code": "model_not_found" } }
\`\`\`

- \`type\` and \`code\` are those of the tables below. Where OpenAI has no word, \`code\` is the HTTP status as text.
- \`param\` is the path of the field at fault, or null.
- A provider's fault begins with the provider's id, in answers and in the middle of streams: \`provider.openai: …\`.
- \`retry-after\` tells in seconds when another try makes sense. The headers of a provider's failed answer come along as those
  of a good one do: \`llm_provider-…\`, limits (\`x-ratelimit-…\`) under their own names too, secrets never.
- \`x-should-retry: false\` stands on every error that the same request would meet again; the official SDKs obey it.
- Codes that begin with \`GW_\` are stable. They stand in logs, in the label \`exception_class\` of the metrics, and in what
  callbacks are told.
- An error in the middle of a stream is a frame of the stream: see [streaming](streaming.md#errors).
`;

const cell = (text) => text.replaceAll('|', String.raw`\|`);

const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;

const table = (heads, rows) => [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');

/** @param errors code → row, as libs/errors exports them */
export const errorsPage = (errors) => {
  const rows = Object.entries(errors);
  const answered = rows.filter(([, { status }]) => status > 0);
  const atStart = rows.filter(([, { status }]) => status === 0);
  return `${INTRODUCTION}
## In answers

${table(
  ['error', 'status', '`type`', '`code`', 'try again', 'meaning', 'what to do'],
  answered.map(([code, { status, type, openAiCode, retryable, meaning, remedy }]) => [
    `\`${code}\``,
    String(status),
    `\`${type}\``,
    `\`${openAiCode ?? status}\``,
    retryable ? 'yes' : 'no',
    meaning,
    remedy,
  ]),
)}

499 is never sent: the client that it is about has left. It stands in metrics and in what callbacks are told.

## At start-up and reload

The gateway does not start, or a reload changes nothing; the message names the place.

${table(
  ['error', 'meaning', 'what to do'],
  atStart.map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy]),
)}
`;
};
