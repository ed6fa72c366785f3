import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type ServerChannel } from 'ssh2';
import { Script } from '#src/shell/script.ts';
import type { RootShell, ShellReply } from '#src/transport/connection.ts';
import { fingerprint } from '#src/transport/host-key.ts';
import { localConnection } from '#src/transport/local.ts';
import { testKeyPair } from '#src/transport/test-keys.ts';
import { findRequest } from './words.ts';

/**
 * Many hosts in one process: an SSH server on all addresses of 127/8, behind a proxy that delays. It speaks the protocol of the root shell;
 * what a script says is asked of a real shell of this machine once, and then said from memory, so that hosts cost next to nothing.
 */
export interface Counts {
  connections: number;
  mostOpen: number;
  requests: number;
}

const counts: Counts = { connections: 0, mostOpen: 0, requests: 0 };
let open = 0;
let real: Promise<RootShell> | undefined;
const answers = new Map<string, Promise<ShellReply>>();

function answerTo(script: string): Promise<ShellReply> {
  real ??= localConnection().shell({ signal: new AbortController().signal, become: { method: 'none' } });
  const known = answers.get(script) ?? real.then((shell) => shell.run({ script: new Script([script]), timeoutMs: 60_000 }));
  answers.set(script, known);
  return known;
}

function serve(channel: ServerChannel): void {
  let text = '';
  let marker: string | undefined;
  channel.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (marker === undefined && text.includes('\npicluster_frame ready\n')) {
      marker = /^picluster_marker=(\S+)$/m.exec(text)?.[1] ?? '';
      text = text.slice(text.indexOf('\npicluster_frame ready\n') + 1);
      channel.write(`${marker} ready\n`);
    }
    for (let found = findRequest(text); marker !== undefined && found; found = findRequest(text)) {
      text = text.slice(found.length);
      counts.requests += 1;
      void reply(channel, marker, found.id, found.script);
    }
  });
  channel.on('end', () => {
    channel.exit(0);
    channel.end();
  });
  channel.on('error', () => {});
}

async function reply(channel: ServerChannel, marker: string, id: number, script: string): Promise<void> {
  const { stdout, stderr, exitCode } = await answerTo(script);
  channel.write(
    Buffer.concat([Buffer.from(`${marker} begin ${id} 1\n`), stdout, Buffer.from(`${marker} end ${id} ${exitCode}\n`)]),
  );
  channel.stderr.write(Buffer.concat([Buffer.from(`${marker} begin ${id}\n`), stderr, Buffer.from(`${marker} end ${id}\n`)]));
}

const key = testKeyPair();
const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => {
  counts.connections += 1;
  open += 1;
  counts.mostOpen = Math.max(counts.mostOpen, open);
  client.on('close', () => {
    open -= 1;
  });
  client.on('error', () => {});
  client.on('authentication', (context) => (context.method === 'publickey' ? context.accept() : context.reject(['publickey'])));
  client.on('session', (accept) => {
    accept().on('exec', (take) => serve(take()));
  });
});

/** Passes bytes on after half a round trip each way; the connection itself takes a whole one. */
function delayed(port: number, rttMs: number) {
  const later = (from: Duplex, to: Duplex): void => {
    from.on('data', (chunk) => setTimeout(() => to.write(chunk), rttMs / 2));
    from.on('end', () => setTimeout(() => to.end(), rttMs / 2));
    from.on('error', () => to.destroy());
  };
  return createServer({ allowHalfOpen: true, noDelay: true }, (near: Socket) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    setTimeout(() => {
      later(near, far);
      later(far, near);
    }, rttMs);
  });
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
const proxy = delayed((server.address() as AddressInfo).port, Number(process.argv[2] ?? 1));
proxy.listen(0, '0.0.0.0', 1024);
await once(proxy, 'listening');

const parsed = ssh2.utils.parseKey(key.private);
if (parsed instanceof Error) throw parsed;
process.send?.({ port: (proxy.address() as AddressInfo).port, hostKey: fingerprint(parsed.getPublicSSH()) });
process.on('message', () => {
  process.send?.(counts);
  Object.assign(counts, { connections: 0, mostOpen: 0, requests: 0 });
});
process.on('disconnect', () => process.exit());
