import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LocalPort } from './connection.ts';

/** A port on 127.0.0.1; each connection to it is joined to a stream that `open` makes. A stream that fails ends its connection only. */
export async function forwardPort(open: (socket: Socket) => Promise<Duplex>): Promise<LocalPort> {
  const sockets = new Set<Duplex>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    track(socket);
    socket.on('error', () => socket.destroy());
    open(socket).then(
      (stream) => {
        track(stream);
        join(socket, stream);
      },
      () => socket.destroy(),
    );
  });
  const track = (stream: Duplex): void => {
    sockets.add(stream);
    stream.once('close', () => sockets.delete(stream));
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    host: '127.0.0.1',
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function join(near: Duplex, far: Duplex): void {
  if (near.destroyed) {
    far.destroy();
    return;
  }
  near.pipe(far);
  far.pipe(near);
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  far.on('error', () => near.destroy());
}
