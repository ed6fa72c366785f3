import { type Html, html } from './html.ts';

const ONE_TEXT = 32_768;

/** How much of what machines said, and of diffs, a page takes: a report must open on a phone. The rest stands in the journal. */
export class Budget {
  #left: number;
  #refused = 0;

  constructor(characters: number) {
    this.#left = characters;
  }

  /** The piece, if there is still room for it. */
  take(piece: Html): Html | undefined {
    if (this.#left < piece.text.length) {
      this.#refused += 1;
      return undefined;
    }
    this.#left -= piece.text.length;
    return piece;
  }

  /** The text in a `<pre>`; its beginning is left out where it is too much, as what failed is said last. */
  tail(text: string): Html {
    const room = this.#room();
    return this.#pre(text, room > 0 ? text.slice(-room) : '');
  }

  /** The same, but its end is left out. */
  head(text: string, render: (text: string) => Html): Html {
    return this.#pre(text, text.slice(0, this.#room()), render);
  }

  /** Pieces that had no room at all. */
  get refused(): number {
    return this.#refused;
  }

  #room(): number {
    return Math.max(0, Math.min(ONE_TEXT, this.#left));
  }

  #pre(text: string, kept: string, render: (text: string) => Html = (whole) => html`${whole}`): Html {
    const body = render(kept);
    this.#left -= body.text.length;
    if (text !== '' && kept === '') {
      this.#refused += 1;
      return html``;
    }
    const missing = text.length - kept.length;
    return html`<pre tabindex="0">${body}</pre>${
      missing > 0 &&
      html`<p class="quiet">${missing.toLocaleString('en')} characters are left out here; they stand in the journal.</p>`
    }`;
  }
}
