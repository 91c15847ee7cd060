/** Gemini's answers around a body: indented JSON, and streams whose JSON has a space after colons. */

/** @typedef {import('./server.mjs').Reply} Reply */

const JSON_HEADERS = { 'content-type': 'application/json; charset=UTF-8', vary: 'Origin' };

/** @param {unknown} body @returns {Reply} */
export const ok = (body) => ({ status: 200, headers: JSON_HEADERS, body: `${JSON.stringify(body, null, 2)}\n` });

/** @param {number} code @param {string} status @param {string} message @param {unknown[]} [details] @returns {Reply} */
export const error = (code, status, message, details = []) => ({
  status: code,
  headers: JSON_HEADERS,
  body: `${JSON.stringify({ error: { code, message, status, ...(details.length > 0 && { details }) } }, null, 2)}\n`,
});

/** With `?alt=sse`. @param {unknown[]} chunks @returns {Reply} */
export const events = (chunks) => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream', 'content-disposition': 'attachment' },
  events: chunks.map((chunk) => `data: ${JSON.stringify(chunk, null, 1).replace(/\n\s*/g, '')}\r\n\r\n`),
});

/** Without it: one JSON array, element by element. @param {unknown[]} chunks @returns {Reply} */
export const array = (chunks) => ({
  status: 200,
  headers: JSON_HEADERS,
  events: [...chunks.map((chunk, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk, null, 2)}\n`), ']\n'],
});
