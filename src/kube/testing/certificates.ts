import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificate {
  cert: string;
  key: string;
}

/** A self-signed certificate for 127.0.0.1, made for one test run. */
export function selfSigned(commonName: string): TestCertificate {
  const directory = mkdtempSync(join(tmpdir(), 'picluster-cert-'));
  const [cert, key] = [join(directory, 'cert'), join(directory, 'key')];
  const extensions = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:TRUE'];
  const subject = ['-subj', `/CN=${commonName}`, '-days', '2', '-keyout', key, '-out', cert];
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject, ...extensions],
      {
        stdio: 'ignore',
        timeout: 20_000,
      },
    );
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
