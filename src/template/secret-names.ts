import Handlebars from 'handlebars';

export interface SecretName {
  /** Undefined: it is no text in quotes, so nobody can tell it beforehand. */
  readonly name: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Every `{{secret "name"}}` of a template, also inside other helpers. A template that cannot be parsed has none: rendering it tells. Pure. */
export function secretNamesIn(text: string): SecretName[] {
  const found: SecretName[] = [];
  const visitor = new Handlebars.Visitor();
  const note = ({ path, params, loc }: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void => {
    if (path.type !== 'PathExpression' || (path as hbs.AST.PathExpression).original !== 'secret' || params.length === 0) return;
    const [first] = params;
    const name = first?.type === 'StringLiteral' ? (first as hbs.AST.StringLiteral).value : undefined;
    found.push({ name, line: loc.start.line, column: loc.start.column + 1 });
  };
  const { MustacheStatement, SubExpression } = Handlebars.Visitor.prototype;
  visitor.MustacheStatement = (statement) => {
    note(statement);
    MustacheStatement.call(visitor, statement);
  };
  visitor.SubExpression = (expression) => {
    note(expression);
    SubExpression.call(visitor, expression);
  };
  try {
    visitor.accept(Handlebars.parse(text));
  } catch {
    return [];
  }
  return found;
}
