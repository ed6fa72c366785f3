/** Why a request failed, in one line: fetch says "fetch failed" and hides the reason in its cause. */
export function explainFetch(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return explainFetch(cause.errors[0]);
  return wordsOf(cause instanceof Error ? cause : error);
}

function wordsOf(error: Error): string {
  const { code, hostname } = error as NodeJS.ErrnoException & { hostname?: string };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `this machine cannot resolve the name ${hostname} (DNS: ${code})`;
  return code ?? error.message;
}
