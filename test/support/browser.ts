import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A message of the Chrome DevTools Protocol. */
interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export interface View {
  width: number;
  height: number;
  colors: 'light' | 'dark';
}

/** A headless Chromium, spoken to over a pipe. Remembers what pages complained about and asked for. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #watchers = new Set<(message: Message) => void>();
  #count = 0;
  #session: string | undefined;
  /** Console messages, exceptions, violations of the page's policy. */
  readonly complaints: string[] = [];
  /** Addresses that pages asked for. */
  readonly requests: string[] = [];

  private constructor() {
    this.#profile = mkdtempSync(join(tmpdir(), 'picluster-browser-'));
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--no-first-run',
      '--disable-background-networking',
    ];
    this.#child = spawn('chromium', [...flags, '--remote-debugging-pipe', `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#listen(this.#child.stdio[4] as Readable);
    const end = (): void => {
      for (const [id, answer] of this.#answers) answer({ id, error: { message: 'chromium ended before it answered' } });
    };
    this.#child.once('exit', end).once('error', end);
  }

  static async start(): Promise<Browser> {
    const browser = new Browser();
    const { targetInfos } = (await browser.#call('Target.getTargets')) as { targetInfos: { type: string; targetId: string }[] };
    const targetId =
      targetInfos.find(({ type }) => type === 'page')?.targetId ??
      ((await browser.#call('Target.createTarget', { url: 'about:blank' })).targetId as string);
    const { sessionId } = await browser.#call('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await browser.#call(`${domain}.enable`);
    browser.#watchers.add((message) => browser.#remember(message));
    return browser;
  }

  /** Opens the address and resolves once it is loaded. */
  async open(url: string, { width, height, colors }: View): Promise<void> {
    await this.#call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await this.#call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colors }] });
    const loaded = this.#event('Page.loadEventFired');
    await this.#call('Page.navigate', { url });
    await loaded;
  }

  async setScripts(enabled: boolean): Promise<void> {
    await this.#call('Emulation.setScriptExecutionDisabled', { value: !enabled });
  }

  /** The value of an expression in the page, as JSON carries it. Works also where the page's own scripts are off. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.#call('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as {
      result: { value: T };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#call('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #remember({ method, params }: Message): void {
    if (method === 'Network.requestWillBeSent') this.requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Runtime.consoleAPICalled' || method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      this.complaints.push(JSON.stringify(params));
  }

  #event(method: string): Promise<void> {
    return new Promise((resolve) => {
      const watch = (message: Message): void => {
        if (message.method !== method) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
    });
  }

  #call(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.#count += 1;
    const id = this.#count;
    const line = JSON.stringify({ id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) });
    (this.#child.stdio[3] as Writable).write(`${line}\0`);
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {}),
      );
    });
  }

  #listen(pipe: Readable): void {
    let rest = '';
    pipe.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\0');
      rest = messages.pop() ?? '';
      for (const text of messages) this.#receive(JSON.parse(text) as Message);
    });
  }

  #receive(message: Message): void {
    if (message.id === undefined) for (const watch of this.#watchers) watch(message);
    else this.#answers.get(message.id)?.(message);
    if (message.id !== undefined) this.#answers.delete(message.id);
  }
}
