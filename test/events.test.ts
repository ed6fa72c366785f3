import { expect, it } from 'vitest';
import { eventJsonSchema } from '#src/engine/event-schema.ts';
import { eventsMarkdown } from './support/events-markdown.ts';

it('docs/events.md says what the schema says (write it anew: vitest run --project unit test/events.test.ts -u)', async () => {
  await expect(eventsMarkdown(eventJsonSchema())).toMatchFileSnapshot('../docs/events.md');
});
