// Why no connection comes about though somebody is there, in words that say what to do.

/**
 * What the library reports → what it means. The names are those of general_settings.
 * docs: https://nodejs.org/api/tls.html#x509-certificate-error-codes, read 2026-11-21; the alerts are those of RFC 8446
 */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [
    /does not match certificate's altnames/,
    'The certificate of the ledger is for another name than its address. Give the name with ledger_server_name, or make a certificate for the address',
  ],
  [
    /unable to verify|unable to get (?:local )?issuer|self[- ]signed certificate/,
    'The certificate of the ledger is of an authority that is not believed here. Name the authority with ledger_ca',
  ],
  [/certificate has expired|certificate is not yet valid/, 'The certificate of the ledger is not good at this time'],
  [
    /alert certificate required|alert handshake failure/,
    'The ledger asks for a certificate of its client, and there is none. Name one with ledger_cert and ledger_key',
  ],
  [
    /alert (?:bad certificate|unknown ca|certificate unknown|certificate expired|unsupported certificate)/,
    'The ledger does not believe the certificate of ledger_cert',
  ],
  [
    /wrong version number|packet length too long/,
    'The ledger speaks in clear at this address, and TLS is configured here. Give it a certificate, or take ledger_ca and its kin away',
  ],
  [
    /Last error: Failed to connect/,
    'The ledger closes each connection as soon as it is made. Unless it is just ending, it speaks TLS and ledger_ca is missing here, or it does not believe the certificate of ledger_cert',
  ],
];

/** Undefined: nobody is there, or what is wrong is another thing. @param details as the library reports it */
export const connectionFaultIn = (details: string): string | undefined => {
  const [, meaning] = FAULTS.find(([pattern]) => pattern.test(details)) ?? [];
  if (meaning === undefined) return undefined;
  const reported =
    /Last error: (?:Error(?: \[\w+\])?: )?([^\n]*?)(?: \(\d{4}-[^)]*\))?(?:\.? Resolution note:.*)?$/m.exec(
      details,
    )?.[1];
  return reported === undefined ? `${meaning}.` : `${meaning} (${reported}).`;
};
