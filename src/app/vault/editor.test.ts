import { expect, it } from 'vitest';
import { editorWords, splitWords } from './editor.ts';

it.each([
  ['code --wait', ['code', '--wait']],
  ['  "/opt/my editor/bin" -x ', ['/opt/my editor/bin', '-x']],
  [String.raw`a\ b 'c "d' "e \" $HOME \n" f"g"'h'`, ['a b', 'c "d', String.raw`e " $HOME \n`, 'fgh']],
  ["''", ['']],
  ['', []],
  ['$(rm x) ~ *', ['$(rm', 'x)', '~', '*']],
])('%s', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

it.each(["vi 'x", 'vi "x', 'vi x\\'])('%s has no end', (text) => {
  expect(() => splitWords(text)).toThrow('a quote has no end');
});

it.each([
  [{ VISUAL: 'a -x', EDITOR: 'b' }, ['a', '-x']],
  [{ VISUAL: ' ', EDITOR: 'b' }, ['b']],
  [{}, ['vi']],
  [{ EDITOR: '/usr/bin/vim' }, ['/usr/bin/vim', '-n', '-i', 'NONE', '+set noundofile nobackup nowritebackup']],
])('the editor of %j', (env, words) => {
  expect(editorWords(env)).toEqual(words);
});
