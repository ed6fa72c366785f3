import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers every request with the page of its path; `cut` ends the connection after the first half of what it promised. */
export class HttpServer {
  readonly pages = new Map<string, { body: Buffer; cut?: boolean }>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const page = this.pages.get(request.url ?? '');
      if (!page) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': page.body.length });
      if (!page.cut) return void response.end(page.body);
      response.write(page.body.subarray(0, page.body.length / 2), () => setImmediate(() => response.destroy()));
    });
  }

  static async listen(address: string): Promise<HttpServer> {
    const server = new HttpServer();
    server.#server.listen(0, address);
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
