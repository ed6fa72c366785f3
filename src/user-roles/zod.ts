/** The zod that roles outside of this package import. */
export * from 'zod';
export { default } from 'zod';
