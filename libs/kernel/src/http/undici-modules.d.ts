/** undici's own modules: one class each. */
declare module 'undici/lib/dispatcher/*.js' {
  const dispatcher: unknown;
  export default dispatcher;
}
