import { describe, expect, it } from '@jest/globals';
import { connectionFaultIn } from './connection-fault.js';

const reported = (error: string): string => `No connection established. Last error: ${error}. Resolution note: `;

describe('a connection that does not come about is told by its cause and its remedy', () => {
  it.each([
    [
      'Error: unable to verify the first certificate',
      /authority .* ledger_ca \(unable to verify the first certificate\)\.$/,
    ],
    ['Error: self-signed certificate in certificate chain', /ledger_ca/],
    [
      "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: IP: 10.0.0.5 is not in the cert's list: ",
      /another name .* ledger_server_name/,
    ],
    ['Error: certificate has expired', /not good at this time/],
    [
      '40DD:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:x.c:918',
      /asks for a certificate .* ledger_cert/,
    ],
    [
      '40DD:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:x.c:918',
      /does not believe .* ledger_cert/,
    ],
    [
      'Error: 40DD:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:x.c:77',
      /speaks in clear/,
    ],
    ['Failed to connect (2026-11-21T17:41:49.057Z)', /ledger_ca is missing.*\(Failed to connect\)\.$/],
  ])('%s', (error, meaning) => expect(connectionFaultIn(reported(error))).toMatch(meaning));

  it('and nothing is made up where nobody is there', () =>
    expect(connectionFaultIn(reported('Error: connect ECONNREFUSED 10.0.0.5:50051'))).toBeUndefined());
});
