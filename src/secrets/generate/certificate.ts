import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { BitString, Integer, OctetString, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
  PublicKeyInfo,
} from 'pkijs';
import { ConfigError } from '#src/errors.ts';

/** PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

export interface Names {
  readonly dns: readonly string[];
  /** IPv4. */
  readonly addresses: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OID = {
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  altName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;
/** Bits of KeyUsage from the left. Source: RFC 5280, 4.2.1.3. */
const DIGITAL_SIGNATURE = 0b1000_0000;
const CERT_AND_CRL_SIGN = 0b0000_0110;

/** An authority that signs with ECDSA on P-256. */
export async function certificateAuthority(commonName: string, years: number, now: Date): Promise<CertificateAndKey> {
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + years);
  const made = await unsigned(commonName, { from: now, until });
  made.certificate.issuer = made.certificate.subject;
  made.certificate.extensions = [
    basicConstraints(true),
    keyUsage(CERT_AND_CRL_SIGN),
    extension(OID.subjectKeyId, new OctetString({ valueHex: made.keyId })),
  ];
  return await signed(made, made.key);
}

/**
 * A server's certificate, valid no longer than its authority. `at`: where the authority stands in the vault, for messages. Throws ConfigError
 * when certificate and key of the authority do not belong together, or cannot sign.
 */
export async function serverCertificate(
  at: string,
  ca: CertificateAndKey,
  names: Names,
  days: number,
  now: Date,
): Promise<CertificateAndKey> {
  const { issuer, key, until } = authorityOf(at, ca, now);
  const wanted = new Date(now.getTime() + days * DAY_MS);
  const made = await unsigned(names.dns[0] ?? '', { from: now, until: wanted < until ? wanted : until });
  made.certificate.issuer = issuer.subject;
  made.certificate.extensions = [
    basicConstraints(false),
    keyUsage(DIGITAL_SIGNATURE),
    extension(OID.extKeyUsage, new ExtKeyUsage({ keyPurposes: [OID.serverAuth] }).toSchema()),
    extension(OID.altName, new GeneralNames({ names: altNames(names) }).toSchema()),
    extension(OID.subjectKeyId, new OctetString({ valueHex: made.keyId })),
    ...authorityKeyId(issuer),
  ];
  return await signed(made, key);
}

/** As the authority names its own key; one that has no name for it gets none from us. */
function authorityKeyId(issuer: Certificate): Extension[] {
  const own = issuer.extensions?.find(({ extnID }) => extnID === OID.subjectKeyId)?.parsedValue;
  if (!(own instanceof OctetString)) return [];
  const keyIdentifier = new OctetString({ valueHex: own.valueBlock.valueHexView });
  return [extension(OID.authorityKeyId, new AuthorityKeyIdentifier({ keyIdentifier }).toSchema())];
}

const altNames = ({ dns, addresses }: Names): GeneralName[] => [
  ...dns.map((value) => new GeneralName({ type: 2, value })),
  ...addresses.map(
    (ip) => new GeneralName({ type: 7, value: new OctetString({ valueHex: Uint8Array.from(ip.split('.').map(Number)) }) }),
  ),
];

function authorityOf(at: string, { certificate, key }: CertificateAndKey, now: Date) {
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(`${at} in the vault ${why}; nothing was written`, [], { cause });
  let parsed: X509Certificate;
  let privateKey: KeyObject;
  try {
    parsed = new X509Certificate(certificate);
    privateKey = createPrivateKey(key);
  } catch (error) {
    throw refuse('is no certificate with its unencrypted key, in PEM', error);
  }
  if (!parsed.checkPrivateKey(privateKey)) throw refuse('has a key that does not belong to its certificate');
  if (!parsed.ca) throw refuse('is no certificate of an authority');
  const until = new Date(parsed.validTo);
  if (until <= now) throw refuse(`is valid until ${parsed.validTo} only`);
  return { issuer: Certificate.fromBER(parsed.raw), key: privateKey, until };
}

interface Unsigned {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly keyId: ArrayBuffer;
}

async function unsigned(commonName: string, { from, until }: { from: Date; until: Date }): Promise<Unsigned> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = new Certificate({ version: 2 });
  certificate.serialNumber = new Integer({ valueHex: serialNumber() });
  certificate.subject.typesAndValues.push(
    new AttributeTypeAndValue({ type: OID.commonName, value: new Utf8String({ value: commonName }) }),
  );
  // Clocks of small machines are late at times.
  certificate.notBefore.value = new Date(from.getTime() - HOUR_MS);
  certificate.notAfter.value = until;
  certificate.subjectPublicKeyInfo = PublicKeyInfo.fromBER(publicKey.export({ type: 'spki', format: 'der' }));
  return { certificate, key: privateKey, keyId: await certificate.getKeyHash('SHA-1') };
}

/** Positive, and never of the same value twice. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Uint8Array.from(bytes);
}

async function signed({ certificate, key }: Unsigned, signer: KeyObject): Promise<CertificateAndKey> {
  const { algorithm, hash } = signatureOf(signer);
  await certificate.sign(signer.toCryptoKey(algorithm, false, ['sign']), hash);
  const pem = new X509Certificate(Buffer.from(certificate.toSchema(true).toBER())).toString();
  return { certificate: pem, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Throws ConfigError for keys that we do not sign with. */
function signatureOf(key: KeyObject) {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'prime256v1') return { algorithm: { name: 'ECDSA', namedCurve: 'P-256' }, hash: 'SHA-256' };
  if (curve === 'secp384r1') return { algorithm: { name: 'ECDSA', namedCurve: 'P-384' }, hash: 'SHA-384' };
  if (key.asymmetricKeyType === 'rsa') return { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, hash: 'SHA-256' };
  throw new ConfigError(
    `the authority's key is ${curve ?? key.asymmetricKeyType}: P-256, P-384 or RSA can sign; nothing was written`,
  );
}

const extension = (extnID: string, value: { toBER(): ArrayBuffer }, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: value.toBER() });

const basicConstraints = (cA: boolean): Extension =>
  extension(OID.basicConstraints, new BasicConstraints({ cA }).toSchema(), true);

function keyUsage(bits: number): Extension {
  const unusedBits = 31 - Math.clz32(bits & -bits);
  return extension(OID.keyUsage, new BitString({ valueHex: Uint8Array.of(bits), unusedBits }), true);
}
