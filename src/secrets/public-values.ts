import type { Secret } from './secret.ts';

const CERTIFICATES = /^\s*(?:-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*)+$/;
/** Lines of authorized_keys without options, and of known_hosts. */
const SSH_KEYS = /^\s*(?:(?:[\w.,:[\]*|=+/-]+ )?(?:ssh|ecdsa|sk)-[\w@.-]+ AAAA[A-Za-z0-9+/=]+(?: [\w@.+-]+)?\s*)+$/;

/** What lies beside secrets and is none: login names, certificates, public keys and host keys. Hiding them would hide half of what is said. */
export const isPublic = (secret: Secret): boolean =>
  /(?:^|\.)user(?:name)?$/i.test(secret.label) || CERTIFICATES.test(secret.reveal()) || SSH_KEYS.test(secret.reveal());
