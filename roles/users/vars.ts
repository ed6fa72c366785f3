import { z } from 'zod';

const Login = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a login name in lower case');

const PublicKey = z
  .string()
  .regex(
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+=*(?: .*)?$/,
    'a public key as it stands in id_ed25519.pub',
  );

export const User = z.strictObject({
  name: Login,
  state: z.enum(['present', 'absent']).default('present').describe('absent: the login is removed, its home stays'),
  groups: z.array(z.string()).default([]).describe('Groups beside its own; they have to exist'),
  keys: z.array(PublicKey).default([]).describe('Public SSH keys that may log in'),
  sudo: z
    .enum(['none', 'password', 'nopasswd'])
    .default('none')
    .describe('What sudo allows; nopasswd for whoever picluster logs in as'),
  shell: z.string().startsWith('/').optional().describe('Default: /bin/bash, on Alpine /bin/ash'),
  uid: z.int().min(1000).max(60000).optional(),
});

export type User = z.infer<typeof User>;

/** Variables of the role `users`. */
export const UsersVars = z.strictObject({
  list: z.array(User).default([]).describe('Logins of people and of tools'),
});

export type UsersVars = z.infer<typeof UsersVars>;
